"""What is still to ring: which timers are due by a moment, and when the next one is."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import Timer, Trouble


def due(
    conn: Connection, by: datetime, *, after: tuple[datetime, str] | None = None, limit: int = 200
) -> Sequence[sa.Row[str, datetime]]:
    """Timers (id, rings_at) whose moment is ``by`` or earlier, earliest first.

    ``after`` is the moment and id of the last one known already.
    """
    query = sa.select(Timer.id, Timer.rings_at).where(Timer.rings_at <= by)
    if after is not None:
        last = sa.tuple_(sa.literal(after[0], Timer.rings_at.type), sa.literal(after[1]))
        query = query.where(sa.tuple_(Timer.rings_at, Timer.id) > last)
    return conn.execute(query.order_by(Timer.rings_at, Timer.id).limit(limit)).all()


def next_at(conn: Connection) -> datetime | None:
    """The moment of the next timer; ``None`` where none waits."""
    query = sa.select(Timer.rings_at).order_by(Timer.rings_at, Timer.id).limit(1)
    found: datetime | None = conn.execute(query).scalar()
    return found


def told_again_at(conn: Connection) -> datetime | None:
    """When an open exception is told again next; ``None`` where none is open."""
    query = sa.select(sa.func.min(Trouble.tell_at)).where(
        Trouble.tell_at.is_not(None), Trouble.state == "open"
    )
    found: datetime | None = conn.execute(query).scalar()
    return found
