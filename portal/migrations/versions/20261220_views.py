"""Saved views of the lists."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261220_views"
down_revision = "20261219_looks"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "saved_views",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("page", "name", "query")),
        sa.Column("team_id", sa.String(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("user_id", "page", "name", name="saved_views_name"),
    )
    op.create_index("ix_saved_views_team", "saved_views", ["team_id", "page"])
