"""The desk in a test: the whole app over a real database, and members of staff signed in."""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from app import create_app
from portal import clock as house_clock
from portal import db
from portal.models import StaffSession
from portal.settings import Settings
from tests import people

_TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')
_NONCE = re.compile(r'name="_nonce" value="([^"]+)"')


class Desk:
    """One browser at the desk: reads pages, sends their forms with their own hidden controls."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, status: int = 200) -> str:
        """The page, which must have this status."""
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, path: str, *, page: str | None = None, **typed: Any) -> TestResponse:
        """Send a form to ``path``, as found on ``page`` (the same address where not said)."""
        shown = self.client.get(page or path).text
        token, nonce = _TOKEN.search(shown), _NONCE.search(shown)
        hidden = {"_csrf": token[1] if token else "", "_nonce": nonce[1] if nonce else ""}
        data = {**hidden, **typed}
        return self.client.post(path, data=data, content_type="multipart/form-data")


@pytest.fixture
def app(database: db.Database, clock: house_clock.Clock, tmp_path: Path) -> Iterator[Flask]:
    """The whole web application, with the cast settled in its database."""
    url = database.url.render_as_string(hide_password=False)
    made = create_app(
        Settings.load({"PORTAL_DATA_DIR": str(tmp_path / "data"), "PORTAL_DATABASE_URL": url})
    )
    people.settle()
    yield made
    db.current().close()


@pytest.fixture
def desk(app: Flask) -> Callable[[str], Desk]:
    """``desk("dana")``: a browser in which Dana is signed in."""

    def sign_in(name: str) -> Desk:
        secret = f"secret-of-{name}"
        row = {
            "id": f"session-{name}", "user_id": name, "started_at": house_clock.now(),
            "seen_at": house_clock.now(), "ended_at": None, "ip": None, "agent": None,
            "secret_sha256": hashlib.sha256(secret.encode()).hexdigest(),
        }  # fmt: skip
        with db.transaction() as tx:
            tx.execute(sa.insert(StaffSession), row)
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = secret
        return Desk(client)

    return sign_in


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Every statement that the application's database ran, as it runs."""
    seen: list[str] = []

    def note(*told: Any) -> None:
        seen.append(told[2])

    engine = db.current().engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)
