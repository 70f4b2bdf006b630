"""Where time goes, added up by the week: rows told by the ledger, to be dropped and refilled.

``actions/insights.py`` writes them in the transaction in which ``actions/stretches.py`` tells the
same events, so that each event is counted once. A ``week`` is the date of its Monday in UTC, that
of the moment at which a thing ended. Names are nowhere here; they are looked up.
"""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base

COUNTED = (
    "started", "completed", "rejected", "cancelled", "exceptions", "reminders", "done", "with_due",
    "late",
)  # fmt: skip
"""What is counted: starts and ends of processes, exceptions opened, reminders sent, tasks done, of
those the ones with a due time, and of those the late ones."""
STEP_OF_BUCKETS = 1.08
"""A bucket reaches this many times as far as the one before: a span is known to 4 %."""


class InsightTime(Base):
    """Time that ended in a week, of one step in one court; ``team_id`` is ``""`` for no team.

    ``step`` is ``""`` where nothing was at hand. ``n`` stretches lasted ``seconds`` together.
    """

    __tablename__ = "insight_time"

    week: Mapped[date] = mapped_column(sa.Date(), primary_key=True)
    definition: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(primary_key=True)
    court: Mapped[str] = mapped_column(primary_key=True)
    team_id: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]
    seconds: Mapped[int]


class InsightCount(Base):
    """How often something of ``COUNTED`` happened in a week in a definition's processes."""

    __tablename__ = "insight_counts"

    week: Mapped[date] = mapped_column(sa.Date(), primary_key=True)
    definition: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]


class InsightCycle(Base):
    """How many processes that were completed in a week took how long, by ``bucket``.

    A span of *s* seconds lies in bucket ``floor(log(s) / log(STEP_OF_BUCKETS))``.
    """

    __tablename__ = "insight_cycles"

    week: Mapped[date] = mapped_column(sa.Date(), primary_key=True)
    definition: Mapped[str] = mapped_column(primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    n: Mapped[int]


class InsightParty(Base):
    """Time that ended in a week while somebody held tasks, ``done`` and ``late`` of theirs.

    ``party`` is ``user:ID``, ``team:ID`` or ``outside:DIGEST`` (``access.pseudonyms``);
    ``participant_id`` is one of those who they were, by which their name is found.
    """

    __tablename__ = "insight_parties"

    week: Mapped[date] = mapped_column(sa.Date(), primary_key=True)
    definition: Mapped[str] = mapped_column(primary_key=True)
    party: Mapped[str] = mapped_column(primary_key=True)
    participant_id: Mapped[str]
    n: Mapped[int]
    seconds: Mapped[int]
    done: Mapped[int]
    late: Mapped[int]


class InsightAlarm(Base):
    """That the owner of a definition was told that its exceptions doubled, and when last."""

    __tablename__ = "insight_alarms"

    definition: Mapped[str] = mapped_column(primary_key=True)
    told_on: Mapped[date] = mapped_column(sa.Date())
