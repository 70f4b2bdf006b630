"""What holds for every process after every move, asked of its rows and of its ledger."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import db
from portal.definition import scopes
from portal.definition.tree import (
    BlockStep,
    CallStep,
    Definition,
    EachStep,
    ParallelStep,
    PersonStep,
    RunStep,
    WaitStep,
)
from portal.engine.decide import enough
from portal.engine.troubles import STUCK
from portal.ledger import audit
from portal.ledger.tables import Entry, Outgoing
from portal.ledger.verify import verify
from portal.models import Process, StepRun, Task, Timer, Trouble, trees
from portal.readings import export, status, stretches

_ENDED = ("done", "skipped")
_ENDS = ("process.completed", "process.rejected", "process.cancelled")
# What may still need a person when the process is over: what it owes to the outside.
_OUTLIVES = {"bounced", "effect", "ledger", "file"}


def broken(process: str, *, was_moved: bool = False) -> list[str]:
    """Every rule that does not hold; ``was_moved``: the tree is not the one it began with."""
    with db.reading() as conn:
        found = _State(conn, process)
        return [
            *_drift(conn, process),
            *found.rounds_stand_alone(),
            *found.somebody_can_act(),
            *found.all_is_over(),
            *found.troubles_are_counted(),
            *found.troubles_stand_in_open_blocks(),
            *([] if was_moved else found.lists_are_in_order()),
            *([] if was_moved else found.joins_had_enough()),
            *found.events_are_unique(),
            *found.stretches_are_what_is_at_hand(),
        ]


def unsound(process: str) -> list[str]:
    """What the ledger's verification finds."""
    with db.reading() as conn:
        fault = audit.fault_in(conn, process)
        report = verify([line.encode() for line in export.lines(conn, process)])
    return [*([fault] if fault else []), *(report.told() if report.verdict != 0 else [])]


def _drift(conn: Connection, process: str) -> list[str]:
    fault = status.drift(conn, process)
    return [f"replayed: {fault}"] if fault else []


