"""What is still to ring: which timers are due by a moment, and when the next one is."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import Timer


def due(conn: Connection, by: datetime, limit: int = 200) -> Sequence[str]:
    """The ids of timers whose moment is ``by`` or earlier, earliest first."""
    query = sa.select(Timer.id).where(Timer.rings_at <= by)
    return conn.execute(query.order_by(Timer.rings_at, Timer.id).limit(limit)).scalars().all()


def next_at(conn: Connection) -> datetime | None:
    """The moment of the next timer; ``None`` where none waits."""
    query = sa.select(Timer.rings_at).order_by(Timer.rings_at, Timer.id).limit(1)
    found: datetime | None = conn.execute(query).scalar()
    return found
