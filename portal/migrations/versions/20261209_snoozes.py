"""The day until which whoever has a task wants no reminder of it."""

import sqlalchemy as sa
from alembic import op

revision = "20261209_snoozes"
down_revision = "20261208_reviews"


def upgrade() -> None:
    """Add the column."""
    op.add_column("tasks", sa.Column("snoozed_on", sa.Date(), nullable=True))
