"""How somebody outside wants to be spoken to."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261202_preferences"
down_revision = "20261201_leaving"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "preferences",
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("is_chosen", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("email"),
    )
