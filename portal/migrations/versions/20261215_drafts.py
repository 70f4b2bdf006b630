"""Which page kept a draft, so that no other device's is written over, and in which language."""

import sqlalchemy as sa
from alembic import op

revision = "20261215_drafts"
down_revision = "20261214_batches"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("drafts", sa.Column("page", sa.String(), nullable=True))
    op.add_column("drafts", sa.Column("language", sa.String(), nullable=True))
