"""The room of an outside auditor: by link and code, for a time, what was granted and no more."""

import hashlib
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import db
from portal.access import codes, links
from portal.actions import erasures, processes, rooms
from portal.clock import Clock, now
from portal.engine import erasing_house
from portal.errors import Faulty, NotYours
from portal.models import BookEntry, Room, RoomCode
from portal.readings import book
from tasks import job, relay
from tests import makers, people
from tests.web.participant.conftest import Visitor

ADA = people.staff("ada")


@pytest.fixture
def three(app: Flask) -> list[str]:
    return [makers.start(makers.FORM), makers.start_again(), makers.start_again()]


def typed(clock: Clock, **more: str) -> dict[str, str]:
    first = now().date()
    return {
        "purpose": "ISO 9001", "auditor": "Ines Audit", "email": "ines@audit.example",
        "from": first.isoformat(), "to": (first + timedelta(days=9)).isoformat(), **more,
    }  # fmt: skip


def open_room(
    clock: Clock, definition: tuple[str, ...] = ("demo",), state: tuple[str, ...] = (), **more: str
) -> str:
    chosen = {"definition": definition, "state": state}
    return rooms.open_room(typed(clock, **more), chosen, tz="UTC", actor=ADA)


def way_in(room_id: str) -> str:
    return f"/a/{links.mint(room_id, 1)}"


def ask(visitor: Visitor, room_id: str) -> str:
    entered = visitor.send(way_in(room_id))
    assert (entered.status_code, entered.location) == (303, "/room")
    assert "This device is new here" in visitor.get("/room")
    assert visitor.send("/room/code", "/room").status_code == 200
    newest = max(makers.rows(RoomCode), key=lambda row: (row.made_at, row.id))
    return codes.of(newest.id)


def come_in(visitor: Visitor, room_id: str) -> None:
    code = ask(visitor, room_id)
    assert visitor.send("/room/code", "/room", code=code).status_code == 303


def told(room_id: str) -> list[str]:
    with db.reading() as conn:
        return [one.sentence for one in book.lines(conn, about=room_id).lines]


def test_an_auditor_reads_what_was_granted_and_each_look_is_in_the_book(
    visitor: Visitor, three: list[str], clock: Clock, app: Flask
) -> None:
    job.open_house(app.config["SETTINGS"])
    room = open_room(clock)
    come_in(visitor, room)
    page = visitor.get("/room")
    assert [page.index(f"/room/{id_}") for id_ in three] == sorted(
        page.index(f"/room/{id_}") for id_ in three
    )
    assert "3 processes are in scope" in page
    listed = visitor.client.get("/room/population.txt").data
    assert hashlib.sha256(listed).hexdigest() in page
    assert [line.split("\t")[1] for line in listed.decode().splitlines()[1:]] == three
    shown = visitor.get(f"/room/{three[0]}")
    assert "What happened" in shown
    assert '"seq":0' in visitor.get(f"/room/{three[0]}/ledger.jsonl")
    assert visitor.client.get(f"/room/{three[0]}/trail.pdf").status_code == 404
    asked = visitor.send(f"/room/{three[0]}/trail", f"/room/{three[0]}")
    assert asked.status_code == 303
    while relay.carry_out_here([one for one in relay.ROUTES if "trail.build" in one.kinds]):
        pass
    assert visitor.client.get(f"/room/{three[0]}/trail.pdf").data.startswith(b"%PDF")
    sentences = told(room)
    for what in ("took the audit trail", "took the whole ledger", "read what was sent",
                 "read a list", "came, by link and code"):  # fmt: skip
        assert any(what in one for one in sentences), what
    assert all("Ines" not in one for one in sentences)
    with db.reading() as conn:
        of_process = book.lines(conn, process=three[0], topic="reads").lines
    assert any("ISO 9001" in one.sentence for one in of_process)
    assert makers.rows(Room)[0].looked_at is not None


