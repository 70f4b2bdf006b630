"""The migrations make exactly the tables that the models describe, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import portal.ledger.tables
import portal.models  # noqa: F401 - every table must be known
from portal import db
from portal.migrations import missing_revisions, upgrade


def test_the_migrations_end_where_the_models_are(database: db.Database) -> None:
    with database.engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, db.Base.metadata) == []


def test_migrating_again_changes_nothing(database: db.Database) -> None:
    assert missing_revisions(database) == []
    upgrade(database)
    assert missing_revisions(database) == []
