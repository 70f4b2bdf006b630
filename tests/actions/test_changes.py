"""A running process goes on without a step, or goes back to one: by hand, with a reason."""

from functools import partial

import pytest

from portal import db
from portal.actions import changes, forms, moves, processes, tasks, timers, troubles
from portal.clock import Clock
from portal.definition.fields import JsonSent
from portal.errors import Conflict, Faulty, NotYours, PortalError
from portal.ledger import verify
from portal.readings import export
from tests import makers, people
from tests.actions.test_blocks import is_sound, open_steps, steps
from tests.actions.test_races import at_once

FORM = "  - {id: details, assign: vendor, form: {fields: [{id: company, type: text}]}}"
LOOK = "  - {id: look, assign: buyer, CONTROL task: {}}"
LAST = "  - {id: last, assign: buyer, task: {}}"
THREE = f"{FORM}\n{LOOK.replace('CONTROL ', '')}\n{LAST}"
GUARDED = f"{FORM}\n{LOOK.replace('CONTROL', 'control: true,')}\n{LAST}"
BRANCHES = """\
  - id: both
    parallel:
      branches:
        - name: A
          steps: [{id: a1, assign: buyer, task: {}}, {id: a2, assign: buyer, task: {}}]
        - name: B
          steps: [{id: b1, assign: buyer, task: {}}]
  - {id: last, assign: buyer, task: {}}
"""
ITEMS = """\
  - id: every
    each:
      in: "[1, 2]"
      as: one
      steps: [{id: ask, assign: buyer, task: {}}, {id: tell, assign: buyer, task: {}}]
  - {id: last, assign: buyer, task: {}}
"""


def skip(process: str, step: str, scope: str | None = None, who: str = "dana") -> bool:
    return changes.skip(process, step, "Not needed.", scope, actor=people.staff(who))


def reopen(process: str, step: str, scope: str | None = None, who: str = "dana") -> None:
    changes.reopen(process, step, "The name was wrong.", scope, actor=people.staff(who))


def state(process: str) -> str:
    found: str = makers.process(process).state
    return found


def tick_item(process: str, step: str, scope: str) -> None:
    tasks.tick(makers.task(process, step, scope=scope).id, actor=people.staff("dana"))


# Going on without a step


def test_what_is_open_is_skipped_and_whoever_was_asked_is_told() -> None:
    process = makers.start(THREE)
    one = makers.task(process, "details")
    assert skip(process, "details")
    assert open_steps(process) == ["look"]
    assert makers.task(process, "details", state="withdrawn").id == one.id
    assert len(makers.owed(process, "mail.withdrawn")) == 1
    assert steps(process)["details"]["outcome"] is None
    [event] = makers.events(process, "step.skipped")
    assert event["data"]["why"] == "staff"
    assert "reason" in event["priv"]
    assert event["actor"]["ref"] == "dana"
    assert is_sound(process)


def test_the_last_step_skipped_ends_the_process() -> None:
    process = makers.start(LAST)
    skip(process, "last")
    assert state(process) == "completed"
    assert is_sound(process)


def test_a_wait_is_cut_short_and_its_timer_rings_for_nothing(clock: Clock) -> None:
    process = makers.start(f"  - {{id: pause, wait: {{for: 3 days}}}}\n{LAST}")
    [timer] = makers.timers(process)
    skip(process, "pause")
    assert open_steps(process) == ["last"]
    clock.advance(days=4)
    timers.ring([timer.id])
    assert open_steps(process) == ["last"]
    assert is_sound(process)


def test_a_block_is_skipped_with_all_that_is_open_in_it() -> None:
    process = makers.start(BRANCHES)
    assert open_steps(process) == ["a1", "b1"]
    skip(process, "both")
    assert open_steps(process) == ["last"]
    assert is_sound(process)


def test_of_several_items_one_has_to_be_named() -> None:
    process = makers.start(ITEMS)
    with pytest.raises(Faulty, match="every:0, every:1") as several:
        skip(process, "ask")
    assert [one.at for one in several.value.faults] == ["scope"]
    skip(process, "ask", "every:1")
    assert open_steps(process) == ["ask", "tell"]
    assert makers.task(process, "tell").scope == "every:1"
    assert is_sound(process)


def test_what_is_stuck_is_skipped_and_its_exception_is_resolved() -> None:
    stuck = "  - {id: sum, set: {half: 1 / inputs.amount}}"
    process = makers.start(f"{stuck}\n{LAST}", inputs={"amount": "0"})
    skip(process, "sum")
    assert open_steps(process) == ["last"]
    assert makers.troubles(process, state="open") == []
    assert is_sound(process)


def test_a_block_takes_the_exceptions_inside_it_along() -> None:
    broken = BRANCHES.replace("{id: b1, assign: buyer, task: {}}", "{id: b1, set: {x: 1 / 0}}")
    process = makers.start(broken)
    assert len(makers.troubles(process, state="open")) == 1
    skip(process, "both")
    assert open_steps(process) == ["last"]
    assert makers.troubles(process, state="open") == []
    assert is_sound(process)


