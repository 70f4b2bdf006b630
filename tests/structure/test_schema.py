"""The migrations make exactly the tables that the models describe, on both databases."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import portal.ledger.tables
import portal.migrations
import portal.models
from portal import db
from portal.migrations import missing_revisions, upgrade


def is_of_models(_thing: object, name: str | None, *_: object) -> bool:
    """Not the full-text index, which each database makes in its own way."""
    return not (name or "").startswith("search_index")


def test_the_migrations_end_where_the_models_are(database: db.Database) -> None:
    with database.engine.connect() as conn:
        opts = {"compare_type": True, "include_object": is_of_models}
        context = MigrationContext.configure(conn, opts=opts)
        assert compare_metadata(context, db.Base.metadata) == []


def test_migrating_again_changes_nothing(database: db.Database) -> None:
    assert missing_revisions(database) == []
    upgrade(database)
    assert missing_revisions(database) == []


def test_the_last_revision_is_named_as_the_newest_file() -> None:
    """By that ``portal up`` knows that there is nothing to do, without the seconds of imports."""
    script = ScriptDirectory(str(Path(portal.migrations.__file__).parent))
    files = sorted(path.stem for path in Path(script.dir, "versions").glob("[0-9]*.py"))
    assert script.get_heads() == files[-1:]
