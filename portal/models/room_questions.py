"""What an outside auditor asks in a room, what staff answer, and who of them does."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, where


class RoomAnswerer(Base):
    """Somebody who answers for a room beside whoever opened it."""

    __tablename__ = "room_answerers"

    room_id: Mapped[str] = mapped_column(sa.ForeignKey("rooms.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)


class RoomQuestion(Base):
    """One question, ``number`` in its room, about the room as a whole or one process in it.

    ``waits_on`` is ``staff`` since ``since`` while an answer is owed, else ``None``.
    """

    __tablename__ = "room_questions"
    __table_args__ = (
        sa.UniqueConstraint("room_id", "number", name="room_questions_number"),
        sa.CheckConstraint("waits_on = 'staff'", name="room_questions_waits_on"),
        sa.Index("ix_room_questions_process", "process_id"),
        sa.Index("ix_room_questions_waits", "since", **where("waits_on IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(sa.ForeignKey("rooms.id"))
    number: Mapped[int]
    process_id: Mapped[str | None] = mapped_column(sa.ForeignKey("processes.id"))
    waits_on: Mapped[str | None]
    since: Mapped[datetime | None]


class RoomMessage(Base):
    """What was written of a question: by the auditor, or by a member of staff (``user_id``).

    It is never changed but by an erasure, which leaves an empty ``text``. ``once`` is the page that
    was sent.
    """

    __tablename__ = "room_messages"
    __table_args__ = (
        sa.Index("ix_room_messages_question", "question_id", "id"),
        sa.UniqueConstraint("once", name="room_messages_once"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    question_id: Mapped[str] = mapped_column(sa.ForeignKey("room_questions.id"))
    user_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"))
    text: Mapped[str]
    at: Mapped[datetime]
    once: Mapped[str | None]
