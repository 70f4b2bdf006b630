"""The migrations make exactly the tables that the models describe, on both databases."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

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


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_migrating_that_is_cut_off_leaves_nothing_and_is_done_anew(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    address = f"sqlite:///{tmp_path / 'new.sqlite3'}"
    if kind == "postgresql":
        address = request.getfixturevalue("postgres").create()
    database = db.Database(address)
    before: list[str] = []

    def cut(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        before.append(statement)
        if len(before) == 300:
            raise ConnectionError("the power went")

    event.listen(database.engine, "before_cursor_execute", cut)
    with pytest.raises(ConnectionError):
        upgrade(database)
    event.remove(database.engine, "before_cursor_execute", cut)
    assert sa.inspect(database.engine).get_table_names() == []
    upgrade(database)
    assert missing_revisions(database) == []
    database.close()


def test_the_last_revision_is_named_as_the_newest_file() -> None:
    """By that ``portal up`` knows that there is nothing to do, without the seconds of imports."""
    script = ScriptDirectory(str(Path(portal.migrations.__file__).parent))
    files = sorted(path.stem for path in Path(script.dir, "versions").glob("[0-9]*.py"))
    assert script.get_heads() == files[-1:]
