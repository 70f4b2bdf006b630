"""What one transaction changes of a process, written at its end: one statement per table."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from portal.db import Tx
from portal.engine.rows import Changes
from portal.models import Link, Participant, Process, StepRun, Task, Timer, Trouble
from portal.prepared import Prepared, prepared

_CHANGED = ("state", "values", "waiting", "n_done", "n_troubles", "due_at", "changed_at",
            "ended_at")  # fmt: skip
# Three indexes go by these, and SQLite writes each whose columns are set, changed or not.
_SORTED_BY = ("state", "due_at")


def _update_of(names: Iterable[str]) -> Prepared:
    its = sa.update(Process).where(Process.id == sa.bindparam("process"))
    return prepared(its.values({name: sa.bindparam(f"new_{name}") for name in names}))


_UPDATE = _update_of(_CHANGED)
_UPDATE_IN_PLACE = _update_of(name for name in _CHANGED if name not in _SORTED_BY)
_ADD_PROCESS, _ADD_LINKS, _ADD_TIMERS, _ADD_TROUBLES = (
    prepared(sa.insert(model)) for model in (Process, Link, Timer, Trouble)
)
_END_OF_TASKS, _END_OF_RUNS = (
    prepared(sa.delete(Timer).where(column.in_(sa.bindparam("ended", expanding=True))))
    for column in (Timer.task_id, Timer.run_id)
)


def add_process(tx: Tx, process: dict[str, Any]) -> None:
    """Write a process that is new; whatever else is written refers to it."""
    tx.run(_ADD_PROCESS, process)


def place_in_lists(process: dict[str, Any]) -> tuple[Any, ...]:
    """What lists are sorted and narrowed by."""
    return tuple(process[name] for name in _SORTED_BY)


def update_process(tx: Tx, process: dict[str, Any], *, was: tuple[Any, ...]) -> None:
    """Write what lists show of a process, and what it computed; ``was`` is its place in them."""
    is_in_place = was == place_in_lists(process)
    new = {f"new_{name}": process[name] for name in _CHANGED
           if not is_in_place or name not in _SORTED_BY}  # fmt: skip
    statement = _UPDATE_IN_PLACE if is_in_place else _UPDATE
    tx.run(statement, {"process": process["id"], **new})


def update_inputs(tx: Tx, process: dict[str, Any]) -> None:
    """Write what a process was started with, after somebody changed it, and what it is called."""
    new = {"inputs": process["inputs"], "title": process["title"]}
    tx.execute(sa.update(Process).where(Process.id == process["id"]).values(new))


@dataclass(slots=True)
class Writes:
    """Rows that are new or changed, and what of the timers is over."""

    people: Changes = field(default_factory=lambda: Changes(Participant))
    rounds: Changes = field(default_factory=lambda: Changes(StepRun))
    tasks: Changes = field(default_factory=lambda: Changes(Task))
    links: list[dict[str, Any]] = field(default_factory=list)
    timers: list[dict[str, Any]] = field(default_factory=list)
    troubles: list[dict[str, Any]] = field(default_factory=list)
    ended_runs: list[str] = field(default_factory=list)
    ended_tasks: list[str] = field(default_factory=list)

    def write(self, tx: Tx) -> None:
        """Write them; what refers to something comes after it."""
        for changes in (self.people, self.rounds, self.tasks):
            changes.write(tx)
        if self.links:
            tx.run(_ADD_LINKS, self.links)
        if self.ended_tasks:
            tx.run(_END_OF_TASKS, {"ended": self.ended_tasks})
        if self.ended_runs:
            tx.run(_END_OF_RUNS, {"ended": self.ended_runs})
        timers = [row for row in self.timers if not self._is_over(row)]
        if timers:
            tx.run(_ADD_TIMERS, timers)
        if self.troubles:
            tx.run(_ADD_TROUBLES, self.troubles)

    def _is_over(self, timer: dict[str, Any]) -> bool:
        """Whether what a new timer stands for was closed in this very transaction."""
        return timer["run_id"] in self.ended_runs or timer["task_id"] in self.ended_tasks