@pytest.mark.parametrize(
    ("step", "kind", "said"),
    [
        ("last", Conflict, "does not stand on “Last”"),
        ("nothing", Faulty, "Name a step of this process: details"),
        ("'; drop", Faulty, "Name a step of this process: details"),
    ],
)
def test_what_does_not_stand_is_not_skipped(step: str, kind: type[Exception], said: str) -> None:
    process = makers.start(THREE)
    before = makers.types(process)
    with pytest.raises(kind, match=said):
        skip(process, step)
    assert makers.types(process) == before


# Safeguards


def test_a_safeguard_is_skipped_by_two_people() -> None:
    process = makers.start(GUARDED)
    makers.fill(process, company="Sea")
    assert not skip(process, "look")
    assert open_steps(process) == ["look"]
    with pytest.raises(Conflict, match="second person"):
        skip(process, "look")
    assert skip(process, "look", who="ada")
    assert open_steps(process) == ["last"]
    types = makers.types(process)
    assert (types.count("exception.proposed"), types.count("step.skipped")) == (1, 1)
    assert is_sound(process)


def test_a_proposal_ends_with_the_round_that_it_was_about() -> None:
    process = makers.start(GUARDED)
    makers.fill(process, company="Sea")
    skip(process, "look")
    makers.tick(process, "look")
    assert makers.troubles(process, state="open") == []
    reopen(process, "look")
    assert not skip(process, "look", who="ada")
    reopen(process, "details")
    assert makers.troubles(process, state="open") == []
    assert is_sound(process)


def test_a_proposal_is_declined_by_trying_on() -> None:
    process = makers.start(GUARDED)
    makers.fill(process, company="Sea")
    skip(process, "look")
    [trouble] = makers.troubles(process, state="open")
    troubles.resolve(trouble.id, "retry", "It has to be seen.", actor=people.staff("ada"))
    assert open_steps(process) == ["look"]
    assert makers.types(process).count("step.skipped") == 0
    assert not skip(process, "look", who="ada")
    assert is_sound(process)


def test_a_proposal_is_agreed_to_on_the_exceptions_desk() -> None:
    process = makers.start(GUARDED)
    makers.fill(process, company="Sea")
    skip(process, "look")
    [trouble] = makers.troubles(process, state="open")
    with pytest.raises(Conflict, match="second person"):
        troubles.resolve(trouble.id, "skip", "Yes.", actor=people.staff("dana"))
    assert troubles.resolve(trouble.id, "skip", "Yes.", actor=people.staff("ada"))
    assert open_steps(process) == ["last"]
    assert is_sound(process)


def test_a_block_with_a_safeguard_in_it_is_one() -> None:
    process = makers.start(BRANCHES.replace("{id: a2,", "{id: a2, control: true,"))
    assert not skip(process, "both")
    assert skip(process, "both", who="ada")


def test_two_who_agree_at_different_doors_are_two() -> None:
    stuck = "  - {id: sum, control: true, set: {half: 1 / inputs.amount}}"
    process = makers.start(f"{stuck}\n{LAST}", inputs={"amount": "0"})
    [trouble] = makers.troubles(process, state="open")
    assert not troubles.resolve(trouble.id, "skip", "Not needed.", actor=people.staff("dana"))
    with pytest.raises(Conflict):
        skip(process, "sum")
    assert skip(process, "sum", who="ada")
    assert open_steps(process) == ["last"]
    assert is_sound(process)


# Asking again


def test_a_step_that_was_done_is_asked_again_with_the_reason_and_what_was_sent() -> None:
    process = makers.start(THREE)
    makers.fill(process, company="Sea")
    makers.tick(process, "look")
    reopen(process, "details")
    assert open_steps(process) == ["details"]
    again = makers.runs(process, "details")[-1]
    assert (again.round, again.answers, again.comment) == (
        2, {"company": "Sea"}, "The name was wrong.",
    )  # fmt: skip
    [event] = makers.events(process, "step.returned")
    assert (event["data"]["to"], event["data"]["why"]) == ("details", "reopened")
    assert event["actor"]["ref"] == "dana"
    makers.fill(process, company="Ocean")
    makers.tick(process, "look")
    makers.tick(process, "last")
    assert state(process) == "completed"
    assert [one.round for one in makers.rows(makers.Task, step="look", state="done")] == [1, 2]
    assert is_sound(process)


def test_inside_a_branch_the_others_go_on() -> None:
    process = makers.start(BRANCHES)
    makers.tick(process, "a1")
    makers.tick(process, "a2")
    reopen(process, "a2")
    assert open_steps(process) == ["a2", "b1"]
    assert makers.runs(process, "a2")[-1].comment == "The name was wrong."
    assert len(makers.runs(process, "a1")) == 1
    makers.tick(process, "a2")
    makers.tick(process, "b1")
    assert open_steps(process) == ["last"]
    assert is_sound(process)


