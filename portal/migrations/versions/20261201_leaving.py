"""Who a definition was handed over to, other than its text says."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261201_leaving"
down_revision = "20261130_questions"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("definitions", sa.Column("handed_at", UTCDateTime(), nullable=True))
    op.add_column("definitions", sa.Column("handed_by", sa.String(), nullable=True))
    op.add_column("definitions", sa.Column("handed_reason", sa.String(), nullable=True))
