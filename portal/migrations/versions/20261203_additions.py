"""Steps that are added to one running process, and the text it then runs under."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261203_additions"
down_revision = "20261202_promises"


def upgrade() -> None:
    """Make the table and the column."""
    op.add_column("definitions", sa.Column("process_id", sa.String(), nullable=True))
    op.create_table(
        "added_steps",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("near", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("side in ('before', 'after')", name="added_steps_side"),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("process_id", "step"),
    )
