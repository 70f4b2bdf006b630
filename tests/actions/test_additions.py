"""A step is added to one running process, and runs like any other."""

from functools import partial
from typing import Any

import pytest

from portal import db
from portal.actions import approvals, changes, moves, processes
from portal.clock import Clock
from portal.errors import Conflict, Faulty, NotYours, ProcessEnded
from portal.ledger import verify
from portal.models import AddedStep, DefinitionRow, Process
from portal.readings import additions, dossier, export, foretold, status
from portal.readings.trail import Evidence
from tests import makers, people
from tests.actions.test_races import at_once

DANA = people.staff("dana")
FORM = "  - {id: details, assign: vendor, form: {fields: [{id: company, type: text}]}}"
LOOK = "  - {id: look, assign: buyer, task: {}}"
REVIEW = (
    "  - {id: review, assign: buyer, approval: {question: Well?, on_changes: {return_to: details}}}"
)
ASK = "name: Proof of address\nassign: {email: \"'otto@lake.example'\", name: \"'Otto'\"}\n\
due: 3 days\nupload: {documents: [{id: proof, name: Proof}]}"
TICK = "{name: Call them, assign: buyer, task: {}}"


def add(process: str, text: str = TICK, who: str = "dana", **beside: str) -> str:
    beside = beside or {"after": "details"}
    return changes.add_step(process, text, "It was forgotten.", **beside, actor=people.staff(who))


def sound(process: str) -> None:
    with db.reading() as conn:
        assert status.drift(conn, process) is None
        upto = makers.events(process)[-1]["seq"]
        lines = [line.encode() for line in export.lines(conn, process, upto=upto)]
    assert not verify.verify(lines).findings


def test_it_is_asked_in_its_turn_by_mail_with_its_clocks(clock: Clock) -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    assert add(process, ASK) == "added_1"
    assert makers.rows(Process)[0].n_steps == 3
    makers.fill(process, company="Sea")
    task = makers.task(process, "added_1")
    assert (task.name, (task.due_at - task.opened_at).days) == ("Proof of address", 3)
    assert makers.actor_of(task).email == "otto@lake.example"
    assert task.id in [one.ref["task"] for one in makers.owed(process, "mail.invite")]
    assert {timer.kind for timer in makers.timers(process)} >= {"due", "remind"}
    makers.send(process, "added_1", makers.arrived("proof"))
    makers.tick(process, "look")
    assert makers.process(process).state == "completed"
    [event] = makers.events(process, "step.added")
    assert event["data"]["near"] == "details"
    assert {"name", "text", "reason"} <= set(event["priv"])
    with db.reading() as conn:
        [told] = additions.of_process(conn, process)
    assert (told.name, told.by, told.reason) == (
        "Proof of address", DANA.name, "It was forgotten.",
    )  # fmt: skip
    sound(process)


def test_no_other_process_and_no_version_has_it() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    other = makers.start_again()
    add(process)
    published = [row for row in makers.rows(DefinitionRow) if row.process_id is None]
    assert [(row.key, row.version) for row in published] == [("demo", 1)]
    assert makers.process(other).definition_id == published[0].id
    assert makers.process(process).version == 1
    makers.fill(other, company="Lake")
    assert makers.task(other, "look")


def test_a_return_runs_it_again() -> None:
    process = makers.start(f"{FORM}\n{REVIEW}")
    add(process)
    makers.fill(process, company="Sea")
    makers.tick(process, "added_1")
    makers.decide(process, "request_changes", items=[])
    makers.fill(process, company="Lake")
    assert makers.task(process, "added_1").round == 2
    sound(process)


def test_an_approval_shows_and_sends_back_what_an_added_step_brought() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    review = "{assign: buyer, approval: {question: Right?, on_changes: {return_to: details}}}"
    add(process, review)
    makers.fill(process, company="Sea")
    task = makers.task(process, "added_1")
    approvals.decide(
        task.id, "request_changes", "Name?", ["company"], nonce=db.new_id(), actor=DANA
    )
    assert makers.task(process, "details").round == 2
    sound(process)


def test_before_what_is_stuck_it_is_asked_first() -> None:
    stuck = "  - {id: sum, set: {half: 1 / inputs.amount}}"
    process = makers.start(f"{stuck}\n{LOOK}", inputs={"amount": "0"})
    add(process, before="sum")
    assert makers.task(process, "added_1")


@pytest.mark.parametrize(
    ("beside", "why"),
    [({"before": "details"}, "“Details” has begun or is over"),
     ({"before": "look", "after": "details"}, "Name one step"), ({"after": ""}, "Name the step"),
     ({"after": "nope"}, "Name a step of this process: details, look")],
)  # fmt: skip
def test_where_it_can_not_stand_is_told(beside: dict[str, str], why: str) -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    before = makers.types(process)
    with pytest.raises((Conflict, Faulty)) as told:
        add(process, **beside)
    faults = getattr(told.value, "faults", None)
    assert why in (faults[0].message if faults else str(told.value))
    assert makers.types(process) == before


