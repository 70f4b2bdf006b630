"""Readers of the page alone, over the whole application at a stopped clock."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from portal import db, installation
from portal.actions import people as verbs
from portal.clock import Clock
from portal.settings import Settings
from tasks import job
from tests import people
from tests.journeys.readers import Reader
from tests.servers import Smtp


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, smtp_server: Smtp
) -> Iterator[tuple[Flask, Settings]]:
    """The application, made once for a module; each test binds a database of its own."""
    data = tmp_path_factory.mktemp("house")
    shutil.copyfile(sqlite_template, data / "portal.sqlite3")
    settings = Settings.load(
        {
            "PORTAL_DATA_DIR": str(data),
            "PORTAL_SMTP_URL": smtp_server.url,
            "PORTAL_BASE_URL": "https://portal.example",
            "PORTAL_SECRET_KEYS": "k" * 40,
            "PORTAL_OUTBOUND_ALLOW": "127.0.0.0/8",
        }
    )
    before = installation.current
    app = create_app(settings)
    job.open_house(settings)
    db.current().close()
    yield app, settings
    installation.current = before


@pytest.fixture
def reader(house: tuple[Flask, Settings], sqlite: db.Database, clock: Clock, smtp: Smtp) -> Reader:
    """Somebody with the page before them and a portal to try it on."""
    people.settle()
    ada = people.staff("ada")
    tokens = {
        name: verbs.make_token(name, f"{name}@example.com", False, actor=ada)
        for name in ("ada", "dana", "finn", "fay", "olga")
    }
    return Reader(house[0], smtp, tokens)
