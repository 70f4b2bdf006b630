"""Every event in a plain sentence: who did what. One function per event type.

A sentence stands alone: it names the person and the step. What somebody wrote (a comment, a
reason, a note) is not part of it but its ``quote``, so that pages can set it apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import singledispatch
from typing import Any

from portal.definition import calls
from portal.ledger import catalogue as c
from portal.readings import words
from portal.readings.entries import Told


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called: tasks and steps by their names; times are told in ``tz``."""

    tasks: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    tz: str = "UTC"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with a full stop, and what somebody wrote with it."""

    text: str
    quote: str | None = None


@dataclass(frozen=True, slots=True)
class _In:
    """An entry and its names, with the phrases that most sentences share."""

    entry: Told
    names: Names

    @property
    def who(self) -> str:
        """The acting person by name; the portal where nobody was."""
        entry = self.entry
        if entry.actor_kind == "system":
            return "The portal"
        name = entry.actor_name or "Somebody whose name is not recorded"
        if entry.auth == "handed-link":
            by = entry.handed_by or "somebody whose name is not recorded"
            return f"{name}, by a link that {by} handed out through a channel of their own,"
        return f"{name}, in the assignee’s place," if entry.on_behalf else name

    @property
    def thing(self) -> str:
        """The task or step in quotation marks; the process where it is about no single one."""
        entry = self.entry
        if entry.task is None and entry.step is None:
            return "the process"
        name = self.names.tasks.get(entry.task or "") or self.step(entry.step)
        return f"“{name}”"

    def step(self, step: str | None) -> str:
        """A step's name, or its id in words."""
        return self.names.steps.get(step or "") or (step or "a step").replace("_", " ")

    def items(self, items: list[str]) -> str:
        """The labels of marked fields and documents."""
        return words.listed([self.names.labels.get(i) or i.split(".")[-1] for i in items])

    def moment(self, iso: str) -> str:
        """A recorded moment in the reader's zone."""
        return words.moment(words.read_iso(iso), self.names.tz)


def tell(entry: Told, names: Names) -> Sentence:
    """The sentence of an entry."""
    said = say(entry.event, _In(entry, names))
    return said if isinstance(said, Sentence) else Sentence(said)


def when(at: datetime, names: Names) -> str:
    """The moment of an entry in the reader's zone."""
    return words.moment(at, names.tz)


def person(told: Mapping[str, Any] | None) -> str:
    """A person as recorded, ``Ann Okafor (ann@sea.example)``."""
    if not told:
        return "somebody whose name is not recorded"
    name, email = told.get("name"), told.get("email")
    if name and email:
        return f"{name} ({email})"
    return str(name or email or "somebody whose name is not recorded")


@singledispatch
def say(event: c.Event, in_: _In) -> str | Sentence:
    """The words for one type of event; a type without a function of its own is a defect."""
    raise NotImplementedError(f"no sentence for {type(event).TYPE}")


@say.register
def _(event: c.ProcessStarted, in_: _In) -> str:
    title = f"“{event.title}”" if event.title else "a process"
    return f"{in_.who} started {title}."


@say.register
def _(event: c.ProcessCompleted, in_: _In) -> str:
    return "The last step ended: the process is completed."


@say.register
def _(event: c.ProcessRejected, in_: _In) -> str:
    if event.step is None:
        return "A rejection ended the process."
    return f"The rejection in {in_.thing} ended the process."


@say.register
def _(event: c.ProcessCancelled, in_: _In) -> Sentence:
    return Sentence(f"{in_.who} cancelled the process.", event.reason)


@say.register
def _(event: c.ParticipantNamed, in_: _In) -> str:
    return f"{in_.who} named {person(event.person)} as {event.role.replace('_', ' ')}."


@say.register
def _(event: c.CommentAdded, in_: _In) -> Sentence:
    return Sentence(f"{in_.who} wrote a comment.", event.text)


@say.register
def _(event: c.StepCompleted, in_: _In) -> str:
    return f"The step “{in_.step(event.step)}” ended: {event.outcome.replace('_', ' ')}."


_SKIPPED = {
    "condition": "its condition did not hold",
    "migrated": "the process had gone past it when it was moved to this version",
}