def test_its_faults_come_at_line_and_key_and_a_reason_is_due() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    with pytest.raises(Faulty) as found:
        add(process, "assign: buyer\ntask: {checklist: []}")
    assert [one.at for one in found.value.faults] == ["2: checklist"]
    with pytest.raises(Faulty) as found:
        changes.add_step(process, TICK, " ", after="details", actor=DANA)
    assert [one.at for one in found.value.faults] == ["reason"]


def test_only_the_owner_and_admins_add_one_and_only_while_it_runs() -> None:
    process = makers.start(LOOK)
    for who in ("finn", "aud"):
        with pytest.raises(NotYours):
            add(process, who=who, after="look")
    add(process, who="ada", after="look")
    processes.cancel(process, "Over.", actor=DANA)
    with pytest.raises(ProcessEnded):
        add(process, after="look")


def test_two_at_once_both_stand_and_of_one_id_only_one() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    assert at_once([partial(add, process)] * 2) == {"done": 2}
    named = TICK.replace("{name", "{id: call, name")
    assert at_once([partial(add, process, named)] * 2) == {"done": 1, "Faulty": 1}
    assert len(makers.rows(AddedStep, process_id=process)) == 3
    sound(process)


def test_it_is_done_or_added_first_never_both() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    makers.fill(process, company="Sea")
    task = makers.task(process, "look")
    tick: Any = partial(makers.tasks.tick, task.id, nonce=db.new_id(), actor=makers.actor_of(task))
    told = at_once([partial(add, process, after="look"), tick])
    is_refused = told["ProcessEnded"] == 1
    assert told["done"] == (1 if is_refused else 2)
    assert makers.process(process).state == ("completed" if is_refused else "running")
    sound(process)


def test_the_forecast_names_whoever_is_asked_and_the_trail_tells_what_they_answered() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    question = "form: {fields: [{id: why, type: text, label: Why so}]}"
    add(process, f"assign: {{email: \"'o@lake.example'\"}}\nname: Say why\n{question}")
    add(process, f"assign: buyer\nname: Say more\n{question}", after="look")
    with db.reading() as conn:
        ahead = foretold.of_process(conn, dossier.of_process(conn, process), "UTC")
    assert "“Say why” comes to o@lake.example." in str(ahead)
    makers.fill(process, company="Sea")
    makers.fill(process, step="added_1", why="A new law.")
    makers.publish(f"{FORM}\n{LOOK}\n  - {{id: late, assign: buyer, task: {{}}}}")
    moves.migrate(process, 2, "New rules.", actor=DANA)
    makers.tick(process, "look")
    makers.fill(process, step="added_2", why="And an old one.")
    with db.reading() as conn:
        evidence = Evidence(conn, process, 10_000, "UTC")
        answers = {one.task: list(one.rows) for one in evidence.answers()}
        lines = [line.sentence for line in evidence.lines()]
    assert answers["Say why"] == [("Why so", "A new law.")]
    assert answers["Say more"] == [("Why so", "And an old one.")]
    assert "It was forgotten." in [line.quote for line in lines]
    sound(process)


# Another version


def test_it_goes_along_to_another_version_and_back() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    add(process, ASK)
    makers.publish(f"{FORM}\n{LOOK}\n  - {{id: late, assign: buyer, task: {{}}}}")
    told = moves.migrate(process, 2, "New rules.", actor=DANA)
    assert (told.new, told.gone) == (("late",), ())
    row = makers.process(process)
    assert (row.version, row.n_steps) == (2, 4)
    makers.fill(process, company="Sea")
    assert moves.migrate(process, 1, "Back.", actor=DANA).stays == ("added_1",)
    makers.send(process, "added_1", makers.arrived("proof"))
    makers.tick(process, "look")
    assert makers.process(process).state == "completed"
    sound(process)


def test_where_its_neighbour_is_gone_the_move_is_refused_until_it_is_done() -> None:
    process = makers.start(f"{FORM}\n{LOOK}\n  - {{id: last, assign: buyer, task: {{}}}}")
    add(process, after="look")
    makers.publish(f"{FORM}\n  - {{id: last, assign: buyer, task: {{}}}}")
    looked = moves.look(process, 2, actor=DANA)
    assert looked.refusals == (
        "The step `added_1`, which was added, stands after `look`, which version 2 does not have.",
    )
    with pytest.raises(Conflict, match="which version 2 does not have"):
        moves.migrate(process, 2, "New rules.", actor=DANA)
    makers.fill(process, company="Sea")
    makers.tick(process, "look")
    makers.tick(process, "added_1")
    assert moves.migrate(process, 2, "New rules.", actor=DANA).gone == ("look", "added_1")
    assert moves.migrate(process, 1, "Back.", actor=DANA).restored == ("look", "added_1")
    makers.tick(process, "last")
    assert makers.process(process).state == "completed"
    sound(process)


def test_a_version_with_a_step_of_that_id_says_so() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    add(process, "{id: late, assign: buyer, task: {}}")
    makers.publish(f"{FORM}\n{LOOK}\n  - {{id: late, assign: buyer, task: {{}}}}")
    [why] = moves.look(process, 2, actor=DANA).refusals
    assert "`late`, which was added, does not fit version 2" in why
