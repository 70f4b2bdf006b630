"""Which steps of a process can be gone without or asked for again, and where one can be added."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.definition import additions, scopes, ways
from portal.definition.tree import Definition, PersonStep
from portal.models import StepRun
from portal.readings import spoken

# Of an `each` with very many items the page offers the first; the API reaches them all.
MOST = 500


_BRANCH = StepRun.answers["branch"].as_integer().label("branch")


@dataclass(frozen=True, slots=True)
class Option:
    """A step as it can be chosen; ``at`` is what the form sends."""

    at: str
    name: str


@dataclass(frozen=True, slots=True)
class Options:
    """What stands open, and what was done in lists that still run, in document order.

    ``places`` are where a step can be added: ``after@STEP`` or ``before@STEP``.
    """

    open: tuple[Option, ...] = ()
    done: tuple[Option, ...] = ()
    places: tuple[Option, ...] = ()


def of_process(
    conn: Connection, process_id: str, tree: Definition, names: Mapping[tuple[str, str], str]
) -> Options:
    """What of a process can be skipped and reopened, and where steps can be added.

    One statement.

    ``names`` are what tasks are called, by step and scope.
    """
    query = (
        sa.select(StepRun.step, StepRun.scope, StepRun.state, _BRANCH)
        .where(StepRun.process_id == process_id, StepRun.is_current)
        .order_by(sa.case((StepRun.state == "open", 0), else_=1), StepRun.scope, StepRun.id)
        .limit(MOST)
    )
    found = [row for row in conn.execute(query) if tree.has_step(row.step)]
    stand = {(row.step, row.scope) for row in found if row.state == "open"}
    order = {step.id: place for place, step in enumerate(tree.all_steps())}
    rows = [row for row in found if _is_own(tree, row)]
    rows.sort(key=lambda row: (order[row.step], scopes.order(row.scope)))
    return Options(
        open=tuple(_option(row, tree, names) for row in rows if row.state == "open"),
        done=tuple(_option(row, tree, names) for row in _reopenable(rows, tree, stand)),
        places=tuple(_places(found, tree)),
    )


def _places(found: list[Any], tree: Definition) -> Iterator[Option]:
    """Behind every step that still has room there, and before those that have not begun."""
    stands = {
        (row.step, row.scope): additions.Stands(row.state, row.branch)
        for row in found
        if row.state != "withdrawn"
    }
    sides: tuple[additions.Side, ...] = ("before", "after")
    for step in tree.all_steps():
        for side in sides:
            is_first = tree.enclosing_list(step.id)[0].id == step.id
            if side == "before" and not is_first:
                continue  # the same place as behind the step before it
            if additions.passed_by(tree, step.id, side, stands) is None:
                yield Option(f"{side}@{step.id}", f"{side.title()} “{step.name}”")


def _is_own(tree: Definition, row: Any) -> bool:
    """Whether it is the round of a step, and not of one item of an `each`."""
    return len(scopes.chain(row.scope)) == len(tree.eaches_around(row.step)) + 1


def _reopenable(rows: list[Any], tree: Definition, stand: set[tuple[str, str]]) -> Iterator[Any]:
    for row in rows:
        is_over = row.state in ("done", "skipped") and isinstance(tree.step(row.step), PersonStep)
        if is_over and ways.ended_around(tree, row.step, row.scope, stand) is None:
            yield row


def _option(row: Any, tree: Definition, names: Mapping[tuple[str, str], str]) -> Option:
    name = names.get((row.step, row.scope)) or spoken.filled(tree.step(row.step).name)
    if row.scope:
        numbers = [str(number + 1) for number in scopes.order(row.scope)]
        name = f"{name}, item {'.'.join(numbers)}"
    return Option(f"{row.step}@{row.scope}", name)
