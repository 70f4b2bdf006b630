"""What was typed and not sent yet."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261127_drafts"
down_revision = "20261126_handoffs"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "drafts",
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("kept_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"]),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"]),
        sa.PrimaryKeyConstraint("task_id", "participant_id"),
    )
    op.create_index("ix_drafts_kept", "drafts", ["kept_at"], unique=False)
