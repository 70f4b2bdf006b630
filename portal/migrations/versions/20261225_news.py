"""A ledger with news says so in ``anchored``, so that each event more writes no index."""

import sqlalchemy as sa
from alembic import op

revision = "20261225_news"
down_revision = "20261224_leaner"


def upgrade() -> None:
    """Mark the ledgers with events that no checkpoint covers, and find them by the mark."""
    op.drop_index("ix_ledger_heads_news", "ledger_heads")
    op.execute("UPDATE ledger_heads SET anchored = -1 WHERE seq > anchored")
    is_news = sa.text("anchored < 0")
    op.create_index(
        "ix_ledger_heads_news", "ledger_heads", ["log"],
        sqlite_where=is_news, postgresql_where=is_news,
    )  # fmt: skip
