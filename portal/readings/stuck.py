"""The exceptions desk: what stands still, why, who was told and will be, and the ways out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from portal import installation
from portal.definition.hours import work_calendar
from portal.definition.tree import Definition
from portal.models import trees, troubles
from portal.models.troubles import Kind
from portal.readings import desk, spoken, words

CAUSES: Mapping[Kind, str] = {
    "expression": "A condition or a value of the definition could not be worked out.",
    "nobody": "A step opened and there was nobody to do it.",
    "bounced": "A mail did not reach whoever has to act.",
    "overdue": "It is late, and the definition says nothing of what happens then.",
    "effect": "Something that is owed to the outside failed each time it was tried.",
    "run": "The process that it runs inside ended badly.",
    "call": "Another system did not answer as it should, however often it was called.",
    "ledger": "What is stored is no longer what was written.",
    "file": "A stored file is not what was sent.",
    "declined": "Whoever was asked will not do it.",
    "malware": "A file that was sent holds malware, and is put aside.",
    "scanner": "The scanner that looks at files gives no answer.",
    "control": "Somebody proposes to go on without a safeguard, which takes a second person.",
}
"""Why an exception of each kind stands."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way out: what it is called, and where it is taken."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """One exception as the desk shows it.

    ``step`` is what the step is called that it stands at, ``told`` who was told and who will be;
    ``runbook`` is Markdown, ``is_again`` whether the same stands above already.
    """

    row: Any
    step: str
    cause: str
    told: Sequence[str]
    runbook: str
    is_again: bool
    ways: Sequence[Way]


def of_house(conn: Connection, tz: str) -> list[Stuck]:
    """Every open exception, the oldest first; two statements at most."""
    rows = desk.troubles(conn)
    known = trees.trees(conn, (row.definition_id for row in rows))
    seen: set[str] = set()
    found = []
    for row in rows:
        tree = known[row.definition_id]
        found.append(_stuck(row, tree, tz, is_again=row.key in seen))
        seen.add(row.key)
    return found


def _stuck(row: Any, tree: Definition, tz: str, *, is_again: bool) -> Stuck:
    step = tree.step(row.step) if row.step and tree.has_step(row.step) else None
    return Stuck(
        row=row,
        step=spoken.filled(step.name) if step is not None else "",
        # A kind that a newer release of the portal opened is shown all the same.
        cause=CAUSES.get(row.kind, ""),
        told=list(told(row, tree, tz)),
        runbook=tree.runbook or "",
        is_again=is_again,
        ways=list(_ways(row, tree)),
    )


def told(row: Any, tree: Definition, tz: str) -> Iterator[str]:
    """Who was told of an open exception, and when whom it will be told to next."""
    owner = row.owner_name or row.team_name or "The owner"
    yield _TOLD[min(row.rung, 2)].format(owner=owner)
    if row.tell_at is None:
        return
    next_at = words.moment(row.tell_at, tz)
    if row.rung == 0:
        admins = words.moment(_after(row.tell_at, 1, tree), tz)
        yield f"If it is still open, {owner} is told again on {next_at}, the admins on {admins}."
    elif row.rung == 1:
        yield f"If it is still open, the admins are told on {next_at}."
    else:
        every = troubles.TOLD_AFTER[-1]
        yield f"Both are told again on {next_at}, then every {every} until it is resolved."


_TOLD = (
    "{owner} was told when it opened.",
    "{owner} was told when it opened and once more.",
    "{owner} and the admins have been told.",
)


def _after(moment: datetime, rung: int, tree: Definition) -> datetime:
    calendar = work_calendar(tree, installation.current)
    return troubles.told_again_after(rung).after(moment, calendar, calendar.timezone)


def _ways(row: Any, tree: Definition) -> Iterator[Way]:
    """The ways out there are, each to where it is taken on the page of the process or task."""
    page = f"/processes/{row.process_id}#trouble-{row.id}"
    yield Way(again(row.kind), page)
    if row.process_state != "running":
        return
    if row.step:
        skip = "Agree, and go on without it" if row.proposal else "Go on without this step"
        yield Way(skip, page)
    if row.task_id:
        yield Way("Do it for them", f"/tasks/{row.task_id}")
    if row.task_id or row.kind == "nobody":
        yield Way("Say who does it", page)
    if row.step and tree.has_step(row.step) and tree.steps_before(row.step):
        yield Way("Go back to an earlier step", page)
    if tree.inputs or tree.value_names():
        yield Way("Change a value", page)
    yield Way("Cancel the process", page)


def again(kind: str) -> str:
    """What it is called to have it tried once more as it stands."""
    return {"control": "Keep the step", "declined": "Ask them again"}.get(kind, "Try again")


def by_owner(found: Sequence[Stuck]) -> Mapping[str, int]:
    """How many exceptions each owner answers for, whoever has most first."""
    counts: dict[str, int] = {}
    for one in found:
        name = one.row.owner_name or one.row.team_name or "nobody"
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
