"""The book at the door, and what a staff session tells of itself."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime
from portal.models.book import ddl_triggers

revision = "20261212_book"
down_revision = "20261211_stretches"


def upgrade() -> None:
    """Make the table with its triggers, and add the columns."""
    op.create_table(
        "book",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("process_id", sa.String(), nullable=True),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("once", sa.String(), nullable=True),
        sa.Column("ip", sa.String(), nullable=True),
        sa.Column("agent", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("once", name="book_once"),
    )
    op.create_index("ix_book_user", "book", ["user_id", "id"])
    op.create_index("ix_book_process", "book", ["process_id", "id"])
    for statement in ddl_triggers(op.get_bind().dialect.name):
        op.execute(statement)
    method = sa.Column("method", sa.String(), nullable=False, server_default="password")
    op.add_column("staff_sessions", method)
    op.add_column("staff_sessions", sa.Column("proved_at", UTCDateTime(), nullable=True))
