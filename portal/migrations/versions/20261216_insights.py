"""Where time goes, added up by the week; the ledgers are told anew, so that nothing is missing."""

import sqlalchemy as sa
from alembic import op

revision = "20261216_insights"
down_revision = "20261215_second_factors"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables, and begin with the first event."""
    _table("insight_time", ("step", "court", "team_id"), sums=("n", "seconds"))
    _table("insight_counts", ("what",), sums=("n",))
    op.create_table(
        "insight_cycles",
        *_keys(),
        sa.Column("bucket", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("n", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("week", "definition", "bucket"),
    )
    op.create_table(
        "insight_parties",
        *_keys(),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        *(sa.Column(name, _NUMBER, nullable=False) for name in ("n", "seconds", "done", "late")),
        sa.PrimaryKeyConstraint("week", "definition", "party"),
    )
    op.create_table(
        "insight_alarms",
        sa.Column("definition", sa.String(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("definition"),
    )
    op.execute("DELETE FROM stretches")
    op.execute("DELETE FROM stretches_told")
    op.execute("DELETE FROM followers")


def _keys() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("definition", sa.String(), nullable=False),
    )


def _table(name: str, more: tuple[str, ...], *, sums: tuple[str, ...]) -> None:
    op.create_table(
        name,
        *_keys(),
        *(sa.Column(one, sa.String(), nullable=False) for one in more),
        *(sa.Column(one, _NUMBER, nullable=False) for one in sums),
        sa.PrimaryKeyConstraint("week", "definition", *more),
    )
