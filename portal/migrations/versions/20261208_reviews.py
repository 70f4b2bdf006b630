"""What people said of whether a definition still matches reality: each time who, when and why."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261208_reviews"
down_revision = "20261208_requests"


def upgrade() -> None:
    """Add the table, and keep what was confirmed last."""
    op.create_table(
        "definition_reviews",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=True),
        sa.Column("said_by_name", sa.String(), nullable=False),
        sa.Column("said_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_definition_reviews_key", "definition_reviews", ["key", "id"])
    op.execute(
        "INSERT INTO definition_reviews"
        " (id, key, version, holds, note, said_by, said_by_name, said_at)"
        " SELECT d.id, d.key, d.version, TRUE, '', d.confirmed_by, COALESCE(u.name, ''),"
        " d.confirmed_at FROM definitions d LEFT JOIN users u ON u.id = d.confirmed_by"
        " WHERE d.confirmed_at IS NOT NULL"
    )