def test_what_is_out_of_scope_and_what_is_guessed_are_the_same_404(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    come_in(visitor, open_room(clock, processes=f"http://localhost/processes/{three[1]}"))
    assert "One process is in scope" in visitor.get("/room")
    answers = set()
    for id_ in (three[0], "0" * 32, "x"):
        for rest in ("", "/trail.pdf", "/ledger.jsonl", "/files/x"):
            answer = visitor.client.get(f"/room/{id_}{rest}")
            assert answer.status_code == 404
            answers.add(re.sub(r"[0-9a-f]{16,}|/room/\S+", "", answer.text))
    assert len(answers) == 1
    assert visitor.get(f"/room/{three[1]}")
    assert visitor.client.get(f"/room/{three[1]}/files/x").status_code == 404
    assert visitor.client.get(f"/a/{links.mint('0' * 32, 1)}").status_code == 404
    assert visitor.client.get("/a/nonsense").status_code == 404
    assert all(row.process_id in (None, three[1]) for row in makers.rows(BookEntry))


def test_nothing_is_shown_before_the_code_and_each_device_needs_its_own(
    visitors: Callable[[], Visitor], three: list[str], clock: Clock
) -> None:
    room, one, other = open_room(clock), visitors(), visitors()
    come_in(one, room)
    other.send(way_in(room))
    assert three[0] not in other.get("/room")
    assert other.client.get(f"/room/{three[0]}").status_code == 404
    assert other.client.get("/room/population.txt").status_code == 404
    # The code of one browser is no good in another.
    code = ask(visitors(), room)
    assert other.send("/room/code", "/room", code=code).status_code == 422
    come_in(other, room)
    assert three[0] in other.get("/room")
    assert three[0] in one.get("/room")


def test_after_five_wrong_codes_none_is_right(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    code = ask(visitor, open_room(clock))
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _n in range(5):
        assert visitor.send("/room/code", "/room", code=wrong).status_code == 422
    assert "no longer works" in visitor.send("/room/code", "/room", code=code).text
    assert "This device is new here" in visitor.get("/room")


def test_a_code_is_good_for_ten_minutes_and_ten_are_sent_in_a_day(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    code = ask(visitor, open_room(clock))
    clock.advance(minutes=10, seconds=1)
    assert visitor.send("/room/code", "/room", code=code).status_code == 422
    sent = [visitor.send("/room/code", "/room").status_code for _n in range(10)]
    assert sent == [200] * 9 + [429]


def test_a_room_ends_in_mid_session_and_at_once_where_it_is_revoked(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    first, second = open_room(clock), open_room(clock)
    come_in(visitor, first)
    rooms.revoke(first, actor=ADA)
    for path in ("/room", f"/room/{three[0]}", "/room/population.txt"):
        assert visitor.client.get(path).status_code == 403
    assert visitor.client.get(way_in(first)).status_code == 410
    [until] = [row.until_at for row in makers.rows(Room) if row.id == second]
    clock.set(until - timedelta(hours=1))
    come_in(visitor, second)
    assert three[0] in visitor.get("/room")
    clock.set(until)
    assert visitor.client.get(f"/room/{three[0]}").status_code == 403
    assert visitor.client.get("/room").status_code == 403
    assert "This room is closed" in visitor.get(way_in(second), 410)


def test_a_room_is_not_open_before_its_first_day(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    later = {"from": (now() + timedelta(days=2)).date().isoformat()}
    room = rooms.open_room({**typed(clock), **later}, {"definition": ["demo"]}, tz="UTC", actor=ADA)
    assert "This room opens on" in visitor.get(way_in(room))
    assert 'name="_csrf"' not in visitor.get(way_in(room))


def test_the_scope_has_sharp_edges(visitor: Visitor, clock: Clock, app: Flask) -> None:
    first = makers.start(makers.FORM)
    clock.advance(days=1)
    day = now().date().isoformat()
    midnight = (now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    clock.set(midnight - timedelta(microseconds=1))
    last = makers.start_again()
    clock.advance(microseconds=1)
    after = makers.start_again()
    room = open_room(clock, (), since=day, until=day)
    come_in(visitor, room)
    page = visitor.get("/room")
    assert [id_ in page for id_ in (first, last, after)] == [False, True, False]


def test_an_outcome_takes_in_what_ends_later_and_says_so(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    processes.cancel(three[0], "No longer needed.", actor=people.staff("dana"))
    clock.advance(hours=1)
    come_in(visitor, open_room(clock, ("demo",), ("cancelled",)))
    assert "One process is in scope" in visitor.get("/room")
    clock.advance(hours=1)
    processes.cancel(three[2], "No longer needed.", actor=people.staff("dana"))
    page = visitor.get("/room")
    assert "2 processes are in scope" in page
    assert page.count("Added later, on") == 1
    assert three[1] not in page


def test_processes_that_start_at_once_are_each_listed_once_without_gaps(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    clock.advance(minutes=1)
    come_in(visitor, room)
    threads = [threading.Thread(target=makers.start_again) for _n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    rows = [line.split("\t") for line in visitor.get("/room/population.txt").splitlines()[1:]]
    assert [int(row[0]) for row in rows] == list(range(1, 10))
    assert len({row[1] for row in rows}) == 9
    assert [row[1] for row in rows[:3]] == three
    assert visitor.get("/room").count("Added later, on") == 6


def test_faults_of_the_form_and_who_may_open_a_room(app: Flask, clock: Clock) -> None:
    makers.start(makers.FORM)
    for who in ("dana", "aud"):
        with pytest.raises(NotYours):
            rooms.open_room(typed(clock), {}, tz="UTC", actor=people.staff(who))
    far = (now() + timedelta(days=90)).date().isoformat()
    for more, at in (({"to": far}, "to"), ({"email": "x"}, "email"), ({"purpose": " "}, "purpose"),
                     ({"processes": "nothing"}, "processes"), ({"since": "x"}, "since"),
                     ({"processes": "/"}, "processes"), ({"until": "9999-12-31"}, "until"),
                     ({"since": "0001-01-01"}, "since"), ({"auditor": "In\0es"}, "auditor"),
                     ({"to": "2001-01-01"}, "to")):  # fmt: skip
        entered = typed(clock, **more)
        with pytest.raises(Faulty) as refused:
            rooms.open_room(entered, {"definition": ("demo",)}, tz="UTC", actor=ADA)
        assert [one.at for one in refused.value.faults] == [at]
    with pytest.raises(Faulty):
        open_room(clock, ())
    assert not makers.rows(Room)


def test_a_room_is_prolonged_up_to_ninety_days_from_its_first(
    app: Flask, three: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    last = (now() + timedelta(days=89)).date()
    rooms.extend(room, {"to": last.isoformat()}, tz="UTC", actor=ADA)
    far = (last + timedelta(days=1)).isoformat()
    with pytest.raises(Faulty):
        rooms.extend(room, {"to": far}, tz="UTC", actor=ADA)
    assert any("extended the auditor’s room" in one for one in told(room))


def test_the_room_holds_no_secret(
    app: Flask, three: list[str], clock: Clock, tmp_path: Path
) -> None:
    room = open_room(clock)
    kept: list[Any] = [vars(row) if hasattr(row, "__dict__") else row for row in makers.rows(Room)]
    assert links.mint(room, 1) not in repr(kept)


def test_what_was_erased_is_shown_as_erased_and_stays_in_the_list(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    come_in(visitor, open_room(clock))
    before = visitor.client.get("/room/population.txt").data
    processes.cancel(three[0], "No longer needed.", actor=people.staff("dana"))
    erasures.of_process(three[0], basis="request", reference="", confirmed="erase", actor=ADA)
    while relay.carry_out_here([one for one in relay.ROUTES if "erase" in one.kinds[0]]):
        pass
    assert visitor.client.get("/room/population.txt").data == before
    page = visitor.get(f"/room/{three[0]}")
    assert "were erased, in whole or in part" in page
    assert "Vera" not in page


def test_an_auditor_who_is_erased_comes_in_no_more(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    with db.transaction() as tx:
        erasing_house.forget(tx, [], [], ["INES Audit"])
    assert visitor.client.get("/room").status_code == 403
    assert "ines" not in repr(makers.rows(Room)).casefold()
