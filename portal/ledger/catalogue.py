"""Every event type there is: one frozen dataclass each, its docstring the meaning.

A class ``ApprovalApproved`` is the type ``approval.approved``. Types are never renamed and
fields never change their meaning: a change is a new ``VERSION`` with an upcast. Fields made
with ``private()`` stand in the ledger as salted commitments; their values can be erased
without moving a hash. All others can never be taken back: they hold ids, numbers, moments and
words of the product's own, and nothing that a person wrote or is called. Facts are as they were
then. Every type has an audience (``audience.py``), a sentence (``readings/sentences``) and a
payload schema.
"""

# ruff: noqa: RUF009 - ``private()`` makes a field, as ``dataclasses.field`` itself does
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, NamedTuple

# What an event says of itself in public, and what only as commitments.
Json = Any

CATALOGUE: dict[str, type["Event"]] = {}


def private(*, default: Json = None) -> Any:
    """A field that the ledger holds as a salted commitment only."""
    return field(default=default, metadata={"private": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event may name: the step and the task it is about.

    ``scope`` is the path of items that a step inside an ``each`` runs for (``shops:3``); an event
    with a task is of the scope that its task was opened in.
    """

    TYPE: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1

    step: str | None = None
    task: str | None = None
    scope: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # A slotted dataclass is made twice; the second, final class replaces the first.
        super(Event, cls).__init_subclass__(**kwargs)
        cls.TYPE = _type_of(cls.__name__)
        CATALOGUE[cls.TYPE] = cls

    def public(self) -> dict[str, Json]:
        """The fields that stand in the ledger as they are; absent where ``None``."""
        return self._values(_fields_of(self.TYPE).public)

    def private(self) -> dict[str, Json]:
        """The fields that stand in the ledger as commitments; absent where ``None``."""
        return self._values(_fields_of(self.TYPE).private)

    def _values(self, names: tuple[str, ...]) -> dict[str, Json]:
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def read(type_: str, data: Mapping[str, Json]) -> Event:
    """The event of a type, from its public and disclosed values; KeyError if unknown.

    Values that were erased or withheld are ``None``.
    """
    cls = CATALOGUE[type_]
    known = _fields_of(type_).all
    return cls(**{name: value for name, value in data.items() if name in known})


class _Fields(NamedTuple):
    """The names of the fields of an event type, in their order."""

    public: tuple[str, ...]
    private: tuple[str, ...]
    all: frozenset[str]


@cache
def _fields_of(type_: str) -> _Fields:
    both: tuple[list[str], list[str]] = ([], [])
    for one in fields(CATALOGUE[type_]):
        both["private" in one.metadata].append(one.name)
    public, hidden = map(tuple, both)
    return _Fields(public, hidden, frozenset((*public, *hidden)))


def _type_of(class_name: str) -> str:
    """``ApprovalChangesRequested`` is ``approval.changes_requested``."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in class_name).split()
    return f"{words[0]}.{'_'.join(words[1:])}"


# The process


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStarted(Event):
    """A process began. ``participants`` maps roles to participant ids, ``people`` to people.

    ``parent`` is the process whose step runs it.
    """

    definition: str
    version: int
    digest: str
    owner: str | None = None
    parent: str | None = None
    participants: dict[str, str]
    title: str | None = private()
    reference: str | None = private()
    inputs: dict[str, Json] | None = private()
    people: dict[str, Json] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessCompleted(Event):
    """The last step ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRejected(Event):
    """A rejection ended the process; ``step`` is the one that decided it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessCancelled(Event):
    """Somebody cancelled the process, for a reason."""

    reason: str | None = private()


# Events that end a process, with its state then.
ENDS: dict[type[Event], str] = {
    ProcessCompleted: "completed",
    ProcessRejected: "rejected",
    ProcessCancelled: "cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantNamed(Event):
    """Somebody was named for a role after the start."""

    role: str
    participant: str
    person: dict[str, Json] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessOwnerChanged(Event):
    """Somebody else answers for the process from now on; both are users."""

    owner: str
    from_owner: str
    person: dict[str, Json] | None = private()
    from_person: dict[str, Json] | None = private()
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class SightGranted(Event):
    """A user or a team (``to``) was let in to see the process, whose definition is restricted."""

    to: str
    person: dict[str, Json] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class SightWithdrawn(Event):
    """A user or a team (``to``) that was let in to see the process no longer is."""

    to: str
    person: dict[str, Json] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentAdded(Event):
    """Somebody wrote a remark that staff can read."""

    text: str | None = private()


# Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompleted(Event):
    """A round of a step ended with an outcome."""

    round: int
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSkipped(Event):
    """A step's condition did not hold (``why`` is ``condition``), or a person skipped it."""

    round: int
    why: str
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAdded(Event):
    """A step was added to this process alone, ``side`` (before, after) of the step ``near``.

    The process runs from then on under the text of that ``digest``; ``text`` is the step as it
    was written.
    """

    near: str
    side: str
    digest: str
    name: str | None = private()
    text: str | None = private()
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReturned(Event):
    """Work went back from ``step`` to ``to``; ``items`` are asked again (none: all of it)."""

    to: str
    why: str
    items: list[str]
    comment: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesSet(Event):
    """A step computed values."""

    names: list[str]
    values: dict[str, Json] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchesOpened(Event):
    """A block began: ``count`` branches or items side by side, or the ``chosen`` one (from 1)."""

    round: int
    kind: str
    count: int | None = None
    chosen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitBegan(Event):
    """A step waits until ``ends_at``, or for a ``signal`` (until then at the latest)."""

    round: int
    ends_at: str | None = None
    signal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A step began to run another process, named by its id."""

    round: int
    process: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSucceeded(Event):
    """Another system answered a call with ``status`` (200 to 299), at that ``attempt``."""

    round: int
    attempt: int
    status: int
    url: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed(Event):
    """An attempt to call another system failed: ``status`` is what it answered, if it did.

    ``error`` is a word where there was no answer (``address``, ``dns``, ``connection``, ``tls``,
    ``timeout``, ``answer``), none was asked for (``request``, ``secret``, ``fault``), or nothing
    could be saved of it (``save``). ``said`` is how its answer begins, or what was wrong.
    """

    round: int
    attempt: int
    status: int | None = None
    error: str | None = None
    url: str | None = private()
    said: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessMigrated(Event):
    """The process went on under another ``version`` of its definition, of that ``digest``.

    ``under`` is the digest of that version with the steps that were added to the process.
    """

    definition: str
    from_version: int
    version: int
    digest: str
    under: str | None = None
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalReceived(Event):
    """A program or a member of staff told that something has happened outside."""

    signal: str
    data: Json = private()


# Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOpened(Event):
    """Somebody was asked to do something; ``assignee`` is a participant's id.

    By ``pick_up_by`` they should have taken it up; ``None`` where nothing is said of that.
    """

    round: int
    kind: str
    assignee: str
    due_at: str | None = None
    pick_up_by: str | None = None
    only: list[str] | None = None
    name: str | None = private()
    person: dict[str, Json] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPickedUp(Event):
    """The assignee saw the task for the first time, or a member of the team claimed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone(Event):
    """A to-do was ticked off."""

    note: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWithdrawn(Event):
    """A task is no longer needed.

    ``why``: ``decided``, ``returned``, ``finished`` (enough of the branches beside it are done),
    or how its process ended.
    """

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskExpired(Event):
    """A task was not done before its step's time was over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReassigned(Event):
    """A task went to somebody else; the old link died with it."""

    from_participant: str
    to_participant: str
    pick_up_by: str | None = None
    from_person: dict[str, Json] | None = private()
    person: dict[str, Json] | None = private()
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDelegated(Event):
    """The assignee had somebody else do the task in their stead; their own link died with it.

    Where the owner had to agree, the owner is the one who acted.
    """

    from_participant: str
    to_participant: str
    pick_up_by: str | None = None
    from_person: dict[str, Json] | None = private()
    person: dict[str, Json] | None = private()
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationAsked(Event):
    """The assignee asked that somebody else do the task, on which its owner decides."""

    from_participant: str
    person: dict[str, Json] | None = private()
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationRefused(Event):
    """The owner said that a task stays with the assignee, who had asked to pass it on."""

    from_participant: str
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffMissed(Event):
    """Nobody took a task up by ``pick_up_by``, since it was offered to ``to_participant``."""

    to_participant: str
    offered_at: str
    pick_up_by: str
    person: dict[str, Json] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEscalated(Event):
    """A task stayed overdue and somebody else was told."""

    rung: int
    to: str
    person: dict[str, Json] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineMissed(Event):
    """A task was not done by its due time."""

    due_at: str


# What is said of a task, and asked about it


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPromised(Event):
    """Whoever has a task named the day by which it will be done; reminders count from that."""

    participant: str
    promised_on: str
    person: dict[str, Json] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskBlocked(Event):
    """Whoever has a task said what keeps them from it; ``reminders`` are ``held`` until a word."""

    question: str
    participant: str
    reminders: str
    person: dict[str, Json] | None = private()
    text: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUnblocked(Event):
    """Staff answered what kept somebody from a task (``text``), or that person can go on."""

    question: str
    participant: str
    person: dict[str, Json] | None = private()
    text: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtRaised(Event):
    """Somebody said that the step does not match reality; the definition's owner is told."""

    doubt: str
    text: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtSettled(Event):
    """The definition's owner ticked off what was said, with what was changed or why not."""

    doubt: str
    answer: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDeclined(Event):
    """Whoever has a task said that they will not do it; its owner decides how it goes on."""

    participant: str
    person: dict[str, Json] | None = private()
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSnoozed(Event):
    """Whoever has a task wants no reminder of it before a day, and one on it."""

    participant: str
    snoozed_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsked(Event):
    """Somebody asked about a task: the ``participant`` outside, or staff asked them (``person``).

    ``reminders`` is ``held`` where none goes out until staff have answered.
    """

    question: str
    participant: str
    reminders: str | None = None
    person: dict[str, Json] | None = private()
    text: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswered(Event):
    """The side that was asked answered a question about a task."""

    question: str
    participant: str
    person: dict[str, Json] | None = private()
    text: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionClosed(Event):
    """Staff said that a question about a task needs no answer."""

    question: str
    participant: str
    person: dict[str, Json] | None = private()


# Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSubmitted(Event):
    """The assignee sent a form."""

    round: int
    answers: dict[str, Json] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReceived(Event):
    """A file came as part of an answer. ``size`` in bytes; ``scan`` tells the truth."""

    file: str
    document: str
    scan: str
    media_type: str | None = private()
    file_name: str | None = private()
    sha256: str | None = private()
    size: int | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChecked(Event):
    """The malware scanner judged a file: ``scan`` is `passed`, `refused` or `not scanned`."""

    file: str
    document: str
    scan: str
    file_name: str | None = private()
    said: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSubmitted(Event):
    """The assignee sent the documents of a step; ``files`` are all that now stand.

    ``sent`` are those of them that came with this answer; ``None`` in ledgers of before.
    """

    round: int
    files: list[str]
    sent: list[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalApproved(Event):
    """The assignee approved what the step put before them."""

    round: int
    comment: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalChangesRequested(Event):
    """The assignee asked for changes; ``items`` are the fields and documents marked."""

    round: int
    items: list[str]
    comment: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRejected(Event):
    """The assignee rejected what the step put before them."""

    round: int
    comment: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureMade(Event):
    """The assignee signed. ``sha256`` is of the statement as shown, or of the document's bytes.

    ``document`` lists the files, ``{file, name, size, sha256}``; of several ``sha256`` is that of
    the list of their digests, one a line. ``agreement`` is what the box said that they ticked.
    ``method`` is ``typed`` or ``drawn``; then ``drawing`` has the strokes, lists of points on a
    sheet of 1000 by 400. ``looked`` is what of the files was sent to the signer beforehand:
    ``{file, pages, rendition}``, the pages whose pictures were sent, and the digest of the
    pictures, all made from that very file; or ``{file, saved: true}`` where it was downloaded. It
    is empty where neither was: what was sent is known, what was read is not.
    """

    round: int
    method: str
    signature: str | None = private()
    drawing: Json = private()
    agreement: str | None = private()
    statement: str | None = private()
    document: list[dict[str, Json]] | None = private()
    sha256: str | None = private()
    looked: list[dict[str, Json]] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureDeclined(Event):
    """The assignee declined to sign what was put before them, ``sha256`` as in a signature."""

    round: int
    comment: str | None = private()
    sha256: str | None = private()


# Links and messages


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSent(Event):
    """The mail server took a mail that asks somebody for something, with their link."""

    link: str | None = None
    mail: str
    to: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSent(Event):
    """The mail server took a one-time code, asked for before an answer is recorded."""

    mail: str
    to: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMade(Event):
    """A link was made for a channel of the caller's own."""

    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEntered(Event):
    """A person pressed the button behind their link (never a mere GET)."""

    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRenewed(Event):
    """A fresh link was asked for and goes to the address on file."""

    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRevoked(Event):
    """All links and sessions of a task ended at once."""

    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderAsked(Event):
    """Staff had a reminder go out at once, beside those of the definition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderSent(Event):
    """The mail server took a reminder; ``label`` says which ("1 day before").

    ``rung`` is its place among those of the definition; ``None`` where staff asked for it.
    """

    rung: int | None = None
    label: str
    mail: str
    to: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSent(Event):
    """The mail server took a receipt."""

    mail: str
    to: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent(Event):
    """The mail server took the message of a message step."""

    mail: str
    to: str | None = private()
    subject: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSent(Event):
    """The mail server took a notice; ``about`` says of what ("escalation", "withdrawn")."""

    about: str
    mail: str
    to: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailBounced(Event):
    """A mail was refused or came back; ``about`` says which, ``said`` what the server said."""

    about: str
    mail: str
    to: str | None = private()
    said: str | None = private()


# What goes wrong, and evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionOpened(Event):
    """Something needs a person."""

    exception: str
    kind: str
    message: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionResolved(Event):
    """What needed a person was dealt with.

    ``how``: ``retry``, ``reassign``, ``complete``, ``withdrawn``, ``cancel``.
    """

    exception: str
    how: str
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionProposed(Event):
    """Somebody proposed a way out of an exception that takes a second person."""

    exception: str
    how: str
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionEscalated(Event):
    """An exception stood open for too long; ``to`` (``owner`` or ``admins``) it was told again."""

    exception: str
    rung: int
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataEdited(Event):
    """Somebody changed data of the process; ``names`` say which (``inputs.amount``)."""

    names: list[str]
    before: dict[str, Json] | None = private()
    after: dict[str, Json] | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailBuilt(Event):
    """An audit trail up to event ``upto`` was built, in a ``language`` (``None``: English).

    ``seal`` is its level of PAdES, ``lacks`` what the seal should bear and does not: ``stamp`` or
    ``proofs``. Built once more when that could be had, which changes its bytes.
    """

    trail: str
    upto: int
    sha256: str
    language: str | None = None
    seal: str | None = None
    lacks: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureErased(Event):
    """Values of an earlier event were erased; ``basis`` is a word of ``models.privacy.BASES``.

    ``fields`` of event ``seq``, and of further events by their numbers in ``also``. ``erasure`` is
    the request that it carries out, ``whose`` the participants it was of (absent: everybody),
    ``kinds`` what went beside the ledger, in words.
    """

    seq: int
    fields: list[str]
    basis: str
    also: dict[str, list[str]] | None = None
    erasure: str | None = None
    whose: list[str] | None = None
    kinds: list[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced(Event):
    """A legal hold was put on the process: until it is lifted nothing of it is erased."""

    hold: str
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted(Event):
    """A legal hold on the process ended."""

    hold: str
    reason: str | None = private()
