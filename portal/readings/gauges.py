"""Figures of the moment for ``/metrics``, and whether the database answers at all.

No count runs past ``MOST``: a page of metrics may not cost more as the house grows.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from portal import clock, db
from portal.ledger import outbox
from portal.models.heartbeats import SILENT_AFTER, Heartbeat
from portal.models.tasks import Task
from portal.models.troubles import Trouble

MOST = 1001


class Gauge(NamedTuple):
    """Name, help, labels and value."""

    name: str
    help: str
    labels: tuple[tuple[str, str], ...]
    value: float


def ask_database() -> None:
    """One small question; raises where the database does not answer or has no schema."""
    with db.reading() as conn:
        conn.execute(sa.select(Heartbeat.name).limit(1)).first()


def signs_of_life(now: datetime) -> dict[str, int]:
    """Seconds since each role's last sign of life; a role that never ran is not there."""
    with db.reading() as conn:
        beats = conn.execute(sa.select(Heartbeat.name, Heartbeat.beat_at)).all()
    return {str(name): max(0, int((now - beat_at).total_seconds())) for name, beat_at in beats}


def is_silent(seconds: int) -> bool:
    """Whether a role that showed its last sign of life so long ago is taken to be dead."""
    return seconds > SILENT_AFTER.total_seconds()


def is_anything_owed(now: datetime) -> bool:
    """Whether an effect has been due for a moment and nobody has carried it out."""
    with db.reading() as conn:
        return bool(outbox.pending_age(conn, now))


def read() -> Iterator[Gauge]:
    """Signs of life, what waits to be sent, and what is open (at most ``MOST``)."""
    now = clock.now()
    with db.reading() as conn:
        for role, age in signs_of_life(now).items():
            labels = (("role", role),)
            yield Gauge("portal_heartbeat_age_seconds", "Since a role's sign of life.", labels, age)
        waiting = outbox.pending_age(conn, now).total_seconds()
        yield Gauge("portal_outbox_age_seconds", "Age of what waits longest.", (), waiting)
        for name, column in (("tasks", Task.state), ("troubles", Trouble.state)):
            few = sa.select(sa.literal(1)).where(column == "open").limit(MOST).subquery()
            count = conn.execute(sa.select(sa.func.count()).select_from(few)).scalar_one()
            yield Gauge(f"portal_open_{name}", f"Open {name}, at most {MOST}.", (), float(count))
