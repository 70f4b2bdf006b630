"""Finds the stretch of a process that began last before a moment, however many it has."""

from alembic import op

revision = "20261217_stretches_began"
down_revision = "20261216_insights"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_stretches_began", "stretches", ["process_id", "from_at"])
