"""How many statements a page costs, that more rows cost no more, and that none walks a table."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import clock as house_clock
from portal import db
from portal.actions import sights, stretches
from tests import makers, people
from tests.bench import world
from tests.web.participant.conftest import link_to
from tests.web.participant.test_signatures import BY_LINK
from tests.web.participant.test_tasks import PAPERS, TODO

# Statements of each page, whatever the size of the installation.
DECISION = "  - {id: review, assign: vendor, approval: {question: Is everything right?}}"
GUEST_GET, GUEST_POST, STAFF_LIST = 5, 16, 8
# Walking one of these grows with the installation; all others are small for good.
_LARGE = ("processes", "tasks", "step_runs", "ledger_entries", "ledger_disclosures", "timers",
          "participants", "links", "files", "outgoing", "mails", "troubles", "stretches",
          "stretches_told", "ledger_heads", "search_documents")  # fmt: skip
_WALK = re.compile(r"^SCAN (\w+)$")
_COUNT = re.compile(r"count\(", re.IGNORECASE)
STAFF_PAGES = ("/", "/processes", "/processes?state=running", "/tasks", "/timeline",
               "/timeline?state=all", "/timeline/feed", "/exceptions", "/processes?q=vera",
               "/processes?unmet=1",
               "/search?q=vera")  # fmt: skip


class Seen:
    """The statements that ran since it was last asked."""

    def __init__(self) -> None:
        self.all: list[tuple[str, object]] = []

    def note(
        self, _conn: object, _cursor: object, statement: str, given: object, *_: object
    ) -> None:
        self.all.append((statement, given))

    def taken(self) -> list[tuple[str, object]]:
        found, self.all = self.all, []
        return found


@pytest.fixture
def app(database: db.Database, clock: house_clock.Clock, tmp_path: Path) -> Iterator[Flask]:
    url = database.url.render_as_string(hide_password=False)
    place = world.Place(tmp_path, url, url, redis_url="", times=1, size=0)
    yield world.app_at(place)
    db.current().close()


@pytest.fixture
def seen(app: Flask) -> Iterator[Seen]:
    found = Seen()
    engine = db.current().engine
    sa.event.listen(engine, "before_cursor_execute", found.note)
    yield found
    sa.event.remove(engine, "before_cursor_execute", found.note)


def guest_page(app: Flask) -> tuple[FlaskClient, str]:
    """A guest before a form, with everything compiled and parsed by another's visit."""
    for _ in range(2):
        client, path = world.guest_client(app, makers.start(world.QUESTIONS))
        page = client.get(path)
        assert page.status_code == 200
    return client, path


def sent(client: FlaskClient, path: str) -> int:
    """Answer the form; the status."""
    typed = {**world.ANSWERS, **world.hidden(client.get(path).text)}
    return client.post(path, data=typed, content_type="multipart/form-data").status_code


def test_a_guest_sees_a_task(app: Flask, seen: Seen) -> None:
    client, path = guest_page(app)
    seen.taken()
    client.get(path)
    found = seen.taken()
    assert 0 < len(found) <= GUEST_GET, found


@pytest.mark.parametrize("step", ["papers", "review", "promise", "post"])
def test_a_guest_sees_a_link_and_what_is_no_form(app: Flask, seen: Seen, step: str) -> None:
    steps = {"papers": PAPERS, "review": DECISION, "promise": BY_LINK, "post": TODO}
    task = makers.task(makers.start(steps[step]), step)
    client = app.test_client()
    hidden = world.hidden(client.get(link_to(task)).text)
    path = client.post(link_to(task), data=hidden).location
    for place in (link_to(task), path):
        client.get(place)
        seen.taken()
        assert client.get(place).status_code == 200
        assert 0 < len(found := seen.taken()) <= GUEST_GET, found


def test_a_guest_completes_a_step(app: Flask, seen: Seen) -> None:
    client, path = guest_page(app)
    typed = {**world.ANSWERS, **world.hidden(client.get(path).text)}
    seen.taken()
    answer = client.post(path, data=typed, content_type="multipart/form-data")
    found = seen.taken()
    assert answer.status_code == 303, answer.text
    assert len(found) <= GUEST_POST, found


