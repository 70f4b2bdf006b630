"""SQLite's index of words keeps which documents hold a word, and nothing that nobody asks."""

from alembic import op

from portal.models.searching import ddl_anew

revision = "20270109_leaner_search_index"
down_revision = "20270108_room_samples"


def upgrade() -> None:
    """Make the index anew from the documents, which stay as they are."""
    if op.get_bind().dialect.name == "sqlite":
        for statement in ddl_anew():
            op.get_bind().exec_driver_sql(statement)
