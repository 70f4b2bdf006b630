"""What auditors ask, before those who answer: on the desk, and on a page of its own."""

from collections.abc import Callable

from flask import Flask

from portal.actions import room_questions, sights
from portal.clock import Clock
from portal.models import RoomQuestion
from tests import makers, people
from tests.web.participant.conftest import Visitor
from tests.web.participant.test_room_questions import ask
from tests.web.participant.test_rooms import come_in, open_room
from tests.web.staff.conftest import Desk


def test_whoever_answers_finds_it_on_the_desk_answers_and_is_done(
    app: Flask, desk: Callable[[str], Desk], clock: Clock
) -> None:
    process = makers.start(makers.FORM)
    room = open_room(clock, answerers="finn@example.com")
    visitor = Visitor(app.test_client())
    come_in(visitor, room)
    ask(visitor, "Why nine <i>days</i>?", process)
    ada, finn, dana, aud = (desk(name) for name in ("ada", "finn", "dana", "aud"))
    where = f"/rooms/{room}/questions"
    for one in (ada, finn):
        page = one.get("/")
        assert f'href="{where}#question-1"' in page
        assert "1 question needs an answer" in page
        assert "Ines Audit asks about a process" in page
    assert "Questions of auditors" not in dana.get("/")
    dana.get(where, 403)
    page = aud.get(where)
    assert "&lt;i&gt;days&lt;/i&gt;" in page
    assert "Send the answer" not in page
    # Finn answers for the room, and still sees of processes what he may.
    sights.restrict("demo", actor=people.staff("dana"))
    [question] = makers.rows(RoomQuestion)
    finn.get(f"/rooms/{room}", 403)
    olga = desk("olga")
    room_questions.name_answerers(
        room, "finn@example.com olga@example.com", actor=people.staff("ada")
    )
    page = olga.get(where)
    assert process not in page
    assert "a process that you may not see" in page
    refused = finn.send(f"{where}/{question.id}", page=where, text=" ")
    assert refused.status_code == 422
    assert refused.text.count("Write your answer first.") == 2
    assert finn.send(f"{where}/{question.id}", page=where, text="A holiday.").status_code == 303
    assert "A holiday." in finn.get(where)
    assert "Questions of auditors" not in finn.get("/")
    assert "A holiday." in visitor.get("/room/questions")
    shown = ada.get(f"/rooms/{room}")
    assert "1 question" in shown
    assert "Ada Admin, Finn Finance and Olga Other answer." in shown
    kept = ada.send(f"/rooms/{room}/answerers", page=f"/rooms/{room}", answerers="nobody")
    assert kept.status_code == 422
    assert "“nobody” is nobody here who may answer." in kept.text
