"""Everything that happens by itself, over all definitions: what, for whom, and what if it fails."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from portal.definition.tree import BlockStep, Definition, PersonStep, Step
from portal.readings import lists, spoken, tables, trees

BOUNCED = "If a mail comes back, an exception is put before the owner."
LATE = "If the portal was down at that moment, it happens as soon as it is back."
KINDS = {
    "message": "Message",
    "call": "Call",
    "set": "Values",
    "wait": "Wait",
    "run": "Process",
    "reminder": "Reminder",
    "escalation": "Escalation",
    "timeout": "Timeout",
    "review": "Review",
}
"""What each kind is called, in the order in which a filter offers them."""


@dataclass(frozen=True, slots=True)
class Automation:
    """One thing that happens by itself. ``step`` is empty for what belongs to the whole."""

    key: str
    definition: str
    owner: str
    owner_email: str
    step: str
    step_name: str
    kind: str
    does: str
    fails: str


def of_all(conn: Connection) -> list[Automation]:
    """Those of every definition in its current version, by definition, then in its order."""
    rows = lists.definitions(conn)
    known = trees.trees(conn, [row.id for row in rows])
    return [one for row in rows for one in _of(row, known[row.id])]


def chosen(found: Sequence[Automation], owner: str, kind: str) -> list[Automation]:
    """Those of one owner (by name) and of one kind; an empty text takes all."""
    return [
        one for one in found if (not owner or one.owner == owner) and (not kind or one.kind == kind)
    ]


def as_csv(found: Sequence[Automation]) -> str:
    """As a table for other tools; no cell can be read as a formula."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(["definition", "key", "step", "step name", "kind", "does", "owner",
                    "owner e-mail", "if it fails"])  # fmt: skip
    for one in found:
        cells = (one.definition, one.key, one.step, one.step_name, one.kind, one.does, one.owner,
                 one.owner_email, one.fails)  # fmt: skip
        table.writerow([tables.harmless(cell) for cell in cells])
    return text.getvalue()


def _of(row: Any, tree: Definition) -> Iterator[Automation]:
    owner = row.owner_name or row.owner_team or ""
    about = (row.key, row.name, owner, row.owner_email or "")
    for step in tree.all_steps():
        name = spoken.filled(step.name)
        for kind, does, fails in _step(tree, step):
            yield Automation(*about, step.id, name, kind, does, fails)
    if tree.review_every is not None:
        does = f"Every {tree.review_every} the owner is asked whether it still matches reality."
        yield Automation(*about, "", "", "review", does, LATE)


def _step(tree: Definition, step: Step) -> Iterator[tuple[str, str, str]]:
    if isinstance(step, PersonStep):
        yield from _person(tree, step)
    elif not isinstance(step, BlockStep):
        yield step.kind, spoken.does(tree, step), spoken.fails(step)


def _person(tree: Definition, step: PersonStep) -> Iterator[tuple[str, str, str]]:
    if spoken.reminders(step):
        does = f"Reminds {spoken.who(tree, step)}: {spoken.reminders(step)}."
        yield "reminder", does, BOUNCED
    for rung in step.escalate:
        yield "escalation", spoken.escalated(tree, rung), BOUNCED
    if step.on_timeout is not None:
        yield "timeout", spoken.timed_out(tree, step), LATE