@say.register
def _(event: c.StepSkipped, in_: _In) -> Sentence:
    why = _SKIPPED.get(event.why, event.why)
    if event.why == "staff":
        return Sentence(f"{in_.who} skipped the step “{in_.step(event.step)}”.", event.reason)
    return Sentence(f"The step “{in_.step(event.step)}” was skipped: {why}.")


@say.register
def _(event: c.StepAdded, in_: _In) -> Sentence:
    name = event.name or in_.step(event.step)
    where = f"{event.side} “{in_.step(event.near)}”"
    return Sentence(f"{in_.who} added the step “{name}” {where}, to this process alone.",
                    event.reason)  # fmt: skip


@say.register
def _(event: c.StepReturned, in_: _In) -> Sentence:
    if event.why == "reopened":
        text = f"{in_.who} asked “{in_.step(event.to)}” again."
    elif event.items:
        verb = "is" if len(event.items) == 1 else "are"
        text = f"Work went back: {in_.items(event.items)} {verb} asked for again."
    else:
        text = f"Work went back to “{in_.step(event.to)}”."
    return Sentence(text, event.comment)


@say.register
def _(event: c.ValuesSet, in_: _In) -> str:
    names = words.listed([name.replace("_", " ") for name in event.names])
    return f"The portal worked out {names}."


@say.register
def _(event: c.BranchesOpened, in_: _In) -> str:
    if event.kind == "choose":
        none = f"No branch of {in_.thing} applies; it goes on without one."
        return none if event.chosen is None else f"{in_.thing} takes branch {event.chosen}."
    what = "item" if event.kind == "each" else "branch"
    if not event.count:
        return f"{in_.thing} has nothing to run for."
    many = what if event.count == 1 else {"item": "items", "branch": "branches"}[what]
    return f"{in_.thing} began with {event.count} {many} side by side."


@say.register
def _(event: c.WaitBegan, in_: _In) -> str:
    until = in_.moment(event.ends_at) if event.ends_at else "further notice"
    if event.signal is None:
        return f"{in_.thing}: the process waits until {until}."
    longest = f", until {until} at the latest" if event.ends_at else ""
    return f"{in_.thing}: the process waits for “{event.signal}”{longest}."


@say.register
def _(event: c.RunStarted, in_: _In) -> str:
    return f"{in_.thing} began to run another process ({event.process})."


@say.register
def _(event: c.CallSucceeded, in_: _In) -> str:
    again = f", at attempt {event.attempt}" if event.attempt > 1 else ""
    return f"{in_.thing}: {calls.host(event.url)} was called and answered {event.status}{again}."


_NO_ANSWER = {
    "address": "its address is not one that may be called",
    "dns": "its name leads to no address",
    "connection": "it could not be reached",
    "tls": "it did not prove who it is",
    "timeout": "it took too long",
    "answer": "its answer could not be read",
    "request": "the request could not be sent",
    "secret": "its secret is not known",
    "fault": "the call was not finished",
    "save": "what is to be saved could not be computed from its answer",
}


@say.register
def _(event: c.CallFailed, in_: _In) -> Sentence:
    answered = "it gave no answer" if event.status is None else f"it answered {event.status}"
    why = _NO_ANSWER.get(event.error or "", answered)
    called = f"{in_.thing}: the call to {calls.host(event.url)} failed"
    return Sentence(f"{called} at attempt {event.attempt}: {why}.", event.said)


@say.register
def _(event: c.SignalReceived, in_: _In) -> str:
    return f"{in_.who} told that “{event.signal}” has happened."


@say.register
def _(event: c.TaskOpened, in_: _In) -> str:
    due = f", due {in_.moment(event.due_at)}" if event.due_at else ""
    again = f" (round {event.round})" if event.round > 1 else ""
    name = f"“{event.name}”" if event.name else in_.thing
    return f"{name} went to {person(event.person)}{again}{due}."


@say.register
def _(event: c.TaskPickedUp, in_: _In) -> str:
    return f"{in_.who} took up {in_.thing}."


@say.register
def _(event: c.TaskDone, in_: _In) -> Sentence:
    return Sentence(f"{in_.who} ticked off {in_.thing}.", event.note)


@say.register
def _(event: c.TaskWithdrawn, in_: _In) -> str:
    return f"{in_.thing} is no longer needed: {words.withdrawn(event.why)}."


