"""Since when whoever has a task says that they will not do it."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261207_declines"
down_revision = "20261206_doubts"


def upgrade() -> None:
    """Add the column."""
    op.add_column("tasks", sa.Column("declined_at", UTCDateTime(), nullable=True))
