"""Batches: one verb for many, row by row."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261214_batches"
down_revision = "20261213_searching"


def upgrade() -> None:
    """Add the two tables."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "batches",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("version", number, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("how", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("begun_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_batches_made_by", "batches", ["made_by", "id"])
    op.create_table(
        "batch_rows",
        sa.Column(
            "batch_id",
            sa.String(),
            sa.ForeignKey("batches.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("n", number, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("process_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "n"),
    )
    op.create_index("ix_batch_rows_state", "batch_rows", ["batch_id", "state", "n"])
