"""The look over all stored evidence goes on where it stood."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20270101_sweeps"
down_revision = "20261227_absences"
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "sweeps",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("looked", _NUMBER, nullable=False),
        sa.Column("found", _NUMBER, nullable=False),
        sa.Column("began_at", UTCDateTime(), nullable=False),
        sa.Column("moved_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
