"""A request: one person is asked for something, and perhaps a second one approves what came."""

from typing import Any

import pytest

from portal import db
from portal.actions import definitions, leaving, requests
from portal.clock import Clock
from portal.errors import Conflict, Faulty, NotYours
from portal.ledger import verify
from portal.models import DefinitionRow, Process, Timer
from portal.readings import automations, export, lists, status
from tests import makers, people
from tests.actions.test_races import at_once

DANA = people.staff("dana")
ASK = "The tax certificate of 2025\nBoth pages, please; *not* the draft {{ of }} May."


def ask(who: str = "dana", **more: Any) -> str:
    given: dict[str, Any] = {
        "to": people.OTTO, "ask": ASK, "wanted": "files", "by": "2999-12-24", **more,
    }  # fmt: skip
    return requests.start(**given, actor=people.staff(who))


def sound(process: str) -> None:
    with db.reading() as conn:
        assert status.drift(conn, process) is None
        upto = makers.events(process)[-1]["seq"]
        lines = [line.encode() for line in export.lines(conn, process, upto=upto)]
    assert not verify.verify(lines).findings


def test_three_fields_are_a_process_with_its_mail_and_its_clocks(clock: Clock) -> None:
    process = ask()
    row = makers.process(process)
    assert (row.title, row.owner_id) == ("The tax certificate of 2025", "dana")
    assert row.inputs["more"] == ASK.partition("\n")[2]
    task = makers.task(process, "ask")
    assert (task.name, task.kind, task.due_at.date().isoformat()) == (
        row.title, "upload", "2999-12-24",
    )  # fmt: skip
    assert len(makers.owed(process, "mail.invite")) == 1
    assert {one.kind for one in makers.rows(Timer, task_id=task.id)} >= {"due", "remind"}
    makers.send(process, "ask", makers.arrived("files"))
    assert makers.process(process).state == "completed"
    sound(process)


@pytest.mark.parametrize("wanted", ["answer", "approval", "confirmation"])
def test_whatever_is_wanted_comes_back(wanted: str) -> None:
    process = ask(wanted=wanted)
    if wanted == "answer":
        makers.fill(process, step="ask", answer="It is so.")
    elif wanted == "approval":
        makers.decide(process, step="ask")
    else:
        makers.tick(process, "ask")
    assert makers.process(process).state == "completed"


def test_a_second_one_approves_what_came_or_sends_it_back() -> None:
    process = ask(approver={"email": "finn@example.com"}, wanted="answer")
    makers.fill(process, step="ask", answer="It is so.")
    review = makers.task(process, "approve")
    assert makers.actor_of(review).user_id == "finn"
    makers.decide(process, "request_changes", step="approve", items=["answer"])
    assert makers.task(process, "ask").round == 2
    makers.fill(process, step="ask", answer="It was so.")
    makers.decide(process, step="approve")
    assert makers.process(process).state == "completed"
    sound(process)


def test_a_colleague_does_it_at_the_desk_and_somebody_outside_may_approve() -> None:
    process = ask(to={"email": "finn@example.com"}, approver=people.OTTO)
    assert makers.actor_of(makers.task(process, "ask")).user_id == "finn"
    makers.send(process, "ask", makers.arrived("files"))
    assert makers.actor_of(makers.task(process, "approve")).kind == "participant"


def test_one_definition_serves_an_owner_for_a_shape_and_stands_in_no_list() -> None:
    ask()
    ask(ask="Something else", to=people.VERA)
    ask("finn")
    ask(approver=people.VERA)
    found = makers.rows(DefinitionRow)
    assert [(row.version, row.made_for) for row in found] == [
        (1, "dana"), (1, "finn"), (1, "dana"),
    ]  # fmt: skip
    with db.reading() as conn:
        assert list(lists.definitions(conn)) == []
        assert list(lists.definition_names(conn)) == []
        assert automations.of_all(conn) == []
    assert len(makers.rows(Process)) == 4
    with pytest.raises(Conflict, match="taken by somebody’s requests"):
        definitions.publish(found[0].source, actor=DANA)


def test_two_first_requests_at_once_are_two_of_one_definition() -> None:
    assert at_once([ask, ask]) == {"done": 2}
    assert len(makers.rows(DefinitionRow)) == 1


@pytest.mark.parametrize(
    ("given", "at"),
    [({"to": {}}, "to"), ({"to": {"email": "otto"}}, "to"), ({"ask": " "}, "ask"),
     ({"ask": "x" * 4001}, "ask"), ({"wanted": "money"}, "wanted"), ({"by": ""}, "by"),
     ({"by": "soon"}, "by"), ({"by": "2001-01-01"}, "by"), ({"approver": people.OTTO}, "approver"),
     ({"to": {"email": "o@x.example", "name": 7}}, "to"),
     ({"reference": "x" * 201}, "reference")],
)  # fmt: skip
def test_what_is_missing_or_unfit_is_told_at_its_field(given: dict[str, Any], at: str) -> None:
    with pytest.raises(Faulty) as found:
        ask(**given)
    assert [one.at for one in found.value.faults] == [at]
    assert makers.rows(Process) == []
    assert makers.rows(DefinitionRow) == []


def test_an_auditor_asks_nobody() -> None:
    with pytest.raises(NotYours):
        ask("aud")


def test_whoever_succeeds_takes_the_requests_that_run_and_asks_by_their_own() -> None:
    process = ask("finn")
    leaving.hand_over("finn", "dana@example.com", "He left.", actor=people.staff("ada"))
    assert makers.process(process).owner_id == "dana"
    [row] = makers.rows(DefinitionRow)
    assert (row.owner_id, row.made_for) == ("finn", "finn")
