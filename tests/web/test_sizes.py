"""What a page costs over the wire: at most 30 KB without the font, whatever it asks for."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from portal import clock as house_clock
from portal import db
from portal.settings import Settings
from tests import makers, people
from tests.web.participant.conftest import Visitor, link_to
from tests.web.participant.test_conditions import FORM as CONDITIONS
from tests.web.participant.test_signatures import PROMISE, SEAL
from tests.web.participant.test_tasks import DETAILS, PAPERS, REVIEW, TODO

MOST = 30_000
_BROUGHT = re.compile(r'(?:href|src)="(/(?:assets|brand)[^"]+)"')
DRAWN = PROMISE.replace("sign: {", "verify: link\n    sign: {methods: [typed, drawn], ")


@pytest.fixture
def app(sqlite: db.Database, clock: house_clock.Clock, tmp_path: Path) -> Iterator[Flask]:
    url = sqlite.url.render_as_string(hide_password=False)
    data = {"PORTAL_DATA_DIR": str(tmp_path / "data"), "PORTAL_DATABASE_URL": url}
    made = create_app(Settings.load(data))
    people.settle()
    yield made
    db.current().close()


def weight(client: FlaskClient, path: str) -> int:
    """The bytes of a page and all it loads but the font, with the heads of the answers."""
    page = client.get(path)
    assert page.status_code == 200, page.text
    assert "http" not in "".join(re.findall(r'(?:src|href)="([^"]+)"', page.text)), path
    whole = _bytes(page)
    for brought in _BROUGHT.findall(page.text):
        answer = client.get(brought, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, brought
        whole += _bytes(answer)
    return whole


def _bytes(answer: object) -> int:
    return len(answer.data) + len(str(answer.headers))  # type: ignore[attr-defined]


def test_a_page_weighs_no_more_than_a_slow_connection_bears(app: Flask) -> None:
    process = makers.start(
        f"{DETAILS}\n{PAPERS}\n{REVIEW}\n{SEAL}", participants={"second": people.OTTO}
    )
    steps: list[tuple[str, str]] = [(process, one) for one in ("details", "papers", "review")]
    weights = {}
    for name, step in [*steps, (process, "seal")]:
        visitor = Visitor(app.test_client())
        task = makers.task(name, step)
        if step == "details":
            weights["landing"] = weight(visitor.client, link_to(task))
        weights[step] = weight(visitor.client, visitor.enter(task))
        if step == "details":
            makers.fill(process, **ANSWERED)
        elif step == "papers":
            makers.send(process, step, makers.arrived("licence"))
        elif step == "review":
            makers.decide(process)
    for step, steps_of in (("promise", DRAWN), ("post", TODO), ("details", CONDITIONS)):
        visitor = Visitor(app.test_client())
        given = {"amount": "10"} if step == "details" else {}
        task = makers.task(makers.start(steps_of, inputs=given), step)
        weights[f"{step} alone"] = weight(visitor.client, visitor.enter(task))
    assert {name: bytes_ for name, bytes_ in weights.items() if bytes_ > MOST} == {}


ANSWERED = {
    "company": "Sea", "contact": "ann@sea.example", "staff": "12",
    "fee": {"amount": "10.50", "currency": "EUR"}, "since": "2001-02-03", "insured": True,
    "policy": "P-1", "size": "small", "fields": ["sea"], "sites": [{"town": "Kiel", "rooms": "3"}],
}  # fmt: skip
