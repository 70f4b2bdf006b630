"""Evidence packs at the desk: chosen, looked at, built, fetched, and written into the book."""

import io
import zipfile
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import db
from portal.actions import packs, sights
from portal.clock import Clock
from portal.models import Batch, Pack, Process
from portal.readings import book
from tasks import job, relay
from tests import makers, people
from tests.web.participant.conftest import Visitor
from tests.web.participant.test_rooms import come_in, open_room
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]


@pytest.fixture
def three(app: Flask) -> list[str]:
    """Three processes of Dana's; one is cancelled."""
    from portal.actions import processes

    job.open_house(app.config["SETTINGS"])
    ids = [makers.start(makers.FORM), makers.start_again(), makers.start_again()]
    processes.cancel(ids[2], "No longer needed.", actor=people.staff("dana"))
    return ids


def build() -> None:
    while relay.carry_out_here([route for route in relay.ROUTES if "pack" in route.kinds[0]]):
        pass


def test_a_pack_is_looked_at_built_and_fetched(desk: Desks, three: list[str]) -> None:
    dana = desk("dana")
    page = dana.get("/packs")
    assert "Look at what it will hold" in page
    answer = dana.send("/packs", state=["running"], definition="demo", files="yes")
    assert answer.status_code == 303
    where = answer.location
    shown = dana.get(where)
    assert "It will hold 2 processes" in shown
    assert "Nothing is built yet" in shown
    assert "about 1" in shown
    assert dana.client.get(f"{where}/pack.zip").status_code == 409
    dana.send(f"{where}/begin", page=where)
    shown = dana.get(where)
    assert "0 of 2" in shown
    assert "<progress" in shown
    assert "Look again" in shown  # without a script, too
    build()
    assert dana.client.get(f"{where}/progress").json == {"state": "done", "through": 2, "total": 2}
    assert "Fetch the pack" in dana.get(where)
    fetched = dana.client.get(f"{where}/pack.zip")
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in fetched.headers["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(fetched.data)) as opened:
        assert sum(name.endswith("ledger.jsonl") for name in opened.namelist()) == 2
    with db.reading() as conn:
        for process in three[:2]:
            lines = book.lines(conn, process=process, topic="reads").lines
            told = [one.sentence for one in lines]
            assert told.count("Dana Owner took an evidence pack with it, as its owner.") == 1


def test_processes_that_are_ticked_go_into_a_pack(desk: Desks, three: list[str]) -> None:
    dana = desk("dana")
    answer = dana.send("/batches", page="/processes", what="pack", process=three[:2])
    assert answer.location.startswith("/packs/")
    assert "2 chosen processes" in dana.get(answer.location)
    answer = dana.send("/batches", page="/processes", what="pack", all="yes", state="any")
    assert "It will hold 3 processes" in dana.get(answer.location)
    answer = dana.send("/packs", page=f"/processes/{three[0]}", process=three[0])
    assert "1 chosen process" in dana.get(answer.location)


def test_an_auditor_ticks_processes_and_is_offered_nothing_that_changes_them(
    desk: Desks, three: list[str]
) -> None:
    aud = desk("aud")
    page = aud.get("/processes?state=")
    assert page.count('name="process"') == 3
    assert '<option value="pack">Evidence pack</option>' in page
    assert "Remind people" not in page
    answer = aud.send("/batches", page="/processes?state=", process=three[:2], what="pack")
    assert answer.status_code == 303
    assert "It will hold 2 processes" in aud.get(answer.location)
    for change in ("remind", "reassign", "cancel"):
        sent = aud.send("/batches", page="/processes?state=", process=three[:2], what=change)
        assert sent.status_code == 403
    assert makers.rows(Batch) == []


def test_a_member_gets_of_what_they_own_and_nobody_else_sees_it(
    desk: Desks, three: list[str]
) -> None:
    finn, dana, aud = desk("finn"), desk("dana"), desk("aud")
    answer = finn.send("/packs", page="/packs")
    assert answer.status_code == 422
    assert "No process is chosen" in answer.text
    where = dana.send("/packs").location
    assert finn.client.get(where).status_code == 404
    assert finn.client.get(f"{where}/pack.zip").status_code == 404
    assert aud.client.get(where).status_code == 200
    refused = finn.send("/packs", process=three[0])
    assert refused.status_code == 403


def test_of_what_somebody_may_not_see_neither_page_nor_refusal_tells(
    desk: Desks, three: list[str]
) -> None:
    dana, olga = desk("dana"), desk("olga")
    hand_over(three[0], "olga")
    mine = olga.send("/packs", process=three[0]).location
    assert three[0] in olga.get(mine)
    olga.send(f"{mine}/begin", page=mine)
    hand_over(three[0], "dana")
    sights.restrict("demo", actor=people.staff("dana"))
    assert three[0] not in olga.get(mine)
    answers = [olga.send("/packs", process=[id_]) for id_ in (three[1], db.new_id())]
    assert [one.status_code for one in answers] == [404, 404]
    assert dana.send("/packs", process=three[1]).status_code == 303


def hand_over(process: str, to: str) -> None:
    with db.transaction() as tx:
        mine = sa.update(Process).where(Process.id == process)
        tx.execute(mine.values(owner_id=to, starter_id=to))


def test_what_is_faulty_is_told_at_its_place_and_nothing_typed_is_lost(
    desk: Desks, three: list[str]
) -> None:
    dana = desk("dana")
    answer = dana.send("/packs", since="2026-12-01", until="2026-11-01", state=["cancelled"])
    assert answer.status_code == 422
    assert "The last day is before the first." in answer.text
    assert 'value="2026-12-01"' in answer.text
    assert 'value="cancelled" checked' in answer.text
    assert dana.send("/packs", since="soon").status_code == 422
    assert dana.send("/packs", until="9999-12-31").status_code == 422  # no day comes after it
    assert dana.send("/packs", state=["sleeping"]).status_code == 422
    assert dana.send("/packs", since="2031-01-01").status_code == 422
    assert makers.rows(Pack) == []


def test_a_pack_that_is_taken_back_says_why(desk: Desks, three: list[str]) -> None:
    dana = desk("dana")
    where = dana.send("/packs").location
    dana.send(f"{where}/begin", page=where)
    build()
    with db.transaction() as tx:
        packs.forget(tx, three[0])
    assert "Something of a process in it was erased" in dana.get(where)
    assert dana.client.get(f"{where}/pack.zip").status_code == 409


def test_staff_see_of_which_room_a_pack_is(
    app: Flask, desk: Desks, three: list[str], clock: Clock
) -> None:
    visitor = Visitor(app.test_client())
    come_in(visitor, open_room(clock))
    where = str(visitor.send("/room/packs", "/room", what="all").location).replace("/room", "")
    ada = desk("ada")
    assert "An outside auditor" in ada.get("/packs")
    assert "the auditor of the room “ISO 9001”" in ada.get(where)
    desk("dana").get(where, 404)