class _State:
    """The rows of one process."""

    def __init__(self, conn: Connection, process: str) -> None:
        self.conn, self.id = conn, process
        self.process = self._rows(Process, Process.id == process)[0]
        self.tree: Definition = trees.tree(conn, self.process.definition_id)
        self.runs = self._rows(StepRun, StepRun.process_id == process)
        self.tasks = self._rows(Task, Task.process_id == process, Task.state == "open")
        self.troubles = self._rows(Trouble, Trouble.process_id == process, Trouble.state == "open")
        self.timers = self._rows(Timer, Timer.process_id == process)
        self.current = {(run.step, run.scope): run for run in self.runs if run.is_current}

    def _rows(self, model: Any, *which: Any) -> list[Any]:
        return list(self.conn.execute(sa.select(model.__table__).where(*which)).all())

    def rounds_stand_alone(self) -> Iterator[str]:
        """A step has one current round in a scope and one latest, and each round is there once."""
        current = Counter((run.step, run.scope) for run in self.runs if run.is_current)
        yield from (f"{many} current rounds of {at}" for at, many in current.items() if many > 1)
        latest = Counter((run.step, run.scope) for run in self.runs if run.is_latest)
        yield from (f"{many} latest rounds of {at}" for at, many in latest.items() if many > 1)
        rounds = Counter((run.step, run.scope, run.round) for run in self.runs)
        yield from (f"round {at} is there {many} times" for at, many in rounds.items() if many > 1)

    def somebody_can_act(self) -> Iterator[str]:
        """A running process waits for somebody or something, and so does each open step."""
        if self.process.state != "running":
            return
        leaves = [run for run in self.current.values() if self._is_open_leaf(run)]
        if not leaves and not self.troubles:
            yield "nobody can act, and it has not ended"
        for run in leaves:
            if not self._is_waited_for(run) and not self._is_in_trouble(run):
                yield f"{run.step} in {run.scope!r} is open and nobody and nothing will end it"
        for task in self.tasks:
            found = self.current.get((task.step, task.scope))
            if found is None or found.state != "open" or found.id != task.run_id:
                yield f"a task of {task.step} in {task.scope!r} is open, but its round is not"

    def _is_open_leaf(self, run: Any) -> bool:
        return run.state == "open" and not isinstance(self.tree.step(run.step), BlockStep)

    def _is_waited_for(self, run: Any) -> bool:
        step = self.tree.step(run.step)
        if isinstance(step, PersonStep):
            return any(task.run_id == run.id for task in self.tasks)
        if isinstance(step, WaitStep):
            return bool(step.signal) or any(timer.run_id == run.id for timer in self.timers)
        if isinstance(step, CallStep):
            return self._is_owed("call.request", run.id)
        if isinstance(step, RunStep):
            child = self._rows(Process, Process.parent_run_id == run.id)[0]
            return child.state == "running" or self._is_owed("run.ended", run.id)
        return False

    def _is_owed(self, kind: str, run: str) -> bool:
        query = sa.select(Outgoing.ref).where(Outgoing.kind == kind, Outgoing.state == "pending")
        return any(ref.get("run") == run for ref in self.conn.execute(query).scalars())

    def _is_in_trouble(self, run: Any) -> bool:
        return any((one.step, one.scope) == (run.step, run.scope) for one in self.troubles)

    def all_is_over(self) -> Iterator[str]:
        """A process that has ended asks nobody, and nothing of it rings."""
        if self.process.state == "running":
            return
        yield from (f"{task.step} is still asked" for task in self.tasks)
        yield from (f"a timer still rings: {timer.kind}" for timer in self.timers)
        open_ones = [run.step for run in self.current.values() if run.state == "open"]
        yield from (f"{step} is still open" for step in open_ones)
        yield from (f"a {one.kind} is open" for one in self.troubles if one.kind not in _OUTLIVES)

    def troubles_are_counted(self) -> Iterator[str]:
        """What lists show of it is what there is."""
        if self.process.n_troubles != len(self.troubles):
            yield f"{self.process.n_troubles} exceptions are counted, {len(self.troubles)} are open"
        listed = {one["task"] for one in self.process.waiting if one["task"]}
        if listed != {task.id for task in self.tasks} and len(listed) < 20:
            yield "who is waited for is not whom the list names"

    def troubles_stand_in_open_blocks(self) -> Iterator[str]:
        """What keeps a step from beginning is told only as long as it could begin."""
        for one in self.troubles:
            if one.kind not in STUCK or one.task_id is not None:
                continue
            for block in self.tree.blocks_around(one.step):
                scope = scopes.outer(one.scope, len(self.tree.eaches_around(block.id)))
                found = self.current.get((block.id, scope))
                if found is None or found.state != "open":
                    yield f"{one.step} in {one.scope!r} is in trouble, but {block.id} is over"

    def lists_are_in_order(self) -> Iterator[str]:
        """A step was begun only when those before it in its list were done or skipped."""
        for (step, scope), run in self.current.items():
            is_item = isinstance(self.tree.step(step), EachStep) and self._is_item(step, scope)
            if run.state == "withdrawn" or is_item:
                continue
            for before in self.tree.enclosing_list(step):
                if before.id == step:
                    break
                found = self.current.get((before.id, scope))
                if found is None or found.state not in _ENDED:
                    how = found.state if found else "not there"
                    yield f"{step} in {scope!r} is {run.state} while {before.id} is {how}"

    def _is_item(self, step: str, scope: str) -> bool:
        return bool(scope) and scopes.innermost(scope) == step

    def joins_had_enough(self) -> Iterator[str]:
        """A block that is finished has as many of its lists done as it says."""
        for (id_, scope), run in self.current.items():
            step = self.tree.step(id_)
            if run.state != "done" or run.outcome != "succeeded":
                continue
            if isinstance(step, ParallelStep):
                done = sum(self._is_done(branch.steps, scope) for branch in step.branches)
                if done < enough(step.finish, len(step.branches)):
                    yield f"{id_} in {scope!r} is finished with {done} branches done"
            if isinstance(step, EachStep) and not self._is_item(id_, scope):
                done, many = run.answers["done"], run.answers["count"]
                if done < enough(step.finish, many):
                    yield f"{id_} in {scope!r} is finished with {done} of {many} items done"

    def _is_done(self, steps: Any, scope: str) -> bool:
        return all(
            (found := self.current.get((step.id, scope))) is not None and found.state in _ENDED
            for step in steps
        )

    def events_are_unique(self) -> Iterator[str]:
        """Nothing is told twice of one round, and an end is the only one."""
        query = sa.select(Entry.body).where(Entry.log == self.id).order_by(Entry.seq)
        told: Counter[tuple[Any, ...]] = Counter()
        for body in self.conn.execute(query).scalars():
            event = json.loads(body)
            data = event["data"]
            place = (data.get("step"), data.get("scope"), data.get("round"))
            if event["type"] in ("step.completed", "step.skipped"):
                told["a round ended", *place] += 1
            elif event["type"] in ("branches.opened", "wait.began", "run.started"):
                told[event["type"], *place] += 1
            elif event["type"] == "task.opened":
                told["task.opened", *place, data.get("assignee")] += 1
            elif event["type"] in _ENDS:
                told["an end"] += 1
        yield from (f"{what} {many} times" for what, many in told.items() if many > 1)

    def stretches_are_what_is_at_hand(self) -> Iterator[str]:
        """What the ledger tells as held now is what is open, and it is held all the time."""
        told = stretches.of(self.conn, [self.id])[self.id]
        lasting = [one for one in told if one.to_at is None]
        held = Counter(
            (one.what, one.step) if one.task_id is None else one.task_id
            for one in lasting
            if one.what != "gap"
        )
        pauses = {WaitStep: "wait", RunStep: "run"}
        wanted = Counter(task.id for task in self.tasks) + Counter(
            (what, run.step)
            for run in self.current.values()
            if (what := pauses.get(type(self.tree.step(run.step)))) and run.state == "open"
        )
        if held != wanted:
            yield f"it is told that {dict(held)} is at hand, and {dict(wanted)} is"
        if bool(lasting) != (self.process.state == "running"):
            yield "who holds it is told of a process that has ended, or not of one that runs"
        if held and any(one.what == "gap" for one in lasting):
            yield "it is told that nothing is at hand while something is"
