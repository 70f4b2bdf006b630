"""Rooms of outside auditors, the browsers in them, and their codes."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20270107_rooms"
down_revision = "20270107_one_hold"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "rooms",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("auditor", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("files", sa.Boolean(), nullable=False),
        sa.Column("generation", _NUMBER, nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("from_at", UTCDateTime(), nullable=False),
        sa.Column("until_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("looked_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["opened_by"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_rooms_email", "rooms", ["email"])
    _make_sessions()
    _make_codes()


def _make_sessions() -> None:
    op.create_table(
        "room_sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("secret_sha256", sa.String(), nullable=False),
        sa.Column("entered_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("proved_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_sha256", name="room_sessions_secret"),
    )
    op.create_index("ix_room_sessions_room", "room_sessions", ["room_id"])
    op.create_index("ix_room_sessions_entered", "room_sessions", ["entered_at"])


def _make_codes() -> None:
    op.create_table(
        "room_codes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("tries", _NUMBER, nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"]),
        sa.ForeignKeyConstraint(["session_id"], ["room_sessions.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_room_codes_room", "room_codes", ["room_id", "made_at"])
    op.create_index("ix_room_codes_session", "room_codes", ["session_id"])
    op.create_index("ix_room_codes_made", "room_codes", ["made_at"])
