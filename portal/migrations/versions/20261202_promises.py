"""The day by which whoever has a task said that it will be done."""

import sqlalchemy as sa
from alembic import op

revision = "20261202_promises"
down_revision = "20261202_preferences"


def upgrade() -> None:
    """Add the column."""
    op.add_column("tasks", sa.Column("promised_on", sa.Date(), nullable=True))
