"""Rings the timers that are due, earliest first, some in each transaction."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from portal import clock, db
from portal.actions import timers
from portal.readings import timers as readings
from tasks.job import job

# Many, so that a backlog is over soon; few, so that nobody who writes meanwhile waits for long.
AT_ONCE = 100
log = structlog.get_logger(__name__)


@job
def ring_due() -> int:
    """Ring everything that is due; how many timers that was.

    One that failed to ring is passed over until the next time.
    """
    now = clock.now()
    rung = 0
    after: tuple[datetime, str] | None = None
    while True:
        with db.reading() as conn:
            batch = readings.due(conn, now, after=after, limit=AT_ONCE)
        if not batch:
            return rung
        _ring([row.id for row in batch])
        rung += len(batch)
        after = (batch[-1].rings_at, batch[-1].id)


def _ring(ids: Sequence[str]) -> None:
    """All of them together; where one of them fails, halves, so that all the others ring."""
    try:
        timers.ring(ids)
    except Exception:  # whatever it is, it must not silence the other timers
        if len(ids) == 1:
            log.exception("sweep.failed", timer=ids[0])
            return
        middle = len(ids) // 2
        _ring(ids[:middle])
        _ring(ids[middle:])
