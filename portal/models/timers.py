"""Moments at which the portal will do something; only pending ones are kept."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Timer(Base):
    """One moment of one task, or the end of a round that only waits.

    Of a task ``pick_up`` (of its nth handoff), ``remind`` (rung n), ``due``, ``escalate`` (rung
    n), ``timeout``, ``overdue``; of a wait ``wait``.
    Deleted when it rings or when the task or the round closes; the ledger has the history.
    """

    __tablename__ = "timers"
    __table_args__ = (
        sa.UniqueConstraint("task_id", "kind", "rung"),
        sa.Index("ix_timers_run", "run_id", "kind"),
        sa.Index("ix_timers_rings", "rings_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("step_runs.id"))
    task_id: Mapped[str | None] = mapped_column(sa.ForeignKey("tasks.id"))
    kind: Mapped[str]
    rung: Mapped[int]
    rings_at: Mapped[datetime]
    what: Mapped[dict[str, Any]]
