"""Evidence packs and the processes in them."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20270104_packs"
down_revision = "20270104_one_default"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "packs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("files", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=True),
        sa.Column("how", sa.JSON(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("begun_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("kept_until", UTCDateTime(), nullable=True),
        sa.Column("round", _NUMBER, nullable=False),
        sa.Column("storage_id", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("size", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_packs_made_by", "packs", ["made_by", "id"])
    op.create_index("ix_packs_kept_until", "packs", ["kept_until"])
    _make_parts()


def _make_parts() -> None:
    op.create_table(
        "pack_parts",
        sa.Column("pack_id", sa.String(), nullable=False),
        sa.Column("n", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("round", _NUMBER, nullable=False),
        sa.Column("events", _NUMBER, nullable=True),
        sa.Column("head", sa.String(), nullable=True),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("fault", sa.String(), nullable=True),
        sa.Column("storage_id", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["pack_id"], ["packs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("pack_id", "n"),
        sa.UniqueConstraint("pack_id", "process_id", name="pack_parts_once"),
    )
    op.create_index("ix_pack_parts_process", "pack_parts", ["process_id"])
    op.create_index("ix_pack_parts_state", "pack_parts", ["pack_id", "state", "n"])
