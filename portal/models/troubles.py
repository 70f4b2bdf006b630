"""Exceptions: what went wrong and needs a person. Named so that nobody raises it."""

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.definition.durations import Duration

Kind = Literal[
    "expression", "nobody", "bounced", "overdue", "effect", "run", "call", "ledger", "file",
    "control", "declined", "malware", "scanner",
]  # fmt: skip
"""What goes wrong; `readings/stuck.py` says of each why it stands."""
TOLD_AFTER = tuple(map(Duration.parse, ("1 business day", "3 business days", "5 business days")))
"""How long an exception stands open until its owner is told once more; how long then until the
admins are told too; and then again and again."""


def told_again_after(rung: int) -> Duration:
    """How long after it was told for the ``rung``-th time it is told again."""
    return TOLD_AFTER[min(rung, len(TOLD_AFTER) - 1)]


class Trouble(Base):
    """One exception of one process; ``once`` keeps the same one from opening twice.

    ``kind`` is one of ``Kind``. ``effect`` is what failed, where it was something owed to the
    outside: its kind and ref, as the outbox had them; a retry owes just that. ``proposal`` is a
    way out that waits for a second person: ``{how, by, name, reason}``. Still open at ``tell_at``
    it is told again; ``rung`` counts how often it was.
    """

    __tablename__ = "troubles"
    __table_args__ = (
        sa.UniqueConstraint("process_id", "once"),
        sa.Index("ix_troubles_state", "state", "opened_at", "id"),
        sa.Index("ix_troubles_tell", "tell_at", sqlite_where=sa.text("tell_at IS NOT NULL"),
                 postgresql_where=sa.text("tell_at IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    once: Mapped[str]
    step: Mapped[str | None]
    scope: Mapped[str] = mapped_column(default="")
    task_id: Mapped[str | None]
    kind: Mapped[str]
    message: Mapped[str]
    effect: Mapped[dict[str, Any] | None]
    proposal: Mapped[dict[str, Any] | None]
    state: Mapped[str]
    owner_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"))
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    rung: Mapped[int] = mapped_column(default=0)
    tell_at: Mapped[datetime | None]
