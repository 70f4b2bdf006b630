"""What does not match reality, as people at their tasks told the owners of definitions."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261206_doubts"
down_revision = "20261205_blocks"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "doubts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=True),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("raised_at", UTCDateTime(), nullable=False),
        sa.Column(
            "raised_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.Column(
            "settled_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"]),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"]),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_doubts_definition", "doubts", ["key", "settled_at", "raised_at"])
