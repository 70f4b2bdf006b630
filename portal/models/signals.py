"""Signals: what happened outside, told to a process by a program or by staff."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Signal(Base):
    """One signal that came before any step waited for it; ``taken_at`` once one did.

    ``data`` holds what came with it under ``data``, as `facts.pack` does.
    """

    __tablename__ = "signals"
    __table_args__ = (
        sa.Index("ix_signals_waiting", "process_id", "name",
                 sqlite_where=sa.text("taken_at IS NULL"),
                 postgresql_where=sa.text("taken_at IS NULL")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    name: Mapped[str]
    data: Mapped[dict[str, Any]]
    came_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
