"""The state of a process told again from its events alone, to hold the tables to it.

Rows answer "what may happen now", entries "what happened"; both are written in one transaction.
Where they differ, one of them is wrong: ``drift`` says where.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger import catalogue as c
from portal.ledger.catalogue import ENDS
from portal.ledger.tables import Head
from portal.models import Process, StepRun, Task, Trouble
from portal.readings import timeline
from portal.readings.entries import ANSWERS

_BATCH = 500


def process_ids(conn: Connection, after: str, limit: int) -> Sequence[str]:
    """The ids of some processes, from the one after ``after`` on."""
    query = sa.select(Process.id).where(Process.id > after).order_by(Process.id)
    return conn.execute(query.limit(limit)).scalars().all()


@dataclass(slots=True)
class Status:
    """What the events come to.

    ``tasks`` are states by task id, ``rounds`` outcomes by (step, scope, round), ``values`` the
    names that were set, ``troubles`` the ids of the exceptions that are open.
    """

    state: str = "unknown"
    tasks: dict[str, str] = field(default_factory=dict)
    rounds: dict[tuple[str, str, int], str] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)
    troubles: set[str] = field(default_factory=set)

    def take(self, event: c.Event) -> None:
        """The next event; those that move nothing are passed over."""
        if isinstance(event, c.ProcessStarted):
            self.state = "running"
        elif type(event) in ENDS:
            self.state = ENDS[type(event)]
        elif event.task is not None and self._moves_task(event.task, event):
            return
        elif isinstance(event, c.StepCompleted):
            self.rounds[str(event.step), event.scope or "", event.round] = event.outcome
        elif isinstance(event, c.StepSkipped):
            self.rounds[str(event.step), event.scope or "", event.round] = "skipped"
        elif isinstance(event, c.ValuesSet):
            # What is computed for an item is kept with the item's own round.
            self.values.update(() if event.scope else event.names)
        elif isinstance(event, c.DataEdited):
            names = (name.partition(".") for name in event.names if not event.scope)
            self.values.update(name for kind, _, name in names if kind == "values")
        elif isinstance(event, c.ExceptionOpened):
            self.troubles.add(event.exception)
        elif isinstance(event, c.ExceptionResolved):
            self.troubles.discard(event.exception)

    def _moves_task(self, task: str, event: c.Event) -> bool:
        if isinstance(event, c.TaskOpened):
            self.tasks[task] = "open"
        elif isinstance(event, ANSWERS):
            self.tasks[task] = "done"
        elif isinstance(event, c.TaskWithdrawn):
            self.tasks[task] = "withdrawn"
        elif isinstance(event, c.TaskExpired):
            self.tasks[task] = "expired"
        else:
            return False
        return True


def replay(events: Iterable[c.Event]) -> Status:
    """The state after these events, oldest first."""
    status = Status()
    for event in events:
        status.take(event)
    return status


def drift(conn: Connection, process_id: str) -> str | None:
    """Where the tables differ from the ledger, in one sentence; ``None`` where they agree.

    A process that is written to meanwhile is passed over: it is looked at another time.
    """
    before = _head(conn, process_id)
    stored, told = _stored(conn, process_id), _told(conn, process_id)
    if stored is None or _head(conn, process_id) != before:
        return None
    for name in ("state", "tasks", "rounds", "values", "troubles"):
        ours, theirs = getattr(stored, name), getattr(told, name)
        if ours != theirs:
            return _difference(name, ours, theirs)
    return None


def _difference(name: str, ours: Any, theirs: Any) -> str:
    """The first of what differs, in a sentence that fits into a mail."""
    place, more = name, ""
    if not isinstance(ours, str):
        ours, theirs = (
            one if isinstance(one, dict) else dict.fromkeys(one, "there") for one in (ours, theirs)
        )
        odd = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
        first = odd[0] if isinstance(odd[0], str) else " ".join(map(str, filter(None, odd[0])))
        place, more = f"{name}, {first}", f" (and {len(odd) - 1} more)" if odd[1:] else ""
        ours, theirs = ours.get(odd[0], "absent"), theirs.get(odd[0], "absent")
    return f"{place}: stored as {ours}, but its events come to {theirs}{more}."


def _head(conn: Connection, process_id: str) -> int | None:
    return conn.execute(sa.select(Head.seq).where(Head.log == process_id)).scalar()


def _told(conn: Connection, process_id: str) -> Status:
    status, after = Status(), -1
    while batch := timeline.of_process(conn, process_id, after=after, limit=_BATCH):
        for entry in batch:
            status.take(entry.event)
        after = batch[-1].seq
    return status


def _stored(conn: Connection, process_id: str) -> Status | None:
    found = sa.select(Process.state, Process.values).where(Process.id == process_id)
    process = conn.execute(found).first()
    if process is None:
        return None
    tasks = sa.select(Task.id, Task.state).where(Task.process_id == process_id)
    open_ones = sa.select(Trouble.id).where(
        Trouble.process_id == process_id, Trouble.state == "open"
    )
    return Status(
        state=process.state,
        tasks={row.id: row.state for row in conn.execute(tasks)},
        rounds=_rounds(conn, process_id),
        values=set(process.values),
        troubles=set(conn.execute(open_ones).scalars()),
    )


def _rounds(conn: Connection, process_id: str) -> dict[tuple[str, str, int], str]:
    """The rounds that ended; the rows of single items have none of their own events."""
    ended = sa.select(
        StepRun.step, StepRun.scope, StepRun.round, StepRun.state, StepRun.outcome
    ).where(
        StepRun.process_id == process_id,
        sa.or_(
            StepRun.state == "skipped",
            sa.and_(StepRun.state == "done", StepRun.outcome.is_not(None)),
        ),
    )
    rows: list[Any] = list(conn.execute(ended))
    return {
        (row.step, row.scope, row.round): "skipped" if row.state == "skipped" else row.outcome
        for row in rows
    }
