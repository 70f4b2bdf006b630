"""The schema, one step a file: ``upgrade(database)`` brings any earlier database up to now.

All steps that are missing are one transaction: what is cut off is begun anew by the next.

Two processes that start at once must not both migrate: PostgreSQL holds an advisory lock
meanwhile, SQLite a file lock. A statement that waits for a lock of somebody else's gives up
after ten seconds instead of holding up the whole portal behind it.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from portal.db import Database

_LOCK = 7_670_167_842  # any number, the same everywhere


def upgrade(database: Database) -> None:
    """Apply every revision that this database does not have yet; safe to repeat."""
    if not missing_revisions(database):
        return
    with _alone(database) as conn:
        config = _config()
        config.attributes["connection"] = conn
        command.upgrade(config, "head")


def missing_revisions(database: Database) -> list[str]:
    """Revisions not yet applied, oldest first; all of them on an empty database."""
    script = ScriptDirectory.from_config(_config())
    with database.engine.connect() as conn:
        applied = set(MigrationContext.configure(conn).get_current_heads())
    known = [r.revision for r in script.walk_revisions()]
    newer = known[: known.index(next(iter(applied)))] if applied & set(known) else known
    return list(reversed(newer))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _alone(database: Database) -> Iterator[Connection]:
    if database.is_sqlite:
        lock = _file_lock(Path(f"{database.url.database}.migrating"))
        with lock, database.engine.connect() as conn:
            # SQLite rebuilds tables by rename; foreign keys would follow the old one.
            conn.exec_driver_sql("PRAGMA foreign_keys=OFF")
            # Its driver begins nothing by itself: each statement would be kept, and waited for,
            # alone, and one that is cut off would leave half a step behind.
            conn.exec_driver_sql("BEGIN IMMEDIATE")
            yield conn
            conn.exec_driver_sql("PRAGMA foreign_keys=ON")
        return
    with database.engine.connect() as conn:
        conn.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
        conn.execute(sa.text("SET lock_timeout = '10s'"))
        conn.commit()
        try:
            yield conn
        finally:
            conn.rollback()
            conn.execute(sa.text("RESET lock_timeout"))
            conn.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))
            conn.commit()


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
