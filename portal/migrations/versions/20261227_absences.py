"""Who of the staff is away, and who stands in."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261227_absences"
down_revision = "20261226_book_doers"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "absences",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("deputy_id", sa.String(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("begins_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["deputy_id"], ["users.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_index("ix_absences_deputy_id", "absences", ["deputy_id"])
