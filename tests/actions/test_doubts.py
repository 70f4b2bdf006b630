"""“This does not match reality”: said at a task, answered by whoever owns the definition."""

from functools import partial

import pytest

from portal import db
from portal.actions import doubts, processes
from portal.errors import AlreadyRecorded, Conflict, Faulty, NotYours, Unknown
from portal.models import Doubt
from portal.readings import doubts as readings
from portal.readings import letters
from portal.readings.letters import Letter
from tests import makers, people
from tests.actions.test_races import at_once

DANA = people.staff("dana")
TEXT = "There is no such form any more."


def mails(kind: str, process: str) -> list[Letter]:
    """The letters of that kind that are owed, as they would be sent now."""
    with db.reading() as conn:
        return [
            letter
            for one in makers.owed(process, kind)
            for letter in letters.of(conn, kind, one.ref, made_at=one.made_at, tz="UTC")
        ]


def test_it_lands_with_the_definitions_owner_and_whoever_said_it_hears_what_came_of_it() -> None:
    process = makers.start(f"{makers.FORM}\n  - {{id: look, assign: finance, task: {{}}}}")
    task = makers.task(process, "details")
    told = doubts.tell(task.id, TEXT, nonce="n", actor=makers.actor_of(task))
    with pytest.raises(AlreadyRecorded):
        doubts.tell(task.id, TEXT, nonce="n", actor=makers.actor_of(task))
    [mail] = mails("mail.doubt", process)
    assert (mail.to.email, mail.place, mail.facts["text"]) == (
        "dana@example.com", "/definitions/demo#doubts", TEXT,
    )  # fmt: skip
    makers.fill(process, company="Sea")
    processes.cancel(process, "Over.", actor=DANA)
    doubts.settle(told, "It is called another name now.", actor=DANA)
    [mail] = mails("mail.settled", process)
    assert (mail.to.email, mail.link, mail.facts["answer"]) == (
        people.VERA["email"], None, "It is called another name now.",
    )  # fmt: skip
    assert mails("mail.doubt", process) == []
    with db.reading() as conn:
        [found] = readings.of_definition(conn, "demo")
    assert (found.text, found.step, found.answered_by) == (TEXT, "details", DANA.name)
    for event, private in zip(
        makers.events(process, "doubt.raised", "doubt.settled"), ("text", "answer"), strict=True
    ):
        assert private in event["priv"]
        assert event["data"]["doubt"] == told


def test_staff_say_so_too_and_hear_of_it_unless_it_is_their_own_answer() -> None:
    process = makers.start(makers.FORM)
    task = makers.task(process, "details")
    by_finn = doubts.tell(task.id, TEXT, actor=people.staff("finn"))
    by_dana = doubts.tell(task.id, TEXT, actor=DANA)
    for one in (by_finn, by_dana):
        doubts.settle(one, "Changed.", actor=DANA)
    assert [mail.to.email for mail in mails("mail.settled", process)] == ["finn@example.com"]


def test_nobody_else_says_so_or_answers_and_both_are_done_once() -> None:
    process = makers.start(makers.FORM)
    task = makers.task(process, "details")
    with pytest.raises(NotYours):
        doubts.tell(task.id, TEXT, actor=people.staff("aud"))
    with pytest.raises(Unknown):
        doubts.tell(task.id, TEXT, actor=people.guest("somebody", people.OTTO))
    with pytest.raises(Faulty):
        doubts.tell(task.id, " ", actor=DANA)
    told = doubts.tell(task.id, TEXT, actor=people.staff("finn"))
    with pytest.raises(NotYours):
        doubts.settle(told, "Changed.", actor=people.staff("finn"))
    with pytest.raises(Faulty):
        doubts.settle(told, "", actor=DANA)
    settle = partial(doubts.settle, told, "Changed.", actor=DANA)
    assert at_once([settle] * 2) == {"done": 1, "Conflict": 1}
    with pytest.raises(Conflict):
        settle()
    assert len(makers.rows(Doubt)) == 1
