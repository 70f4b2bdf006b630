"""What processes are found by. The scheduler fills it from the ledgers, some at a time."""

import sqlalchemy as sa
from alembic import op

from portal.models.searching import Places, ddl

revision = "20261213_searching"
down_revision = "20261212_book"


def upgrade() -> None:
    """Add the table, and the index that follows it."""
    op.create_table(
        "search_documents",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("told", Places(), nullable=False),
        sa.Column("words", Places(), nullable=False),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"]),
        sa.PrimaryKeyConstraint("n"),
        sa.UniqueConstraint("process_id", "part", name="search_documents_part"),
    )
    for statement in ddl(op.get_bind().dialect.name):
        op.execute(sa.text(statement.replace(":", "\\:")))
