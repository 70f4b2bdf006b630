"""Files that arrive piece by piece, each piece a request of its own."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Upload(Base):
    """A file on its way: ``reached`` of its ``length`` bytes are here, and checked.

    ``fence`` names whoever sends the next piece: each request takes a new one, and what an older
    one still brings is refused. ``result`` is empty until all is here, then ``staged``, or
    ``repeated`` where the very same file was here already. It goes some days after the last
    piece, or when its task is closed.
    """

    __tablename__ = "uploads"
    __table_args__ = (
        sa.Index("ix_uploads_task", "task_id"),
        sa.Index("ix_uploads_process", "process_id"),
        sa.Index("ix_uploads_moved", "moved_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    task_id: Mapped[str] = mapped_column(sa.ForeignKey("tasks.id"))
    participant_id: Mapped[str] = mapped_column(sa.ForeignKey("participants.id"))
    document: Mapped[str]
    name: Mapped[str]
    length: Mapped[int]
    reached: Mapped[int]
    pieces: Mapped[int]
    fence: Mapped[int]
    storage_id: Mapped[str] = mapped_column(unique=True)
    result: Mapped[str | None]
    begun_at: Mapped[datetime]
    moved_at: Mapped[datetime]


class Piece(Base):
    """A piece that arrived whole: the bytes from ``start`` to before ``end``, and their digest.

    The key is what lets two requests at once bring the same bytes only once.
    """

    __tablename__ = "upload_pieces"

    upload_id: Mapped[str] = mapped_column(sa.ForeignKey("uploads.id"), primary_key=True)
    start: Mapped[int] = mapped_column(primary_key=True)
    end: Mapped[int]
    sha256: Mapped[str]