@say.register
def _(event: c.TaskExpired, in_: _In) -> str:
    return f"The time for {in_.thing} is over; nobody did it."


@say.register
def _(event: c.TaskReassigned, in_: _In) -> Sentence:
    gave = f"{in_.who} gave {in_.thing} from {person(event.from_person)}"
    return Sentence(f"{gave} to {person(event.person)}.", event.reason)


@say.register
def _(event: c.ProcessOwnerChanged, in_: _In) -> Sentence:
    gave = f"{in_.who} handed the process over from {person(event.from_person)}"
    return Sentence(f"{gave} to {person(event.person)}, who answers for it now.", event.reason)


@say.register
def _(event: c.TaskDelegated, in_: _In) -> Sentence:
    by, to = person(event.from_person), person(event.person)
    if in_.entry.actor_ref == event.from_participant:
        return Sentence(f"{in_.who} passed {in_.thing} on to {to}.", event.reason)
    return Sentence(f"{in_.who} had {in_.thing} pass from {by} on to {to}.", event.reason)


@say.register
def _(event: c.DelegationAsked, in_: _In) -> Sentence:
    return Sentence(
        f"{in_.who} asked to pass {in_.thing} on to {person(event.person)}.", event.reason
    )


@say.register
def _(event: c.DelegationRefused, in_: _In) -> Sentence:
    return Sentence(f"{in_.who} did not agree that {in_.thing} is passed on.", event.reason)


@say.register
def _(event: c.HandoffMissed, in_: _In) -> str:
    by = in_.moment(event.pick_up_by)
    return f"{in_.thing} was not taken up by {person(event.person)} until {by}."


@say.register
def _(event: c.TaskEscalated, in_: _In) -> str:
    return f"{in_.thing} is overdue; {person(event.person)} was told."


@say.register
def _(event: c.DeadlineMissed, in_: _In) -> str:
    return f"{in_.thing} was not done by {in_.moment(event.due_at)}."


@say.register
def _(event: c.TaskPromised, in_: _In) -> str:
    by = words.day(date.fromisoformat(event.promised_on))
    whose = "" if in_.entry.actor_kind == "participant" else f" for {person(event.person)}"
    return f"{in_.who} said{whose}: {in_.thing} will be done by {by}."


@say.register
def _(event: c.TaskBlocked, in_: _In) -> Sentence:
    return Sentence(
        f"{in_.who} can’t go on with {in_.thing}. Reminders wait until it is answered.", event.text
    )


@say.register
def _(event: c.TaskUnblocked, in_: _In) -> Sentence:
    if event.text is None:
        return Sentence(f"{person(event.person)} can go on with {in_.thing}.")
    kept = f"what keeps {person(event.person)} from {in_.thing}"
    return Sentence(f"{in_.who} answered {kept}.", event.text)


@say.register
def _(event: c.DoubtRaised, in_: _In) -> Sentence:
    return Sentence(f"{in_.who} said that {in_.thing} does not match reality.", event.text)


@say.register
def _(event: c.DoubtSettled, in_: _In) -> Sentence:
    text = f"{in_.who} answered what was said of {in_.thing} not to match reality."
    return Sentence(text, event.answer)


@say.register
def _(event: c.TaskDeclined, in_: _In) -> Sentence:
    return Sentence(f"{in_.who} will not do {in_.thing}.", event.reason)


@say.register
def _(event: c.TaskSnoozed, in_: _In) -> str:
    day = words.day(date.fromisoformat(event.snoozed_on))
    return f"{in_.who} wants to be reminded of {in_.thing} on {day}, and not before."


@say.register
def _(event: c.QuestionAsked, in_: _In) -> Sentence:
    whom = "" if in_.entry.actor_kind == "participant" else f" {person(event.person)}"
    held = " Reminders wait until it is answered." if event.reminders == "held" else ""
    return Sentence(f"{in_.who} asked{whom} about {in_.thing}.{held}", event.text)


@say.register
def _(event: c.QuestionAnswered, in_: _In) -> Sentence:
    if in_.entry.actor_kind == "participant":
        return Sentence(f"{in_.who} answered a question about {in_.thing}.", event.text)
    asked = f"what {person(event.person)} asked about {in_.thing}"
    return Sentence(f"{in_.who} answered {asked}.", event.text)


