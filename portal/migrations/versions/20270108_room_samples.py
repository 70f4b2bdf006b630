"""Samples that auditors from outside draw in their rooms."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20270108_room_samples"
down_revision = "20270107_rooms"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "room_samples",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("size", _NUMBER, nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("is_given", sa.Boolean(), nullable=False),
        sa.Column("population_sha256", sa.String(), nullable=False),
        sa.Column("total", _NUMBER, nullable=False),
        sa.Column("process_ids", sa.JSON(), nullable=False),
        sa.Column("drawn_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "room_id", "seed", "size", "population_sha256", name="room_samples_once"
        ),
    )
