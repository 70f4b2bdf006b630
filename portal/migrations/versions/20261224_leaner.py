"""What nobody holds stands in no index, and nothing was ever found by an event's type alone.

A step writes each index that it touches: those of a team's tasks and events were written by
every step of processes without a team.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261224_leaner"
down_revision = "20261223_trails"

_WHERE_SET = (
    ("ledger_entries", "ix_ledger_entries_team", ("team_id", "id")),
    ("ledger_entries", "ix_ledger_entries_owner", ("owner_id", "id")),
    ("tasks", "ix_tasks_holder_due", ("holder_id", "state", "due_at", "id")),
    ("tasks", "ix_tasks_team_due", ("team_id", "state", "due_at", "id")),
    ("participants", "ix_participants_email", ("email",)),
    ("participants", "ix_participants_user", ("user_id",)),
)


def upgrade() -> None:
    """Make those indexes again, of the rows that have their first column."""
    op.drop_index("ix_ledger_entries_type", "ledger_entries")
    for table, name, columns in _WHERE_SET:
        is_set = sa.text(f"{columns[0]} IS NOT NULL")
        op.drop_index(name, table)
        op.create_index(name, table, list(columns), sqlite_where=is_set, postgresql_where=is_set)
