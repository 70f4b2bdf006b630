"""Evidence packs: which processes are in one, and where what was built of each lies."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, where

KEEP_DAYS = 14
"""How long a pack that is ready can be fetched."""


class Pack(Base):
    """Evidence of many processes in one archive: ``draft`` until whoever asked has seen its size.

    Then ``running``; at the end ``done``, ``stopped`` or ``failed`` (``why``), and ``removed``
    once its bytes are gone (``why``). ``how`` is how whoever asked was verified: ``auth``, ``ip``,
    ``agent``; nobody of the staff (``made_by`` is ``None``) asked at the terminal, or the auditor
    of a room (``room_id``), of a sample they drew (``sample_id``) or not; ``once`` is the page that
    was sent there. ``language``, ``paper`` and ``zone`` are those of the audit trails in it, as of
    any trail. ``round`` counts how often what it holds was taken back: what was begun before
    is not its archive any more.
    """

    __tablename__ = "packs"
    __table_args__ = (
        sa.Index("ix_packs_made_by", "made_by", "id"),
        sa.Index("ix_packs_kept_until", "kept_until"),
        sa.Index("ix_packs_room", "room_id", **where("room_id IS NOT NULL")),
        sa.Index("ux_packs_once", "once", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    files: Mapped[bool]
    language: Mapped[str]
    paper: Mapped[str] = mapped_column(server_default="A4")
    zone: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str]
    why: Mapped[str | None]
    made_by: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"))
    room_id: Mapped[str | None] = mapped_column(sa.ForeignKey("rooms.id"))
    sample_id: Mapped[str | None] = mapped_column(sa.ForeignKey("room_samples.id"))
    once: Mapped[str | None]
    how: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    kept_until: Mapped[datetime | None]
    round: Mapped[int]
    storage_id: Mapped[str | None]
    sha256: Mapped[str | None]
    size: Mapped[int | None]


class PackPart(Base):
    """One process of a pack, ``n`` its place: ``ready`` to be built, ``built`` or ``failed``.

    ``storage_id`` names its members' bytes one behind the other, until they are in the archive;
    ``members`` are their ``{path, size, sha256, crc}``; ``left_out`` the files that are not among
    them, ``{name, why}``. ``events`` and ``head`` are those of the ledger as it was taken.
    """

    __tablename__ = "pack_parts"
    __table_args__ = (
        sa.UniqueConstraint("pack_id", "process_id", name="pack_parts_once"),
        sa.Index("ix_pack_parts_process", "process_id"),
        sa.Index("ix_pack_parts_state", "pack_id", "state", "n"),
    )

    pack_id: Mapped[str] = mapped_column(
        sa.ForeignKey("packs.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    process_id: Mapped[str]
    state: Mapped[str]
    round: Mapped[int]
    events: Mapped[int | None]
    head: Mapped[str | None]
    members: Mapped[list[Any]]
    left_out: Mapped[list[Any]]
    fault: Mapped[str | None]
    storage_id: Mapped[str | None]
    sha256: Mapped[str | None]
