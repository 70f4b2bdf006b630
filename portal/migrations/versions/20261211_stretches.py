"""Who held the work from when to when, told by the ledgers; a follower fills it from the start."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261211_stretches"
down_revision = "20261210_digests"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "stretches",
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("place", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("definition", sa.String(), nullable=False),
        sa.Column("version", _NUMBER, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("court", sa.String(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("why", "step", "scope")),
        sa.Column("round", _NUMBER, nullable=True),
        *(sa.Column(name, sa.String(), nullable=True) for name in ("kind", "task_id")),
        *(
            sa.Column(name, sa.String(), nullable=True)
            for name in ("participant_id", "user_id", "team_id")
        ),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("from_at", UTCDateTime(), nullable=False),
        sa.Column("to_at", UTCDateTime(), nullable=True),
        sa.Column("from_seq", _NUMBER, nullable=False),
        sa.Column("to_seq", _NUMBER, nullable=True),
        sa.CheckConstraint(
            "court in ('ours', 'theirs', 'system', 'nobody')", name="stretches_court"
        ),
        sa.PrimaryKeyConstraint("process_id", "place"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stretches_told",
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("seq", _NUMBER, nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("process_id"),
    )
    op.create_table(
        "followers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("upto", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
