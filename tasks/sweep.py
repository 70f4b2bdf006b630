"""Rings the timers that are due, earliest first, in batches."""

from datetime import datetime

import sqlalchemy as sa
import structlog

from portal import clock, db
from portal.actions import timers
from portal.models import Timer
from tasks.job import job

BATCH = 500
log = structlog.get_logger(__name__)


@job
def ring_due() -> int:
    """Ring everything that is due; how many timers that was."""
    now = clock.now()
    rung = 0
    after: tuple[datetime, str] | None = None
    while batch := _due(now, after):
        _ring([row.id for row in batch])
        rung += len(batch)
        after = (batch[-1].rings_at, batch[-1].id)
        if len(batch) < BATCH:
            break
    return rung


def _due(now: datetime, after: tuple[datetime, str] | None) -> list[sa.Row[tuple[str, datetime]]]:
    """The next batch; a timer that failed to ring is passed over until the next sweep."""
    query = sa.select(Timer.id, Timer.rings_at).where(Timer.rings_at <= now)
    if after is not None:
        last = sa.tuple_(sa.literal(after[0], Timer.rings_at.type), sa.literal(after[1]))
        query = query.where(sa.tuple_(Timer.rings_at, Timer.id) > last)
    with db.reading() as conn:
        return list(conn.execute(query.order_by(Timer.rings_at, Timer.id).limit(BATCH)))


def _ring(ids: list[str]) -> None:
    """All of them together; one by one where one of them fails, so that the others ring."""
    try:
        timers.ring(ids)
    except Exception:  # whatever it is, it must not silence the other timers
        log.exception("sweep.failed", timers=len(ids))
        if len(ids) > 1:
            for id_ in ids:
                _ring([id_])
