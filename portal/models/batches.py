"""Batches: one verb for many, first looked at, then done row by row by the night shift."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base

KINDS = {
    "start": "Start processes",
    "remind": "Remind people",
    "reassign": "Hand tasks over",
    "cancel": "Cancel processes",
}
"""What can be done to many at once."""


class Batch(Base):
    """What somebody wants done to many: ``draft`` until they have looked at it and said so.

    Then ``running``, at the end ``done`` or ``stopped``. ``key`` and ``version`` are the
    definition's where processes are started. ``details`` is what holds for every row: ``reason``
    and ``to``. ``how`` is how whoever asked for it was verified: ``auth``, ``ip``, ``agent``.
    """

    __tablename__ = "batches"
    __table_args__ = (sa.Index("ix_batches_made_by", "made_by", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str | None]
    version: Mapped[int | None]
    name: Mapped[str]
    state: Mapped[str]
    details: Mapped[dict[str, Any]]
    how: Mapped[dict[str, Any]]
    made_by: Mapped[str] = mapped_column(sa.ForeignKey("users.id"))
    made_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class BatchRow(Base):
    """One row of a batch, ``n`` its place (for a sheet the line in which it stands).

    ``given`` is what it says: of a start ``inputs``, ``participants``, ``reference`` and the
    ``cells`` as they were typed; else ``process`` or ``task``. ``state`` is ``ready``, ``faulty``
    (``faults``: where and what) or ``left`` (not ticked); afterwards ``done`` or ``refused``.
    ``process_id`` is the process that it is about, or that a start began.
    """

    __tablename__ = "batch_rows"
    __table_args__ = (sa.Index("ix_batch_rows_state", "batch_id", "state", "n"),)

    batch_id: Mapped[str] = mapped_column(
        sa.ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label: Mapped[str]
    given: Mapped[dict[str, Any]]
    state: Mapped[str]
    faults: Mapped[list[Any]]
    process_id: Mapped[str | None]
