"""One-time codes that were asked for; the codes themselves are nowhere (``access/codes.py``)."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Code(Base):
    """One code, good for one answer to one task in one browser session that came by one link.

    ``seal`` stands for the answer, ``page`` is the once-number of the page that asked for it,
    ``tries`` counts what was typed wrong.
    """

    __tablename__ = "codes"
    __table_args__ = (
        sa.Index("ix_codes_link", "link_id", "made_at"),
        sa.Index("ix_codes_task", "task_id", "session_id"),
        sa.Index("ix_codes_made", "made_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(sa.ForeignKey("tasks.id"))
    participant_id: Mapped[str] = mapped_column(sa.ForeignKey("participants.id"))
    link_id: Mapped[str] = mapped_column(sa.ForeignKey("links.id"))
    session_id: Mapped[str]
    seal: Mapped[str]
    page: Mapped[str]
    tries: Mapped[int]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
