"""Finds in the book what somebody did, and the few lines of a kind among many reads."""

from alembic import op

revision = "20261226_book_doers"
down_revision = "20261225_news"


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_book_actor", "book", ["actor_id", "id"])
    op.create_index("ix_book_kind", "book", ["kind", "id"])
