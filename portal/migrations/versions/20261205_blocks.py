"""What keeps somebody from doing a task: a question that says so, and since when."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261205_blocks"
down_revision = "20261204_uploads"


def upgrade() -> None:
    """Add the columns."""
    op.add_column(
        "questions",
        sa.Column("is_block", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("tasks", sa.Column("blocked_since", UTCDateTime(), nullable=True))
