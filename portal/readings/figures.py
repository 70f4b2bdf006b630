"""How a definition fares, in figures: what became of the processes that it began."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import Process, Trouble


@dataclass(frozen=True, slots=True)
class Figures:
    """How many processes were started, how they stand, and how many exceptions they had."""

    started: int
    running: int
    completed: int
    rejected: int
    cancelled: int
    exceptions: int


def since(conn: Connection, key: str, moment: datetime) -> Figures:
    """The figures of the processes that were started since, of every version. Two statements."""
    begun = sa.and_(Process.key == key, Process.started_at >= moment)
    counted = sa.select(Process.state, sa.func.count()).where(begun).group_by(Process.state)
    states: dict[str, int] = {row[0]: row[1] for row in conn.execute(counted)}
    troubles = sa.select(sa.func.count()).select_from(Trouble).join(Process).where(begun)
    names = ("running", "completed", "rejected", "cancelled")
    return Figures(
        started=sum(states.values()),
        exceptions=conn.execute(troubles).scalar_one(),
        **{name: states.get(name, 0) for name in names},
    )