def test_inside_a_block_that_has_ended_nothing_is_reopened() -> None:
    process = makers.start(BRANCHES)
    for step in ("a1", "a2", "b1"):
        makers.tick(process, step)
    with pytest.raises(Conflict, match="inside “Both”, which is over"):
        reopen(process, "b1")


def test_one_item_goes_back_and_the_others_stay() -> None:
    process = makers.start(ITEMS)
    tick_item(process, "ask", "every:0")
    tick_item(process, "ask", "every:1")
    reopen(process, "ask", "every:1")
    assert open_steps(process) == ["ask", "tell"]
    tick_item(process, "tell", "every:0")
    with pytest.raises(Conflict, match="which is over"):
        reopen(process, "tell", "every:0")
    tick_item(process, "ask", "every:1")
    tick_item(process, "tell", "every:1")
    assert open_steps(process) == ["last"]
    assert is_sound(process)


def test_what_was_gone_past_at_a_move_can_be_asked_after_all() -> None:
    process = makers.start(f"{FORM}\n{LAST}")
    makers.fill(process, company="Sea")
    makers.publish(f"  - {{id: early, assign: buyer, task: {{}}}}\n{FORM}\n{LAST}")
    moves.migrate(process, 2, "New law.", actor=people.staff("dana"))
    reopen(process, "early")
    assert open_steps(process) == ["early"]
    makers.tick(process, "early")
    assert open_steps(process) == ["details"]
    assert is_sound(process)


def test_going_back_frees_what_was_stuck_after_it() -> None:
    stuck = "  - {id: sum, set: {half: '1 / size(steps.details.company)'}}"
    process = makers.start(f"{FORM.replace('text}', 'text, required: false}')}\n{stuck}\n{LAST}")
    makers.fill(process, company="")
    assert len(makers.troubles(process, state="open")) == 1
    reopen(process, "details")
    assert makers.troubles(process, state="open") == []
    makers.fill(process, company="Sea")
    assert open_steps(process) == ["last"]
    assert is_sound(process)


@pytest.mark.parametrize(
    ("step", "kind", "said"),
    [
        ("last", Conflict, "is not done"),
        ("details", Conflict, "is not done"),
        ("nothing", Faulty, "Name a step"),
    ],
)
def test_what_was_not_done_is_not_reopened(step: str, kind: type[Exception], said: str) -> None:
    process = makers.start(THREE)
    with pytest.raises(kind, match=said):
        reopen(process, step)


def test_what_no_person_did_is_not_reopened() -> None:
    process = makers.start(f"  - {{id: one, set: {{x: 1}}}}\n{LAST}")
    with pytest.raises(Faulty, match="not done by a person"):
        reopen(process, "one")


# Who, and when


@pytest.mark.parametrize("verb", [changes.skip, changes.reopen])
def test_it_takes_a_reason_the_owner_and_a_process_that_runs(verb: object) -> None:
    assert callable(verb)
    process = makers.start(THREE)
    with pytest.raises(Faulty, match="Say in a sentence why"):
        verb(process, "details", " ", actor=people.staff("dana"))
    for who in ("finn", "aud"):
        with pytest.raises(NotYours):
            verb(process, "details", "Mine.", actor=people.staff(who))
    processes.cancel(process, "Enough.", actor=people.staff("dana"))
    with pytest.raises(PortalError, match="has ended"):
        verb(process, "details", "Why not.", actor=people.staff("dana"))


def test_skipping_against_answering_has_one_winner() -> None:
    for _ in range(3):
        process = makers.start(THREE)
        one = makers.task(process, "details")
        submit = partial(
            forms.submit, one.id, JsonSent({"company": "Sea"}), actor=makers.actor_of(one)
        )
        ended = at_once(
            [
                verb
                for n in "ab"
                for verb in (partial(submit, nonce=n), partial(skip, process, "details"))
            ]
        )
        assert ended["done"] >= 1
        types = makers.types(process)
        assert types.count("form.submitted") + types.count("step.skipped") == 1
        assert open_steps(process) == ["look"]
        assert is_sound(process)


def test_reopening_twice_at_once_asks_once() -> None:
    process = makers.start(THREE)
    makers.fill(process, company="Sea")
    ended = at_once([partial(reopen, process, "details")] * 4)
    assert ended == {"done": 1, "Conflict": 3}
    assert open_steps(process) == ["details"]
    assert is_sound(process)


def test_its_ledger_still_verifies() -> None:
    process = makers.start(GUARDED)
    makers.fill(process, company="Sea")
    skip(process, "look")
    skip(process, "look", who="ada")
    reopen(process, "details")
    makers.fill(process, company="Ocean")
    upto = makers.events(process)[-1]["seq"]
    with db.reading() as conn:
        lines = [line.encode() for line in export.lines(conn, process, upto=upto)]
    assert not verify.verify(lines).findings