@say.register
def _(event: c.QuestionClosed, in_: _In) -> str:
    asked = f"what {person(event.person)} asked about {in_.thing}"
    return f"{in_.who} closed {asked}: it needs no answer."


@say.register
def _(event: c.FormSubmitted, in_: _In) -> str:
    return f"{in_.who} sent {in_.thing}."


@say.register
def _(event: c.FileReceived, in_: _In) -> str:
    name = f"“{event.file_name}”" if event.file_name else "a file whose name is not recorded"
    size = f" ({words.size(event.size)})" if event.size is not None else ""
    return f"{in_.who} sent the file {name}{size} for {in_.thing}."


@say.register
def _(event: c.FileChecked, in_: _In) -> str:
    name = f"“{event.file_name}”" if event.file_name else "a file whose name is not recorded"
    if event.scan == "refused":
        return f"The malware scanner refused {name}, which came for {in_.thing}."
    if event.scan == "passed":
        return f"The malware scanner found nothing in {name}, which came for {in_.thing}."
    return f"The malware scanner could not judge {name}, which came for {in_.thing}."


@say.register
def _(event: c.UploadSubmitted, in_: _In) -> str:
    standing = len(event.files)
    told = words.count(standing, "file")
    if event.sent is None:
        return f"{in_.who} sent the files for {in_.thing}: {told} in all."
    if not event.sent:
        stands = "stands" if standing == 1 else "stand"
        kept = f"; {told} sent before {stands}" if standing else ""
        return f"{in_.who} sent no new file for {in_.thing}{kept}."
    kept = f"; with those sent before {standing} stand" if standing > len(event.sent) else ""
    return f"{in_.who} sent {words.count(len(event.sent), 'file')} for {in_.thing}{kept}."


@say.register
def _(event: c.ApprovalApproved, in_: _In) -> Sentence:
    return Sentence(f"{in_.who} approved {in_.thing}.", event.comment)


@say.register
def _(event: c.ApprovalChangesRequested, in_: _In) -> Sentence:
    what = f" to {in_.items(event.items)}" if event.items else ""
    return Sentence(f"{in_.who} asked for changes{what} in {in_.thing}.", event.comment)


@say.register
def _(event: c.ApprovalRejected, in_: _In) -> Sentence:
    return Sentence(f"{in_.who} rejected {in_.thing}.", event.comment)


@say.register
def _(event: c.SignatureMade, in_: _In) -> str:
    name = f" as “{event.signature}”" if event.signature else ""
    return f"{in_.who} signed {in_.thing}{name}."


@say.register
def _(event: c.SignatureDeclined, in_: _In) -> Sentence:
    return Sentence(f"{in_.who} declined to sign {in_.thing}.", event.comment)


@say.register
def _(event: c.LinkSent, in_: _In) -> str:
    if event.task is None:
        return f"A fresh link to {in_.thing} went to {_address(event.to)}."
    return f"The mail asking for {in_.thing} went to {_address(event.to)}."


@say.register
def _(event: c.CodeSent, in_: _In) -> str:
    return f"A one-time code for {in_.thing} went to {_address(event.to)}."


@say.register
def _(event: c.LinkMade, in_: _In) -> str:
    return f"{in_.who} made a link to {in_.thing} to pass on by another channel."


@say.register
def _(event: c.LinkEntered, in_: _In) -> str:
    return f"{in_.who} opened the link to {in_.thing}."


@say.register
def _(event: c.LinkRenewed, in_: _In) -> str:
    return f"A fresh link to {in_.thing} was asked for; it goes to the address on file."


@say.register
def _(event: c.LinkRevoked, in_: _In) -> Sentence:
    return Sentence(f"{in_.who} withdrew every link to {in_.thing}.", event.reason)


@say.register
def _(event: c.ReminderSent, in_: _In) -> str:
    return f"A reminder of {in_.thing} ({event.label}) went to {_address(event.to)}."


@say.register
def _(event: c.ReceiptSent, in_: _In) -> str:
    return f"A receipt for {in_.thing} went to {_address(event.to)}."


@say.register
def _(event: c.MessageSent, in_: _In) -> str:
    subject = f" “{event.subject}”" if event.subject else ""
    return f"The message{subject} went to {_address(event.to)}."


