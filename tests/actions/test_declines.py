"""“I won’t do this”: the owner learns why and decides; until then nobody is reminded."""

from typing import Any

import pytest

from portal import db
from portal.actions import declines, troubles
from portal.actions import timers as clockwork
from portal.clock import Clock
from portal.clock import now as house_now
from portal.errors import Conflict, Faulty, NotYours, Unknown
from portal.models import Link, Task
from portal.readings import letters
from tests import makers, people
from tests.conftest import MONDAY
from tests.histories import rules

pytestmark = pytest.mark.usefixtures("house")

STEPS = makers.FORM.replace("assign: vendor,", "assign: vendor, due: 4 days,")
WHY = "We never signed with you."


def begun(steps: str = STEPS) -> Any:
    return makers.task(makers.start(steps), "details")


def decline(task: Any, why: str = WHY) -> Any:
    declines.decline(task.id, why, actor=makers.actor_of(task))
    return makers.rows(Task, id=task.id)[0]


def resolve(task: Any, how: str, **details: Any) -> None:
    [trouble] = makers.troubles(task.process_id, state="open")
    troubles.resolve(trouble.id, how, "We do need it.", details, actor=people.staff("dana"))


def reminders(task: Any) -> list[str]:
    found = [one for one in makers.timers(task.process_id) if one.kind == "remind"]
    return [one.what["label"] for one in found]


def letter(process_id: str, kind: str) -> Any:
    owed = makers.owed(process_id, kind)[-1]
    with db.reading() as conn:
        [found] = letters.of(conn, owed.kind, owed.ref, made_at=MONDAY, tz="UTC")
    return found


def test_a_task_that_is_declined_is_an_exception_with_the_reason(clock: Clock) -> None:
    task = begun()
    with pytest.raises(Faulty):
        decline(task, " ")
    for _ in range(2):
        declined = decline(task)
        clock.advance(hours=1)
    assert (declined.state, declined.declined_at) == ("open", MONDAY)
    [trouble] = makers.troubles(task.process_id)
    assert (trouble.kind, trouble.task_id) == ("declined", task.id)
    assert trouble.message == f"Vera Vendor will not do “Details”: {WHY}"
    assert reminders(task) == []
    [told] = makers.events(task.process_id, "task.declined")
    assert "reason" in told["priv"]
    receipt = letter(task.process_id, "mail.declined")
    assert (receipt.to.email, receipt.facts["reason"]) == (people.VERA["email"], WHY)
    assert receipt.facts["entry"].seq == told["seq"]
    assert receipt.link is None, "a receipt carries no link"
    clock.advance(days=9)
    now = house_now()
    due = [one.id for one in makers.timers(task.process_id) if one.rings_at <= now]
    clockwork.ring(due)
    assert "deadline.missed" in makers.types(task.process_id)
    assert len(makers.troubles(task.process_id)) == 1, "its owner has to look already"


def test_asked_again_it_goes_on_as_before_and_the_person_reads_why(clock: Clock) -> None:
    task = begun()
    planned = reminders(task)
    decline(task)
    resolve(task, "retry")
    assert makers.rows(Task, id=task.id)[0].declined_at is None
    assert reminders(task) == planned
    again = letter(task.process_id, "mail.asked_again")
    assert (again.to.email, again.facts["reason"]) == (people.VERA["email"], "We do need it.")
    assert again.link is not None
    decline(task, "Still not.")
    assert len(makers.troubles(task.process_id, state="open")) == 1
    makers.fill(task.process_id, company="Sea")
    assert makers.troubles(task.process_id, state="open") == [], "it was done after all"


@pytest.mark.parametrize("how", ["skip", "complete", "reassign"])
def test_the_other_ways_out_ask_that_person_no_more(how: str) -> None:
    task = begun()
    decline(task)
    details = {"complete": {"values": {"company": "Sea"}}, "reassign": {"to": people.OTTO}}
    resolve(task, how, **details.get(how, {}))
    [now] = makers.rows(Task, id=task.id)
    assert now.declined_at is None
    assert makers.owed(task.process_id, "mail.asked_again") == []
    if how == "reassign":
        assert len(reminders(task)) == 5


def test_whoever_has_it_declines_and_what_has_its_own_no_is_not_declined() -> None:
    task = begun()
    with pytest.raises(Unknown):
        declines.decline(task.id, WHY, actor=people.guest("nobody", people.OTTO))
    with pytest.raises(NotYours):
        declines.decline(task.id, WHY, actor=people.staff("dana"))
    process = makers.start("  - {id: review, assign: vendor, approval: {question: Fine?}}")
    with pytest.raises(Conflict) as told:
        decline(makers.task(process, "review"))
    assert told.value.remedy == "Reject it, and say why."
    looks = makers.start("  - {id: look, assign: buyer, task: {}}")
    decline(makers.task(looks, "look"))
    assert makers.owed(looks, "mail.declined") == [], "a colleague sees it at the desk"
    assert [one.kind for one in makers.troubles(looks)] == ["declined"]


def test_each_of_several_who_will_not_do_it_says_why() -> None:
    steps = "  - {id: any, assign: [vendor, second], task: {}}"
    process = makers.start(steps, participants={"second": people.OTTO})
    task = makers.task(process, "any")
    first, other = (
        people.guest(one.participant_id, people.VERA, one.id)
        for one in makers.rows(Link, task_id=task.id)
    )
    for actor, why in ((first, "Not ours."), (first, "Not ours."), (other, "Nor ours.")):
        declines.decline(task.id, why, actor=actor)
    assert makers.types(process).count("task.declined") == 2
    assert len(makers.owed(process, "mail.declined")) == 2
    told = sorted(one.message.rpartition(": ")[2] for one in makers.troubles(process))
    assert told == ["Nor ours.", "Not ours."]
    resolve_first = makers.troubles(process, state="open")[0]
    troubles.resolve(resolve_first.id, "retry", "We need it.", actor=people.staff("dana"))
    assert makers.troubles(process, state="open") == [], "one answer is enough for all of them"
    assert len(makers.owed(process, "mail.asked_again")) == 1
    declines.decline(task.id, "Still not.", actor=other)
    assert makers.types(process).count("task.declined") == 3
    assert rules.broken(process) == []
    assert rules.unsound(process) == []
