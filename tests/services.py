"""Fixtures for the real services; each is started when a test first asks for it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers import Portal, Postgres, Redis, Smtp, chromium, portal_on, short_folder

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Debian's Chromium would look for updates and peers; a test machine has no business with either.
_QUIET = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for the whole run; ``postgres.create()`` is a new database."""
    with short_folder() as home:
        server = Postgres(home)
        yield server
        server.stop()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis for the whole run."""
    with short_folder() as home:
        server = Redis(home)
        yield server
        server.stop()


@pytest.fixture
def redis(redis_server: Redis) -> Redis:
    """The Redis of the run, running and empty."""
    if not redis_server.is_answering():
        redis_server.start()
    redis_server.flush()
    return redis_server


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[Smtp]:
    """A mail server for the whole run."""
    server = Smtp().start()
    yield server
    server.stop()


@pytest.fixture
def smtp(smtp_server: Smtp) -> Smtp:
    """The mail server of the run, running, empty and well-behaved."""
    if smtp_server.controller is None:
        smtp_server.start()
    smtp_server.clear()
    return smtp_server


@pytest.fixture
def start_portal(tmp_path: Path) -> Iterator[Callable[..., Portal]]:
    """Start portals with settings of the test's own; all end with the test."""
    started: list[Portal] = []

    def start(**settings: str) -> Portal:
        portal = portal_on(tmp_path / f"portal{len(started)}", **settings)
        started.append(portal)
        return portal.start()

    yield start
    for portal in started:
        portal.stop()


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A running portal on SQLite with the built-in mail catcher, for a module's tests."""
    running = portal_on(tmp_path_factory.mktemp("portal") / "data").start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """A real Chromium for the whole run; ``browser.new_context(...)`` is a fresh visitor."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=list(_QUIET))
        yield running
        running.close()
