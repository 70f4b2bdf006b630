"""One-time codes: the rows that they are derived from."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261125_codes"
down_revision = "20261121_first"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "codes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("link_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["links.id"]),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"]),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_codes_link", "codes", ["link_id", "made_at"], unique=False)
    op.create_index("ix_codes_task", "codes", ["task_id", "session_id"], unique=False)
    op.create_index("ix_codes_made", "codes", ["made_at"], unique=False)
