"""Who looked at which file: what was handed out, and the pages that were shown."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base

SAVED, PAGE, TEXT = "saved", "page", "text"


class Look(Base):
    """One look at a file, by a participant or by a user.

    ``how``: ``saved`` (its bytes were handed out), ``page`` (the picture of page ``page``) or
    ``text``; of these ``rendition`` is the digest of what was made to be shown. Each saving is a
    look of its own; the same page to the same person is one within an hour, which ``once`` sees
    to. What was sent to a browser is written here, not what somebody read.
    """

    __tablename__ = "looks"
    __table_args__ = (
        sa.Index("ix_looks_file", "file_id", "at"),
        sa.Index("ix_looks_process", "process_id", "at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    file_id: Mapped[str]
    task_id: Mapped[str | None] = mapped_column(sa.ForeignKey("tasks.id"))
    participant_id: Mapped[str | None] = mapped_column(sa.ForeignKey("participants.id"))
    user_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"))
    how: Mapped[str]
    page: Mapped[int] = mapped_column(default=0)
    rendition: Mapped[str | None]
    once: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime]
