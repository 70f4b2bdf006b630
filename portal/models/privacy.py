"""What was erased and what must not be: requests for erasure, their processes, legal holds."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, where

BASES = {
    "request": "the person asked for it",
    "consent": "consent was withdrawn",
    "purpose": "it is no longer needed for what it was collected for",
    "duty": "the law or an authority demands it",
    "retention": "its time is over",
}
"""Why something is erased: words alone, since prose would name whom it is about."""
ASKABLE = tuple(basis for basis in BASES if basis != "retention")


class Erasure(Base):
    """One request to erase: of a ``person`` or of whole processes (``process``).

    Nothing here says who it was: ``subject`` is a keyed digest of the address
    (``access.pseudonyms``), ``reference`` the file number of the house, digits and capitals.
    ``asked_by`` is a user, or a word for the clock.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        sa.Index("ix_erasures_open", "id", **where("ended_at IS NULL")),
        sa.Index("ix_erasures_subject", "subject", **where("subject IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str | None]
    basis: Mapped[str]
    reference: Mapped[str | None]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    counts: Mapped[dict[str, Any]]
    ended_at: Mapped[datetime | None]


class ErasurePart(Base):
    """One process that an erasure reaches; ``participants`` are whose, all of it where empty.

    ``state``: ``pending``, ``left`` (``why``: ``running`` or ``hold``; tried again each night) or
    ``done``, which is what keeps it from being done twice. ``counts`` is how much of what went.
    """

    __tablename__ = "erasure_parts"
    __table_args__ = (
        sa.CheckConstraint("state in ('pending','left','done')", name="erasure_parts_state"),
        sa.Index("ix_erasure_parts_process", "process_id"),
    )

    erasure_id: Mapped[str] = mapped_column(sa.ForeignKey("erasures.id"), primary_key=True)
    process_id: Mapped[str] = mapped_column(primary_key=True)
    participants: Mapped[list[Any]]
    state: Mapped[str]
    why: Mapped[str | None]
    counts: Mapped[dict[str, Any]]
    done_at: Mapped[datetime | None]


class Hold(Base):
    """A legal hold: nothing of it is erased while it stands, by nobody and by no clock.

    It is on one of ``process_id``, ``definition`` (a key) or ``email``, on each at most one at a
    time. ``reason`` and ``email`` go when it is lifted; the row stays.
    """

    __tablename__ = "holds"
    __table_args__ = (
        sa.Index("ix_holds_standing", "id", **where("lifted_at IS NULL")),
        # A second one that nobody knows of would go on standing when the first is lifted.
        *(
            sa.Index(f"ux_holds_{on}", on, unique=True, **where("lifted_at IS NULL"))
            for on in ("process_id", "definition", "email")
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str | None] = mapped_column(sa.ForeignKey("processes.id"))
    definition: Mapped[str | None]
    email: Mapped[str | None]
    reason: Mapped[str | None]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None]
