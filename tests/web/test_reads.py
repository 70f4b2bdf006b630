"""A09: what people sent is read by nobody unnoticed, and the auditor sees who, what and why."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from portal import clock as house_clock
from portal import db
from portal.models import BookEntry
from portal.readings import book
from portal.settings import Settings
from portal.web import reads
from tests import makers, people
from tests.web.callers import at_the_desk, by_link, by_token, new_world


@pytest.fixture
def app(sqlite: db.Database, clock: house_clock.Clock, tmp_path: Path) -> Iterator[Flask]:
    url = sqlite.url.render_as_string(hide_password=False)
    data = {"PORTAL_DATA_DIR": str(tmp_path / "data"), "PORTAL_DATABASE_URL": url}
    made = create_app(Settings.load(data))
    people.settle()
    yield made
    db.current().close()


def test_every_page_and_call_of_one_process_or_task_is_written_down_or_says_nothing(
    app: Flask,
) -> None:
    shows = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set())
        and rule.endpoint.startswith(("staff.", "api."))
        and {"process_id", "task_id", "file_id"} & rule.arguments
    }
    assert shows - set(reads.READS) - reads.TELL_NOTHING == set()
    assert (set(reads.READS) | reads.TELL_NOTHING | reads.LISTS) <= set(app.view_functions)
    assert {what for what, _ in reads.READS.values()} == set(book.READ)


def test_a09_who_read_what_and_why_stands_in_the_book(app: Flask, clock: house_clock.Clock) -> None:
    world = new_world(app)
    process, file = world.process, world.names["file_id"]
    callers = {name: at_the_desk(app, name) for name in ("dana", "finn", "olga", "aud", "ada")}
    for caller in callers.values():
        assert caller.call("GET", f"/processes/{process}", {}).status_code == 200
        caller.call("GET", f"/processes/{process}", {})
    dana = callers["dana"]
    for _ in range(2):
        dana.call("GET", f"/processes/{process}/files/{file}", {}).close()
    dana.call("GET", f"/processes/{process}/ledger.jsonl", {}).close()
    dana.call("GET", f"/tasks/{world.names['papers']}", {})
    by_token(app, "olga").call("GET", f"/api/v1/processes/{process}", {})
    told = [one.sentence for one in reversed(lines(process=process, topic="reads"))]
    assert told == [
        "Dana Owner read what was sent, as its owner.",
        "Finn Finance read what was sent, as somebody who has a part in it.",
        "Olga Other read what was sent, as a member.",
        "Aud Auditor read what was sent, as an auditor.",
        "Ada Admin read what was sent, as an admin.",
        "Dana Owner took a file, as its owner.",
        "Dana Owner took a file, as its owner.",
        "Dana Owner took the whole ledger, as its owner.",
        "Dana Owner read a task, as its owner.",
        "Olga Other read what was sent, as a member, by the API.",
    ]
    page = callers["aud"].call("GET", f"/book?process={process}&topic=reads", {}).text
    assert page.count("took a file") == 2
    assert callers["finn"].call("GET", "/book", {}).status_code == 403

    clock.advance(minutes=11)
    callers["olga"].call("GET", f"/processes/{process}", {})
    assert len(lines(process=process, topic="reads")) == 11


def test_whoever_sees_everything_on_a_list_is_written_down(app: Flask) -> None:
    batch = new_world(app).names["batch_id"]
    for name in ("dana", "aud"):
        caller = at_the_desk(app, name)
        for path in ("/processes", "/tasks?whose=all", "/batches", f"/batches/{batch}"):
            assert caller.call("GET", path, {}).status_code == 200
    told = {one.sentence for one in lines(topic="reads")}
    assert told == {"Aud Auditor read a list with people in it, as an auditor."}


def test_nobody_outside_and_nothing_refused_is_a_read(app: Flask) -> None:
    world = new_world(app)
    papers = makers.task(world.process, "papers")
    by_link(app, papers).call("GET", f"/w/{papers.id}", {})
    app.test_client().get(f"/processes/{world.process}")
    at_the_desk(app, "dana").call("GET", "/processes/nothing", {})
    assert lines(topic="reads") == []


def test_what_can_not_be_written_down_is_not_handed_out(app: Flask) -> None:
    process = new_world(app).process
    dana = at_the_desk(app, "dana")
    with db.transaction() as tx:
        tx.conn.exec_driver_sql("DROP TABLE book")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert dana.client.get(f"/processes/{process}/ledger.jsonl").status_code == 500


def test_no_answer_stands_in_the_book(app: Flask) -> None:
    world = new_world(app)
    at_the_desk(app, "dana").call("GET", f"/processes/{world.process}", {})
    kept = str(makers.rows(BookEntry))
    for known in ("vera@vendor.example", "Vera", "Sea", "tax.pdf"):
        assert known not in kept


def lines(**asked: str) -> list[book.Line]:
    with db.reading() as conn:
        return list(book.lines(conn, **asked).lines)  # type: ignore[arg-type]
