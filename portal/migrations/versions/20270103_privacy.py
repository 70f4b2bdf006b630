"""Erasures and holds; addresses are counted under a keyed digest and no longer under a bare one."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20270103_privacy"
down_revision = "20270101_sweeps"

_TOLD = ("stretches", "stretches_told", "insight_time", "insight_counts", "insight_cycles",
         "insight_parties")  # fmt: skip


def upgrade() -> None:
    """Make the tables, and have what was told from the ledgers told anew."""
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("ix_erasures_open", "erasures", "id", "ended_at IS NULL")
    _index("ix_erasures_subject", "erasures", "subject", "subject IS NOT NULL")
    op.create_table(
        "erasure_parts",
        sa.Column("erasure_id", sa.String(), nullable=False),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("participants", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("done_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("state in ('pending','left','done')", name="erasure_parts_state"),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"]),
        sa.PrimaryKeyConstraint("erasure_id", "process_id"),
    )
    op.create_index("ix_erasure_parts_process", "erasure_parts", ["process_id"])
    op.create_table(
        "holds",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("process_id", sa.String(), nullable=True),
        sa.Column("definition", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("placed_by", sa.String(), nullable=False),
        sa.Column("placed_at", UTCDateTime(), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("ix_holds_standing", "holds", "id", "lifted_at IS NULL")
    for table in _TOLD:
        op.execute(sa.delete(sa.table(table)))
    followers = sa.table("followers", sa.column("name", sa.String()))
    op.execute(sa.delete(followers).where(followers.c.name == "stretches"))


def _index(name: str, table: str, column: str, condition: str) -> None:
    its = sa.text(condition)
    op.create_index(name, table, [column], sqlite_where=its, postgresql_where=its)
