"""Definitions that were made for somebody's requests, and stand in no list."""

import sqlalchemy as sa
from alembic import op

revision = "20261208_requests"
down_revision = "20261207_declines"


def upgrade() -> None:
    """Add the column."""
    op.add_column("definitions", sa.Column("made_for", sa.String(), nullable=True))
