"""Rooms in which somebody from outside audits, for a time, what was granted and nothing else."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Room(Base):
    """One grant to one auditor.

    ``scope`` has ``definitions`` (keys), ``since`` and ``until`` (moments of the start, the last
    not included), ``states``, or ``processes`` (ids) alone; what is not in it leaves a side open.
    It never changes. ``generation`` is that of the link; ``files``: with what people sent.
    """

    __tablename__ = "rooms"
    __table_args__ = (sa.Index("ix_rooms_email", "email"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    auditor: Mapped[str]
    email: Mapped[str]
    scope: Mapped[dict[str, Any]]
    files: Mapped[bool]
    generation: Mapped[int]
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(sa.ForeignKey("users.id"))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]


class RoomSession(Base):
    """A browser that came by the link; it sees nothing before ``proved_at``."""

    __tablename__ = "room_sessions"
    __table_args__ = (
        sa.UniqueConstraint("secret_sha256", name="room_sessions_secret"),
        sa.Index("ix_room_sessions_room", "room_id"),
        sa.Index("ix_room_sessions_entered", "entered_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(sa.ForeignKey("rooms.id"))
    secret_sha256: Mapped[str]
    entered_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    proved_at: Mapped[datetime | None]


class RoomCode(Base):
    """One code to the auditor's address, good in the browser that asked for it."""

    __tablename__ = "room_codes"
    __table_args__ = (
        sa.Index("ix_room_codes_room", "room_id", "made_at"),
        sa.Index("ix_room_codes_session", "session_id"),
        sa.Index("ix_room_codes_made", "made_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(sa.ForeignKey("rooms.id"))
    session_id: Mapped[str] = mapped_column(sa.ForeignKey("room_sessions.id"))
    tries: Mapped[int]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class RoomSample(Base):
    """So many processes of the population, as a seed picks them; what is drawn is never changed.

    ``population_sha256`` and ``total`` are of the list it was drawn from; ``process_ids`` stand in
    the order of their ranks; ``is_given``: the auditor brought the seed.
    """

    __tablename__ = "room_samples"
    __table_args__ = (
        sa.UniqueConstraint(
            "room_id", "seed", "size", "population_sha256", name="room_samples_once"
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    room_id: Mapped[str] = mapped_column(sa.ForeignKey("rooms.id"))
    size: Mapped[int]
    seed: Mapped[str]
    is_given: Mapped[bool]
    population_sha256: Mapped[str]
    total: Mapped[int]
    process_ids: Mapped[list[Any]]
    drawn_at: Mapped[datetime]
