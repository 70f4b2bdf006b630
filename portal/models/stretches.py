"""Who held the work, from when to when: rows told by the ledger, to be dropped and refilled.

``actions/stretches.py`` writes them, and nobody else, a few seconds behind the ledger;
``ledger/stretches.py`` says what a stretch is. Nothing here is the only place of anything: no
name and no address is copied, they are looked up by the ids. Whoever reads what has to be of
this very moment goes through ``readings/stretches.py``, which adds what is not yet written.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.definition.reach import Reach
from portal.models import trees
from portal.models.processes import Participant


class Stretch(Base):
    """Time in which one thing was at hand in a process; ``to_at`` is empty while it lasts.

    ``place`` numbers the stretches of a process as they began. ``what``: ``task``, ``wait``,
    ``run`` (a process within) or ``gap`` (nothing of these). ``court``: ``ours``, ``theirs``,
    ``system`` or ``nobody``. ``why``, where it is not simply its person's: ``missed``,
    ``asked``, ``blocked``, ``declined``, ``delegation`` of a task, ``signal`` or ``time`` of a
    wait, ``exception`` of a gap. ``definition`` and ``version`` are what it ran under as the
    stretch began; ``kind`` is the task's. Of a task it was held by the participant, of whom
    ``user_id`` is the member of staff (of a team the one who took it up) and ``team_id`` the
    team. ``due_at`` is by when it should have been done as it was asked, or the end of a wait.
    """

    __tablename__ = "stretches"
    __table_args__ = (
        sa.CheckConstraint(
            "court in ('ours', 'theirs', 'system', 'nobody')", name="stretches_court"
        ),
        sa.Index("ix_stretches_began", "process_id", "from_at"),
        {"sqlite_with_rowid": False},  # the stretches of a process lie side by side
    )

    process_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    definition: Mapped[str]
    version: Mapped[int]
    what: Mapped[str]
    court: Mapped[str]
    why: Mapped[str | None]
    step: Mapped[str | None]
    scope: Mapped[str | None]
    round: Mapped[int | None]
    kind: Mapped[str | None]
    task_id: Mapped[str | None]
    participant_id: Mapped[str | None]
    user_id: Mapped[str | None]
    team_id: Mapped[str | None]
    due_at: Mapped[datetime | None]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]
    from_seq: Mapped[int]
    to_seq: Mapped[int | None]


class Told(Base):
    """How far the ledger of a process is told: up to event ``seq``, which came to ``state``."""

    __tablename__ = "stretches_told"

    process_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    state: Mapped[dict[str, Any]]


class Follower(Base):
    """How far somebody who goes through all ledgers in turn has come: entry ``upto``."""

    __tablename__ = "followers"

    name: Mapped[str] = mapped_column(primary_key=True)
    upto: Mapped[int]


def kinds(conn: Connection, ids: Iterable[str]) -> dict[str, Any]:
    """Kind, user and team of participants by their ids; one statement, none for no ids."""
    wanted = set(ids)
    if not wanted:
        return {}
    query = sa.select(
        Participant.id, Participant.kind, Participant.user_id, Participant.team_id
    ).where(Participant.id.in_(wanted))
    return {row.id: row for row in conn.execute(query)}


def reaches(conn: Connection) -> Callable[[str], Reach | None]:
    """Finds the shape of a version by its digest; ``None`` where there is no such version."""

    def find(digest: str) -> Reach | None:
        tree = trees.by_digest(conn, digest)
        return Reach(tree) if tree is not None else None

    return find
