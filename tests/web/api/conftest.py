"""Programs in a test: tokens of the cast, over the whole app and a real database."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from portal import clock as house_clock
from portal import db
from portal.actions import people as verbs
from portal.settings import Settings
from portal.web.api import entry
from tests import people


class Program:
    """A program with one of the cast's tokens."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.token = client, token

    def ask(self, method: str, path: str, status: int, **more: Any) -> TestResponse:
        """The answer, which must have this status."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        answer = self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)
        assert answer.status_code == status, answer.text
        return answer

    def get(self, path: str, status: int = 200, **more: Any) -> Any:
        """The JSON of a GET."""
        return self.ask("GET", path, status, **more).json

    def post(self, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        """The JSON of a POST."""
        return self.ask("POST", path, status, json=body, **more).json


@pytest.fixture
def app(database: db.Database, clock: house_clock.Clock, tmp_path: Path) -> Iterator[Flask]:
    """The whole web application, with the cast settled in its database."""
    url = database.url.render_as_string(hide_password=False)
    data = {"PORTAL_DATA_DIR": str(tmp_path / "data"), "PORTAL_DATABASE_URL": url}
    made = create_app(Settings.load(data))
    people.settle()
    entry.forget_callers()
    yield made
    db.current().close()


@pytest.fixture
def program(app: Flask) -> Callable[..., Program]:
    """``program("dana")`` acts for Dana; ``program("ada", is_system=True)`` for no person."""

    def make(name: str, *, is_system: bool = False) -> Program:
        ada = people.staff("ada")
        token = verbs.make_token(f"of {name}", f"{name}@example.com", is_system, actor=ada)
        return Program(app.test_client(), token)

    return make
