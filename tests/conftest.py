"""Fixtures of every room: a stopped clock, and a database with the current schema."""

import os
import shutil
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from portal import clock as house_clock
from portal import db, installation
from portal.access import links
from tests import compiled
from tests.servers import Postgres, Slate

pytest_plugins = ["tests.services"]

# Every run tries the same examples, so that a failure is the change's own; `python3 app.py soak`
# and PORTAL_FUZZ=1 look for new ones.
settings.register_profile("seeded", derandomize=True, database=None)
if not os.environ.get("PORTAL_FUZZ"):
    settings.load_profile("seeded")

compiled.once()

DATABASES = ("sqlite", "postgresql")

# A Monday morning in winter, on which nothing special happens anywhere.
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


# What takes long begins first: two workers that share the files are then done at the same time.
LONG = ("soak", "cli", "journeys", "histories", "browser", "bench", "tasks", "web", "delivery")

# What a page or a command says hangs on no database: what it calls is tried on both elsewhere.
IN_TURN = ("web/staff", "web/participant", "web/api", "tests/cli", "tests/bench", "tests/soak")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--turns`` has each test of a page or a command run on one of the two databases only."""
    parser.addoption("--turns", action="store_true", help="try pages, commands on one database")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The rooms in which single tests take long come first, in the order of `LONG`."""
    places = {room: place for place, room in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path.parent.name, len(LONG)))
    if config.getoption("turns"):
        elsewhere = [item for item in items if _is_elsewhere(item)]
        config.hook.pytest_deselected(items=elsewhere)
        left_out = set(elsewhere)
        items[:] = [item for item in items if item not in left_out]


def _is_elsewhere(item: pytest.Item) -> bool:
    """Whether it is the half on the database whose turn it is not; a test's name decides that.

    A test that is asked for by its whole name is not left out.
    """
    if not item.path.parent.as_posix().endswith(IN_TURN) or "::" in " ".join(item.config.args):
        return False
    found = getattr(item, "callspec", None)
    given = found.params if found else {}
    database = given.get("database", given.get("kind"))
    turn = zlib.crc32(getattr(item, "originalname", item.name).encode()) % 2
    return database in DATABASES and database != DATABASES[turn]


@pytest.fixture(autouse=True)
def _as_given() -> Iterator[None]:
    """What an admin decides in one test holds in no other."""
    before = installation.given, installation.current, installation.version
    yield
    installation.given, installation.current, installation.version = before


@pytest.fixture(autouse=True)
def _keys() -> None:
    """The keys by which links are signed and people counted, in every test the same."""
    links.configure(("a key of these tests that is long enough",), "https://portal.example")


@pytest.fixture
def clock() -> Iterator[house_clock.Clock]:
    """The clock, stopped at ``MONDAY``; ``clock.advance(days=2)`` moves it on."""
    with house_clock.stopped_at(MONDAY) as stopped:
        yield stopped


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the current schema, to be copied."""
    from portal.migrations import upgrade

    path = tmp_path_factory.mktemp("template") / "portal.sqlite3"
    database = db.Database(f"sqlite:///{path}")
    upgrade(database)
    with database.engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a PostgreSQL database with the current schema, to be copied."""
    from portal.migrations import upgrade

    url = postgres.create()
    database = db.Database(url)
    upgrade(database)
    database.close()
    return url.partition("?")[0].rpartition("/")[2]


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_template: Path) -> Iterator[db.Database]:
    """A SQLite database of the test's own, bound for every room."""
    path = tmp_path / "portal.sqlite3"
    shutil.copyfile(sqlite_template, path)
    database = db.Database(f"sqlite:///{path}")
    db.bind(database)
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres_slate(postgres: Postgres, postgres_template: str) -> Iterator[Slate]:
    """A PostgreSQL database that is wiped for one test after the other."""
    slate = Slate(postgres, postgres_template)
    yield slate
    slate.drop()


@pytest.fixture
def postgresql(postgres_slate: Slate) -> Iterator[db.Database]:
    """An empty PostgreSQL database, bound for every room."""
    database = db.Database(postgres_slate.wiped())
    db.bind(database)
    yield database
    database.close()


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> db.Database:
    """Each test once on SQLite and once on PostgreSQL."""
    found: db.Database = request.getfixturevalue(request.param)
    return found
