"""What somebody outside has typed and not sent yet: kept for days, on every device of theirs."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Draft(Base):
    """The controls of one task's page as one person left them, each with its values.

    No part of any record: it goes when the task is closed, and after two weeks.
    """

    __tablename__ = "drafts"
    __table_args__ = (sa.Index("ix_drafts_kept", "kept_at"),)

    task_id: Mapped[str] = mapped_column(sa.ForeignKey("tasks.id"), primary_key=True)
    participant_id: Mapped[str] = mapped_column(sa.ForeignKey("participants.id"), primary_key=True)
    typed: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]
    page: Mapped[str | None]
    """The once-number of the page that kept it."""
    language: Mapped[str | None]
    """The language that was read, by which numbers were typed."""
