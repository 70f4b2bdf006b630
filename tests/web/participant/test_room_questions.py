"""Questions in an auditor's room: asked, answered by those who answer for it, and erased."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import db
from portal.actions import erasures, processes, room_questions, rooms
from portal.brand import Brand
from portal.clock import Clock, now
from portal.errors import Conflict, Faulty, NotYours, Unknown
from portal.ledger.tables import Entry, Outgoing
from portal.models import Room, RoomMessage, RoomQuestion
from portal.readings import letters, subject
from portal.readings.letters import Letter
from portal.web.participant import room_questions as door
from tasks import letterhead, relay
from tests import makers, people
from tests.web.participant.conftest import Visitor, hidden_in
from tests.web.participant.test_rooms import ADA, come_in, open_room, told

Visitors = Callable[[], Visitor]


@pytest.fixture
def two(app: Flask) -> list[str]:
    return [makers.start(makers.FORM), makers.start_again()]


def ask(visitor: Visitor, text: str, process: str = "") -> None:
    page = f"/room/questions?process={process}" if process else "/room/questions"
    more = {"process": process} if process else {}
    sent = visitor.send("/room/questions", page, text=text, **more)
    assert sent.status_code == 303, sent.text


def owed(kind: str) -> list[Letter]:
    """The letters of every effect of that kind, as they would be sent now."""
    rows = makers.rows(Outgoing, kind=kind)
    with db.reading() as conn:
        return [
            letter
            for row in rows
            for letter in letters.of(conn, kind, row.ref, made_at=row.due_at, tz="UTC")
        ]


def answer(room: str, text: str, who: str = "ada", nonce: str = "1" * 32) -> None:
    newest = max(makers.rows(RoomQuestion), key=lambda row: row.number)
    room_questions.answer(room, newest.id, text, nonce=nonce, actor=people.staff(who))


def test_a_question_reaches_those_who_answer_and_the_answer_the_auditor(
    visitor: Visitor, two: list[str], clock: Clock
) -> None:
    room = open_room(clock, answerers="Finn@example.com")
    with db.reading() as conn:
        before = conn.execute(sa.select(sa.func.count()).select_from(Entry)).scalar_one()
    come_in(visitor, room)
    assert "Ask about this process" in visitor.get(f"/room/{two[0]}")
    ask(visitor, "Why did it take <b>nine</b> days?", two[0])
    ask(visitor, "Who keeps the keys?")
    page = visitor.get("/room/questions")
    assert "&lt;b&gt;nine&lt;/b&gt;" in page
    assert page.count("Not answered yet") == 2
    assert f'href="/room/{two[0]}"' in page
    assert "Question 1" in visitor.get(f"/room/{two[0]}")
    assert "Question 2" not in visitor.get(f"/room/{two[0]}")
    mails = owed("mail.room_question")
    assert [one.to.email for one in mails].count("finn@example.com") == 2
    assert {one.to.email for one in mails} == {"ada@example.com", "finn@example.com"}
    assert all(one.place and f"/rooms/{room}/questions#question-" in one.place for one in mails)
    answer(room, "The vault’s warden does.", "finn")
    [mail] = owed("mail.room_answer")
    assert (mail.to.email, mail.facts["writer"]) == ("ines@audit.example", "Finn Finance")
    page = visitor.get("/room/questions")
    assert "The vault’s warden does." in page
    assert page.count("Not answered yet") == 1
    lines = told(room)
    assert sum("wrote question" in one for one in lines) == 2
    assert any("Finn Finance answered question 2 in the auditor’s room" in one for one in lines)
    assert not any("warden" in one or "nine" in one for one in lines)
    # An auditor only reads: no ledger has grown.
    with db.reading() as conn:
        after = conn.execute(sa.select(sa.func.count()).select_from(Entry)).scalar_one()
    assert after == before


def test_more_can_be_written_to_a_question_and_waits_anew(
    visitor: Visitor, two: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    ask(visitor, "Who keeps the keys?")
    answer(room, "The warden.")
    [row] = makers.rows(RoomQuestion)
    assert row.waits_on is None
    sent = visitor.send(f"/room/questions/{row.id}", "/room/questions", text="Since when?")
    assert sent.status_code == 303
    [row] = makers.rows(RoomQuestion)
    assert row.waits_on == "staff"
    assert "Not answered yet" in visitor.get("/room/questions")
    refused = visitor.send(f"/room/questions/{row.id}", "/room/questions", text=" ")
    assert refused.status_code == 422
    assert refused.text.count("Write what you want to ask or say first.") == 2


def test_the_same_press_twice_is_one_question_and_nothing_typed_is_lost(
    visitor: Visitor, two: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    form = {**hidden_in(visitor.get("/room/questions")), "text": "Who keeps the keys?"}
    assert len({visitor.post("/room/questions", form).location for _n in range(2)}) == 1
    assert len(makers.rows(RoomMessage)) == 1
    assert len(makers.rows(Outgoing, kind="mail.room_question")) == 1
    long = "a" * 4001
    refused = visitor.send("/room/questions", text=long)
    assert refused.status_code == 422
    assert long in refused.text
    answer(room, "The warden.")
    answer(room, "The warden.")
    assert len(makers.rows(RoomMessage)) == 2


def test_questions_are_of_one_room_and_of_what_it_grants(
    visitors: Visitors, two: list[str], clock: Clock
) -> None:
    one, other = visitors(), visitors()
    first = open_room(clock, processes=two[0])
    come_in(one, first)
    come_in(other, open_room(clock))
    assert one.client.get(f"/room/questions?process={two[1]}").status_code == 404
    refused = one.send("/room/questions", text="And this?", process=two[1])
    assert refused.status_code == 404
    ask(one, "Who keeps the keys?")
    [row] = makers.rows(RoomQuestion)
    assert "keys" not in other.get("/room/questions")
    assert other.send(f"/room/questions/{row.id}", "/room/questions", text="x").status_code == 404
    assert visitors().client.get("/room/questions").status_code == 403
    with pytest.raises(Unknown):
        room_questions.answer("0" * 32, row.id, "No.", nonce="2" * 32, actor=ADA)


def test_only_those_who_answer_for_a_room_do_and_not_once_it_is_closed(
    visitor: Visitor, two: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    ask(visitor, "Who keeps the keys?")
    for who in ("dana", "finn", "aud"):
        with pytest.raises(NotYours):
            answer(room, "I do.", who)
    room_questions.name_answerers(room, "dana@example.com", actor=ADA)
    answer(room, "I do.", "dana")
    for text in ("aud@example.com", "vera@vendor.example"):
        with pytest.raises(Faulty) as fault:
            room_questions.name_answerers(room, text, actor=ADA)
        assert [one.at for one in fault.value.faults] == ["answerers"]
    with pytest.raises(NotYours):
        room_questions.name_answerers(room, "", actor=people.staff("dana"))
    rooms.revoke(room, actor=ADA)
    with pytest.raises(Conflict):
        answer(room, "And more.", "dana", "2" * 32)
    assert owed("mail.room_answer") == []
    assert owed("mail.room_question") == []


def test_an_answer_is_not_mailed_once_the_time_is_over(
    visitor: Visitor, two: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    ask(visitor, "Who keeps the keys?")
    answer(room, "I do.")
    [until] = [row.until_at for row in makers.rows(Room)]
    clock.set(until - timedelta(minutes=1))
    assert len(owed("mail.room_answer")) == 1
    clock.set(until)
    assert owed("mail.room_answer") == []


def test_what_an_erased_auditor_wrote_and_what_names_them_is_gone(
    visitor: Visitor, two: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    ask(visitor, "I am Ines and ask who keeps the keys.")
    answer(room, "Dear Ines Audit, the warden.")
    ask(visitor, "Another one?")
    answer(room, "Yes.", nonce="2" * 32)
    with db.reading() as conn:
        [held] = subject.told(conn, "ines@audit.example", now())[0]["audit_rooms"]
    assert [one["question"] for one in held["written"]] == [1, 2]
    who, asked = "ines@audit.example", {"basis": "request", "reference": ""}
    erasures.of_person(who, **asked, confirmed=who, actor=ADA)
    texts = [row.text for row in sorted(makers.rows(RoomMessage), key=lambda row: row.id)]
    assert texts == ["", "", "", "Yes."]
    assert owed("mail.room_question") == []


def test_erasing_a_process_takes_what_was_asked_about_it(
    visitor: Visitor, two: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    ask(visitor, "Did Vera Vendor send it?", two[0])
    ask(visitor, "Who keeps the keys?")
    processes.cancel(two[0], "No longer needed.", actor=people.staff("dana"))
    erasures.of_process(two[0], basis="request", reference="", confirmed="erase", actor=ADA)
    while relay.carry_out_here([one for one in relay.ROUTES if "erase" in one.kinds[0]]):
        pass
    page = visitor.get("/room/questions")
    assert "Did Vera" not in page
    assert "These words were erased." in page
    assert "Who keeps the keys?" in page


def test_who_writes_too_fast_is_told_to_wait_and_loses_nothing_typed(
    visitor: Visitor, two: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "_MOST", 1)
    come_in(visitor, open_room(clock))
    ask(visitor, "Who keeps the keys?")
    [row] = makers.rows(RoomQuestion)
    for where in ("/room/questions", f"/room/questions/{row.id}"):
        refused = visitor.send(where, "/room/questions", text="And who else?")
        assert refused.status_code == 429
        assert "And who else?" in refused.text
    assert len(makers.rows(RoomMessage)) == 1


def test_the_mail_of_a_question_is_kept_without_who_asked(
    visitor: Visitor, two: list[str], clock: Clock
) -> None:
    come_in(visitor, open_room(clock))
    ask(visitor, "Who keeps the keys?")
    [mail] = owed("mail.room_question")
    kept = letterhead.message(mail, "id", at=now(), brand=Brand("Sea")).subject
    assert kept == "A question in the audit room: ISO 9001", "none of the auditor's own mails"


def test_after_three_hundred_questions_no_more_are_taken(
    visitor: Visitor, two: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room_questions, "MOST_OF_ROOM", 1)
    come_in(visitor, open_room(clock))
    ask(visitor, "Who keeps the keys?")
    assert visitor.send("/room/questions", text="And who else?").status_code == Conflict.status
