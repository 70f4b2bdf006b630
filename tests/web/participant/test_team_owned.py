"""A process that a team answers for: one name asks everywhere, and questions reach its members."""

import pytest
from flask import Flask

from portal import db
from portal.actions import people as people_verbs
from portal.actions import processes
from portal.readings import letters
from tests import makers, people
from tests.web.api.conftest import Program
from tests.web.participant.conftest import Visitor

TEAM = makers.HEAD.replace("owner: dana@example.com", "owner: {team: finance}")
MEMBERS = ("finn@example.com", "fay@example.com")


@pytest.fixture
def process(app: Flask) -> str:
    return makers.start(makers.FORM, head=TEAM)


def test_the_page_names_the_team_and_takes_a_question_to_it(visitor: Visitor, process: str) -> None:
    page = visitor.get(visitor.enter(makers.task(process, "details")))
    assert "<strong>finance</strong> of" in page
    assert "I have a question" in page
    assert "/question" in page


def test_the_mail_names_the_team_and_an_answer_goes_to_its_members(process: str) -> None:
    task = makers.task(process, "details")
    with db.reading() as conn:
        [letter] = letters.of(
            conn, "mail.invite", {"task": task.id}, made_at=task.opened_at, tz="UTC"
        )
    assert letter.facts["owner"] == "finance"
    assert set(letter.reply_to) == set(MEMBERS)


def test_a_withdrawn_task_still_says_whom_to_ask(visitor: Visitor, process: str) -> None:
    place = visitor.enter(makers.task(process, "details"))
    processes.cancel(process, "Not needed.", actor=people.staff("ada"))
    page = visitor.get(place, 410)
    assert "finance can tell you more" in page
    assert MEMBERS[0] in page


def test_programs_are_told_the_team_as_a_definition_names_it(app: Flask, process: str) -> None:
    ada = people.staff("ada")
    token = people_verbs.make_token("of dana", "dana@example.com", is_system=False, actor=ada)
    dana = Program(app.test_client(), token)
    assert dana.get(f"/processes/{process}")["owner"] == {"team": "finance"}
    assert dana.get("/tasks")["items"][0]["owner"] == {"team": "finance"}
    assert dana.get("/definitions/demo")["owner"] == {"team": "finance"}
    assert [one["id"] for one in dana.get("/processes?owner=finance")["items"]] == [process]
    assert dana.get("/processes?owner=dana@example.com")["items"] == []
