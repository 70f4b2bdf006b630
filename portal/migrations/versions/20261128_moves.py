"""The version that a task was closed under, where its process has moved to another since."""

import sqlalchemy as sa
from alembic import op

revision = "20261128_moves"
down_revision = "20261127_drafts"


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("tasks") as tasks:
        tasks.add_column(sa.Column("closed_under", sa.String(), nullable=True))
