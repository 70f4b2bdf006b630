"""Handoffs: since when somebody holds a task, until when they should have taken it up."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261126_handoffs"
down_revision = "20261125_mine"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Both databases take a column that may not be empty only with something to put there.
_LONG_AGO = "1970-01-01 00:00:00+00:00"


def upgrade() -> None:
    """Add the columns; whoever holds a task has had it since it was opened, for all we know."""
    for column in (
        sa.Column("offered_at", UTCDateTime(), nullable=False, server_default=_LONG_AGO),
        sa.Column("handoff", _NUMBER, nullable=False, server_default="1"),
        sa.Column("pick_up_by", UTCDateTime(), nullable=True),
        sa.Column("missed_at", UTCDateTime(), nullable=True),
        sa.Column("passed_on", sa.JSON(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("delegation", sa.JSON(none_as_null=True), nullable=True),
    ):
        op.add_column("tasks", column)
    op.execute("UPDATE tasks SET offered_at = opened_at")
    _index("ix_tasks_missed", "missed_at", "missed_at IS NOT NULL")
    _index("ix_tasks_delegation", "process_id", "delegation IS NOT NULL")


def _index(name: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "tasks", [column], sqlite_where=where, postgresql_where=where)