_NOTICES = {
    "escalation": "that {thing} is overdue",
    "withdrawn": "that {thing} is no longer needed",
    "reassigned": "that {thing} went to somebody else",
    "delegated": "that {thing} was passed on",
    "delegation": "that {thing} is to be passed on",
    "refusal": "that {thing} is not passed on",
    "claimed": "that a colleague took {thing}",
    "handoff": "that nobody took {thing} up",
    "doubt": "of what does not match reality in {thing}",
    "settled": "of what came of a note on {thing}",
    "promise": "of the day by which {thing} will be done",
    "declined": "that the refusal to do {thing} was received",
    "asked_again": "that {thing} is asked for again",
    "question": "of a question about {thing}",
    "answer": "of an answer about {thing}",
    "trouble": "that something needs a person",
}


@say.register
def _(event: c.NoticeSent, in_: _In) -> str:
    about = _NOTICES.get(event.about, f"about {event.about}").format(thing=in_.thing)
    return f"A note {about} went to {_address(event.to)}."


_MAILS = {
    "invite": "the mail asking for {thing}",
    "renewal": "the fresh link to {thing}",
    "reminder": "the reminder of {thing}",
    "receipt": "the receipt for {thing}",
    "code": "the one-time code for {thing}",
    "message": "a message",
}


@say.register
def _(event: c.MailBounced, in_: _In) -> Sentence:
    what = _MAILS.get(event.about, "a notice").format(thing=in_.thing)
    what = what[0].upper() + what[1:]
    return Sentence(f"{what} could not be delivered to {_address(event.to)}.", event.said)


@say.register
def _(event: c.ExceptionOpened, in_: _In) -> Sentence:
    return Sentence("Something needs a person before this can go on.", event.message)


_RESOLVED = {
    "retry": "tried again after an exception",
    "cancel": "cancelled the process because of an exception",
    "reassign": "settled an exception by saying who does the work",
    "complete": "closed an exception: what it was about is done",
    "skip": "resolved an exception by going on without the step",
    "edit": "resolved an exception by changing data",
    "return_to": "resolved an exception by going back to an earlier step",
    "withdrawn": "closed an exception: what it was about is no longer needed",
}


@say.register
def _(event: c.ExceptionResolved, in_: _In) -> Sentence:
    if event.how == "cancel" and in_.entry.actor_kind == "system":
        return Sentence("An exception was closed with the process, which was cancelled.")
    how = _RESOLVED.get(event.how, f"resolved an exception ({event.how.replace('_', ' ')})")
    return Sentence(f"{in_.who} {how}.", event.reason)


@say.register
def _(event: c.ExceptionEscalated, in_: _In) -> str:
    whom = "the owner was told once more" if event.to == "owner" else "the admins were told, too"
    return f"Nobody has resolved what needs a person; {whom}."


@say.register
def _(event: c.ExceptionProposed, in_: _In) -> Sentence:
    how = event.how.replace("_", " ")
    text = f"{in_.who} proposed to {how} {in_.thing}; a second person has to agree."
    return Sentence(text, event.reason)


@say.register
def _(event: c.ProcessMigrated, in_: _In) -> Sentence:
    moved = f"from version {event.from_version} of its definition to version {event.version}"
    return Sentence(f"{in_.who} moved the process {moved}.", event.reason)


@say.register
def _(event: c.DataEdited, in_: _In) -> Sentence:
    what = words.listed([name.rpartition(".")[2].replace("_", " ") for name in event.names])
    if event.before is None or event.after is None:
        return Sentence(f"{in_.who} changed {what}.")
    was = ", ".join(_changed(event.before.get(name), event.after.get(name)) for name in event.names)
    return Sentence(f"{in_.who} changed {what}: {was}.")


def _changed(before: object, after: object) -> str:
    return f"“{'' if before is None else before}” is now “{'' if after is None else after}”"


@say.register
def _(event: c.TrailBuilt, in_: _In) -> str:
    return f"An audit trail up to event {event.upto} was built."


@say.register
def _(event: c.DisclosureErased, in_: _In) -> str:
    fields = words.listed(event.fields)
    return f"{in_.who} erased {fields} of event {event.seq} ({event.basis})."


def _address(to: str | None) -> str:
    return to or "an address that is not recorded"
