"""Whether somebody outside wants their reminders in one mail a day."""

import sqlalchemy as sa
from alembic import op

revision = "20261210_digests"
down_revision = "20261209_snoozes"


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "preferences",
        sa.Column("has_digest", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
