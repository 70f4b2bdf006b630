"""Questions about tasks, and since when one waits: reminders wait with it."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261130_questions"
down_revision = "20261129_escalations"


def upgrade() -> None:
    """Make the table and the column."""
    op.create_table(
        "questions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("waits_on", sa.String(), nullable=True),
        sa.Column("since", UTCDateTime(), nullable=True),
        sa.CheckConstraint("waits_on in ('staff', 'outside')", name="questions_waits_on"),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"]),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"]),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("task_id", "participant_id"),
    )
    op.create_index("ix_questions_process", "questions", ["process_id"], unique=False)
    op.create_index("ix_questions_waits", "questions", ["waits_on", "since", "id"], unique=False)
    op.add_column("tasks", sa.Column("asks_since", UTCDateTime(), nullable=True))