def test_a_long_history_costs_the_guest_nothing(app: Flask, seen: Seen) -> None:
    process_id = makers.start(world.LOOP)
    world.loop(process_id)  # who sent it back is read from the second round on
    costs = []
    for _ in range(2):
        client, path = world.guest_client(app, process_id)
        client.get(path)
        seen.taken()
        client.get(path)
        costs.append(len(seen.taken()))
        for _ in range(6):
            world.loop(process_id)
    assert costs[0] == costs[1]


@pytest.mark.parametrize("path", ["/processes", "/tasks", "/", "/timeline"])
def test_a_list_of_fifty_costs_what_a_list_of_five_costs(app: Flask, seen: Seen, path: str) -> None:
    client = world.staff_client(app)
    costs = []
    for more in (5, 45):
        makers.publish(world.LOOP)
        for _ in range(more):
            makers.start_again()
        while stretches.follow():
            pass
        client.get(path)
        seen.taken()
        assert client.get(path).status_code == 200
        costs.append(seen.taken())
    assert len(costs[0]) == len(costs[1]) <= STAFF_LIST, costs


@pytest.mark.parametrize("path", STAFF_PAGES)
def test_no_page_counts_without_an_end_or_skips_by_offset(
    app: Flask, seen: Seen, path: str
) -> None:
    _something(app)
    seen.taken()
    client = world.staff_client(app)
    assert client.get(path).status_code == 200
    for told, _ in seen.taken():
        # SQLAlchemy writes every LIMIT for SQLite with an OFFSET of nought beside it.
        statement = told.replace("LIMIT ? OFFSET ?", "LIMIT ?")
        assert not re.search(r"\boffset\b", statement, re.IGNORECASE), statement
        assert not _COUNT.search(statement) or "LIMIT" in statement, statement


@pytest.mark.parametrize("is_restricted", [False, True])
def test_no_hot_page_walks_a_table(
    sqlite: db.Database, clock: house_clock.Clock, tmp_path: Path, is_restricted: bool
) -> None:
    url = sqlite.url.render_as_string()
    app = world.app_at(world.Place(tmp_path, url, url, redis_url="", times=1, size=0))
    seen = Seen()
    sa.event.listen(db.current().engine, "before_cursor_execute", seen.note)
    process_id = _something(app)
    staff = world.staff_client(app)
    if is_restricted:  # seen by somebody who sees one of them
        sights.restrict("demo", actor=people.staff("dana"))
        sights.grant_process(process_id, "olga@example.com", actor=people.staff("dana"))
        staff = world.staff_client(app, "olga")
    seen.taken()
    for path in (*STAFF_PAGES, f"/processes/{process_id}"):
        assert staff.get(path).status_code == 200, path
    client, path = world.guest_client(app, process_id)
    assert sent(client, path) == 303
    statements = {one[0]: one[1] for one in seen.taken() if one[0].startswith(("SELECT", "UPDATE"))}
    walks = [walk for one in statements.items() for walk in _walks(*one)]
    db.current().close()
    assert not walks, "\n".join(walks)


def _something(app: Flask) -> str:
    """A few processes of all ages; the id of one that waits for a guest."""
    for _ in range(3):
        world.loop(makers.start(world.LOOP))
    return makers.start(world.QUESTIONS)


def _walks(statement: str, given: object) -> list[str]:
    """The tables that SQLite would read from end to end for a statement.

    A walk in the order that is asked for, up to a limit, ends early and is none.
    """
    with db.reading() as conn:
        raw = conn.connection.dbapi_connection
        assert raw is not None
        plan = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", given).fetchall()]
    is_sorted = any("TEMP B-TREE FOR ORDER BY" in line for line in plan)
    if "ORDER BY" in statement and "LIMIT" in statement and not is_sorted:
        return []
    names = dict(re.findall(r'(\w+) AS "?(\w+)"?', statement))
    tables = {alias: table for table, alias in names.items()}
    walked = [found[1] for line in plan if (found := _WALK.match(line))]
    return [f"{one}: {statement}" for one in walked if tables.get(one, one) in _LARGE]
