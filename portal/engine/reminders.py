"""When somebody is reminded of a task: as its step says, but never while they wait for us.

Whoever named a day of their own is reminded on it, and from then on (``promises``).

As long as a question of theirs waits for staff no reminder goes out. Once it is answered those
to come go out as they would have; one that was left out meanwhile comes a day later, unless the
next is due by then.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.definition import durations
from portal.definition.durations import RungAt
from portal.definition.tree import PersonStep
from portal.engine import clocks, promises
from portal.engine.rows import Asked
from portal.engine.running import Running
from portal.models import Timer

PAUSE_AFTER_ANSWER = timedelta(days=1)
_KINDS = ("remind", "overdue")


@dataclass(frozen=True, slots=True)
class _Coming:
    """One reminder to come; ``what`` is what its timer needs to know."""

    rung: int
    at: datetime
    what: dict[str, Any]


def set_all(running: Running, step: PersonStep, task: Asked) -> None:
    """Write down the reminders of a task, and when nothing more will happen by itself."""
    last = _set(running, step, task, None)
    if last is not None:
        clocks.set_timer(running, task, "overdue", 0, last, {})


def set_anew(
    running: Running, step: PersonStep, task: Asked, *, since: datetime | None = None
) -> None:
    """The same for a task whose reminders stand already: these are instead of them.

    ``since`` is when reminders were stopped, where they go on from now.
    """
    its = sa.delete(Timer).where(Timer.task_id == task.id, Timer.kind.in_(_KINDS))
    running.tx.execute(its)
    running.timers[:] = [
        row for row in running.timers if row["task_id"] != task.id or row["kind"] not in _KINDS
    ]
    last = _set(running, step, task, since)
    is_told = last is None or last <= running.now or task.declined_at is not None
    if last is not None and not is_told:  # its owner has to look already
        clocks.set_timer(running, task, "overdue", 0, last, {})


def _set(
    running: Running, step: PersonStep, task: Asked, since: datetime | None
) -> datetime | None:
    """Write down the reminders; after which moment its owner has to look, if nothing else does."""
    ladder = _ladder(running, step, task)
    coming = list(_coming(running, task, ladder, since))
    for one in coming:
        clocks.set_timer(running, task, "remind", one.rung, one.at, one.what)
    if task.due_at is None or step.escalate or step.on_timeout is not None:
        return None
    return max([task.due_at, *(rung.at for rung in ladder), *(one.at for one in coming)])


def _ladder(running: Running, step: PersonStep, task: Asked) -> list[RungAt]:
    """All rungs of the task, those that are past included."""
    if task.promised_on is not None:
        return promises.ladder(running, step, task, task.promised_on)
    if task.due_at is None:
        return []
    zone = running.zone_of(running.person(task.participant_id))
    return durations.rungs(step.remind, task.opened_at, task.due_at, running.calendar, zone)


def _coming(
    running: Running, task: Asked, ladder: list[RungAt], since: datetime | None
) -> Iterable[_Coming]:
    if task.asks_since is not None or task.declined_at is not None:
        return
    if task.snoozed_on is not None:
        ladder = promises.snoozed(running, task, ladder, task.snoozed_on)
    later = [rung for rung in ladder if rung.at > running.now]
    missed = [rung for rung in ladder if since is not None and since < rung.at <= running.now]
    caught_up = running.now + PAUSE_AFTER_ANSWER
    if missed and not any(rung.at <= caught_up for rung in later):
        yield _Coming(missed[-1].index, caught_up, {"label": missed[-1].label})
    for rung in later:
        yield _Coming(rung.index, rung.at, {"label": rung.label})
