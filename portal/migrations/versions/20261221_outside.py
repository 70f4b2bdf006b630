"""Whom the subjects of a sign-in provider are here."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261221_outside"
down_revision = "20261220_views"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "outside_identities",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("bound_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("issuer", "subject"),
        sa.UniqueConstraint("user_id", name="outside_identities_user"),
    )
