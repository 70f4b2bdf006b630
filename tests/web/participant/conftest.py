"""Outside people in a test: the whole app over a real database, entered by real links."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from app import create_app
from portal import clock as house_clock
from portal import db
from portal.access import links
from portal.models import Link
from portal.settings import Settings
from tests import makers, people

_HIDDEN = re.compile(r'name="(_csrf|_nonce)" value="([^"]*)"')

UPLOAD = """\
  - id: papers
    name: Send your tax form
    assign: vendor
    due: 3 days
    upload: {documents: [{id: form, name: Tax form, accept: [pdf]}]}"""


class Visitor:
    """A browser of somebody outside; its forms carry the page's own hidden controls."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, status: int = 200) -> str:
        """The page, which must have this status."""
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, path: str, page: str | None = None, **typed: Any) -> TestResponse:
        """Send a form to ``path`` as it stands on ``page`` (the same address where not said)."""
        hidden = hidden_in(self.client.get(page or path).text)
        return self.post(path, {**hidden, **typed})

    def post(self, path: str, data: dict[str, Any]) -> TestResponse:
        """Send just this."""
        has_files = any(isinstance(one, (tuple, list)) for one in data.values())
        kind = "multipart/form-data" if has_files else "application/x-www-form-urlencoded"
        flat = {key: value for key, value in data.items() if value != []}
        return self.client.post(path, data=flat, content_type=kind)

    def enter(self, task: Any) -> str:
        """Come in by the task's link; the address of the task."""
        answer = self.send(link_to(task))
        assert answer.status_code == 303, answer.text
        return str(answer.location)


def hidden_in(page: str) -> dict[str, str]:
    """The portal's own controls of the first form of a page."""
    found: dict[str, str] = {}
    for name, value in _HIDDEN.findall(page):
        found.setdefault(name, value)
    return found


def link_of(task: Any) -> Any:
    """The row of the newest link to a task."""
    return sorted(makers.rows(Link, task_id=task.id), key=lambda row: row.made_at)[-1]


def link_to(task: Any) -> str:
    """The path of the link that the mail about a task carries."""
    row = link_of(task)
    return f"/t/{links.mint(row.id, row.generation)}"


@pytest.fixture
def app(database: db.Database, clock: house_clock.Clock, tmp_path: Path) -> Iterator[Flask]:
    """The whole web application, with the cast settled in its database."""
    url = database.url.render_as_string(hide_password=False)
    made = create_app(
        Settings.load(
            {
                "PORTAL_DATA_DIR": str(tmp_path / "data"),
                "PORTAL_DATABASE_URL": url,
                "PORTAL_BRAND_NAME": "Sea Trading",
            }
        )
    )
    people.settle()
    yield made
    db.current().close()


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A browser that has not been here before."""
    return Visitor(app.test_client())


@pytest.fixture
def task(visitor: Visitor) -> Any:
    """Vera's task: to send her tax form."""
    return makers.task(makers.start(UPLOAD), "papers")


@pytest.fixture
def visitors(app: Flask) -> Callable[[], Visitor]:
    """More browsers."""
    return lambda: Visitor(app.test_client())


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
