"""Who asked about a task and has no answer yet. The words themselves stand in the ledger alone."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base

SIDES = ("staff", "outside")


class Question(Base):
    """The thread between one person outside and staff about one task.

    ``waits_on`` is the side whose turn it is (``staff`` or ``outside``) ``since`` when; ``None``
    where nothing waits for an answer. ``is_block`` while the person said that they can't go on
    with the task until staff have answered.
    """

    __tablename__ = "questions"
    __table_args__ = (
        sa.UniqueConstraint("task_id", "participant_id"),
        sa.Index("ix_questions_process", "process_id"),
        sa.Index("ix_questions_waits", "waits_on", "since", "id"),
        sa.CheckConstraint(f"waits_on in {SIDES}", name="questions_waits_on"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    task_id: Mapped[str] = mapped_column(sa.ForeignKey("tasks.id"))
    participant_id: Mapped[str] = mapped_column(sa.ForeignKey("participants.id"))
    waits_on: Mapped[str | None]
    is_block: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    since: Mapped[datetime | None]
