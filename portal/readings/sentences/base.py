"""What the sentences of all events share: names, the acting person, the thing it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import singledispatch
from typing import Any

from portal.language import gettext as _
from portal.ledger import catalogue as c
from portal.readings import words
from portal.readings.entries import Told

# What whoever answers for a process does, and no assignee.
_OWNERS = frozenset(
    one.TYPE
    for one in (
        c.ProcessCancelled, c.ProcessMigrated, c.ParticipantNamed, c.StepSkipped, c.StepAdded,
        c.StepReturned, c.TaskReassigned, c.TaskWithdrawn, c.TaskUnblocked, c.QuestionAnswered,
        c.QuestionClosed, c.ReminderAsked, c.DelegationRefused, c.LinkMade, c.LinkRevoked,
        c.ExceptionResolved, c.DataEdited,
    )
)  # fmt: skip


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
class In:
    """An entry and its names, with the words that stand in most sentences."""

    entry: Told
    names: Names

    @property
    def who(self) -> str:
        """The acting person by name; the portal where nobody was."""
        entry = self.entry
        if entry.actor_kind == "system":
            return _("The portal")
        name = entry.actor_name or self._unnamed()
        if entry.auth == "handed-link":
            return _(
                "%(name)s, by a link that %(by)s handed out through a channel of their own,",
                name=name,
                by=entry.handed_by or nobody(is_erased="actor.handed_by" in entry.gone),
            )
        if entry.on_behalf and entry.type in _OWNERS:
            return _("%(name)s, in the owner’s place,", name=name)
        if entry.on_behalf:
            return _("%(name)s, in the assignee’s place,", name=name)
        return name

    def _unnamed(self) -> str:
        if "actor.name" in self.entry.gone:
            return _("Somebody whose name was erased")
        return _("Somebody whose name is not recorded")

    def person(self, name: str) -> str:
        """The person whom a value of the event names, or why they have no name."""
        told = getattr(self.entry.event, name)
        return person(told, is_erased=name in self.entry.gone)

    @property
    def is_about_the_process(self) -> bool:
        """Whether it is about no single task or step."""
        return self.entry.task is None and self.entry.step is None

    @property
    def thing(self) -> str:
        """The task or step in quotation marks; the process where it is about no single one."""
        if self.is_about_the_process:
            return _("the process")
        return quoted(self.names.tasks.get(self.entry.task or "") or self.step(self.entry.step))

    def step(self, step: str | None) -> str:
        """A step's name, or its id in words."""
        known = self.names.steps.get(step or "")
        return known or (step.replace("_", " ") if step else _("a step"))

    def items(self, items: list[str]) -> str:
        """The labels of marked fields and documents."""
        return words.listed([self.names.labels.get(i) or i.split(".")[-1] for i in items])

    def moment(self, iso: str) -> str:
        """A recorded moment in the reader's zone."""
        return words.moment(words.read_iso(iso), self.names.tz)


@singledispatch
def say(event: c.Event, in_: In) -> str | Sentence:
    """The words for one type of event; a type without a function of its own is a defect."""
    raise NotImplementedError(f"no sentence for {type(event).TYPE}")


def tell(entry: Told, names: Names) -> Sentence:
    """The sentence of an entry, in the language that is spoken."""
    said = say(entry.event, In(entry, names))
    return said if isinstance(said, Sentence) else Sentence(said)


def when(at: datetime, names: Names) -> str:
    """The moment of an entry in the reader's zone."""
    return words.moment(at, names.tz)


def quoted(name: str) -> str:
    """A name as a sentence quotes it."""
    return _("“%(name)s”", name=name)


def nobody(*, is_erased: bool = False) -> str:
    """What stands within a sentence where a name stood that is not known any more."""
    if is_erased:
        return _("somebody whose name was erased")
    return _("somebody whose name is not recorded")


def person(told: Mapping[str, Any] | None, *, is_erased: bool = False) -> str:
    """A person as recorded, ``Ann Okafor (ann@sea.example)``."""
    name, email = (told.get("name"), told.get("email")) if told else (None, None)
    if name and email:
        return _("%(name)s (%(email)s)", name=name, email=email)
    return str(name or email or nobody(is_erased=is_erased))


def spaced(ids: list[str]) -> str:
    """Ids of values as words of a list: ``credit limit and company``."""
    return words.listed([one.rpartition(".")[2].replace("_", " ") for one in ids])
