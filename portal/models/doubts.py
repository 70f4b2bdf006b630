"""Who said that a definition does not match reality. The words stand in the ledger alone."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Doubt(Base):
    """What somebody noticed at a task of a process of the definition ``key``, at that ``version``.

    Exactly one of ``participant_id`` (somebody outside) and ``user_id`` is who said it; neither
    where a program did. ``raised_seq`` and ``settled_seq`` are the events with the words.
    """

    __tablename__ = "doubts"
    __table_args__ = (sa.Index("ix_doubts_definition", "key", "settled_at", "raised_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    version: Mapped[int]
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    task_id: Mapped[str] = mapped_column(sa.ForeignKey("tasks.id"))
    participant_id: Mapped[str | None] = mapped_column(sa.ForeignKey("participants.id"))
    user_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"))
    raised_at: Mapped[datetime]
    raised_seq: Mapped[int]
    settled_at: Mapped[datetime | None]
    settled_seq: Mapped[int | None]
