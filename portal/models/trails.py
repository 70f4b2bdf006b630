"""Audit trails that were asked for and built: one per process, ledger head and make."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Trail(Base):
    """One PDF of one process up to event ``seq``; ``storage_id`` is set once it is built.

    Its make is the language it is told in, its ``paper`` (A4 or Letter), whether it carries the
    uploaded files, and the ``zone`` (IANA) of its times; empty: that of the process or the house.
    ``level`` is that of its seal in PAdES (None: from before there was one), ``lacks`` what the
    house wanted of the seal and could not have yet: ``stamp`` or ``proofs``.
    """

    __tablename__ = "trails"
    __table_args__ = (
        sa.UniqueConstraint("process_id", "seq", "language", "paper", "with_files", "zone"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    seq: Mapped[int]
    language: Mapped[str] = mapped_column(server_default="en")
    paper: Mapped[str] = mapped_column(server_default="A4")
    with_files: Mapped[bool] = mapped_column(server_default=sa.false())
    zone: Mapped[str] = mapped_column(server_default="")
    asked_at: Mapped[datetime]
    storage_id: Mapped[str | None]
    sha256: Mapped[str | None]
    size: Mapped[int | None]
    built_at: Mapped[datetime | None]
    level: Mapped[str | None]
    lacks: Mapped[str | None]
