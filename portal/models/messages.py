"""Mails the portal sent, and what became of them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Mail(Base):
    """One mail to one address; ``id`` is its outbox row's, and part of its Message-ID.

    ``state``: ``taken`` (the mail server took it), ``refused``, ``bounced``.
    """

    __tablename__ = "mails"
    __table_args__ = (sa.Index("ix_mails_process", "process_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str | None] = mapped_column(sa.ForeignKey("processes.id"))
    task_id: Mapped[str | None]
    kind: Mapped[str]
    to: Mapped[str]
    subject: Mapped[str]
    state: Mapped[str]
    said: Mapped[str | None]
    settled_at: Mapped[datetime]
