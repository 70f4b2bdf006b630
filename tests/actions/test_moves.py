"""A process is moved to another version: what goes on, what is passed over, what refuses."""

import threading
from typing import Any

import pytest

from portal import clock as house
from portal import db
from portal.actions import changes, moves, processes, tasks, timers
from portal.clock import Clock
from portal.errors import Conflict, Faulty, NotYours, PortalError
from portal.ledger import verify
from portal.models import Process, Task, Timer
from portal.readings import export, status
from tests import makers, people

DANA = people.staff("dana")

FORM = "  - {id: details, assign: vendor, form: {fields: [{id: company, type: text}]}}"
LOOK = "  - {id: look, assign: buyer, task: {}}"
_INNER_FORM, _INNER_LOOK = FORM[4:], LOOK[4:]
BOTH = f"""\
  - id: b
    parallel:
      branches:
        - {{name: A, steps: [{_INNER_FORM}]}}
        - {{name: B, steps: [{_INNER_LOOK}]}}"""
LATE = "  - {id: late, assign: buyer, task: {}}"


def publish(steps: str, head: str = makers.HEAD) -> None:
    """The next version of the definition that every process here is of."""
    makers.publish(steps, head)


def move(process: str, version: int = 2) -> moves.Move:
    return moves.migrate(process, version, "The rules changed.", actor=DANA)


def done(process: str, step: str) -> None:
    makers.tick(process, step)


def open_steps(process: str) -> list[str]:
    return [one.step for one in makers.rows(Task, process_id=process, state="open")]


def sound(process: str) -> None:
    with db.reading() as conn:
        assert status.drift(conn, process) is None


def test_a_step_that_is_new_and_ahead_is_reached_in_its_turn() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    publish(f"{FORM}\n{LOOK}\n{LATE}")
    told = move(process)
    assert (told.stays, told.new, told.passed, told.gone) == (("details",), ("late",), (), ())
    makers.fill(process, company="Sea")
    done(process, "look")
    assert makers.rows(Process)[0].state == "running"
    done(process, "late")
    assert makers.rows(Process)[0].state == "completed"
    sound(process)


def test_a_step_that_is_new_and_behind_is_not_asked_by_surprise() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    makers.fill(process, company="Sea")
    publish(f"{LATE}\n{FORM}\n{LOOK}")
    assert move(process).passed == ("late",)
    assert open_steps(process) == ["look"]
    [skipped] = makers.events(process, "step.skipped")
    assert skipped["data"]["why"] == "migrated"
    done(process, "look")
    assert makers.rows(Process)[0].state == "completed"
    sound(process)


def test_where_it_stands_on_a_step_that_is_gone_it_stays_and_says_why() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    publish(LOOK)
    before = makers.types(process)
    with pytest.raises(Conflict, match="which version 2 does not have"):
        move(process)
    assert makers.types(process) == before
    makers.fill(process, company="Sea")
    assert move(process).gone == ("details",)
    done(process, "look")
    sound(process)


@pytest.mark.parametrize(
    ("steps", "why"),
    [("  - {id: details, assign: vendor, task: {}}", "another kind"), (BOTH, "stands elsewhere")],
)
def test_what_is_open_has_to_be_the_same_in_the_same_place(steps: str, why: str) -> None:
    process = makers.start(FORM)
    publish(steps)
    with pytest.raises(Conflict, match=why):
        move(process)


def test_an_answer_of_another_type_could_not_be_read() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    makers.fill(process, company="Sea")
    publish(f"{FORM.replace('type: text', 'type: number')}\n{LOOK}")
    with pytest.raises(Conflict, match="`company` was answered as text and is number"):
        move(process)


def test_a_block_under_way_keeps_its_branches() -> None:
    branch = "{{name: {0}, steps: [{{id: {0}, assign: buyer, task: {{}}}}]}}"
    both = f"  - id: all\n    parallel: {{branches: [{branch.format('a')}, {branch.format('b')}]}}"
    process = makers.start(both)
    publish(both.replace("]}]}", f"]}}, {branch.format('c')}]}}"))
    with pytest.raises(Conflict, match="has 3 branches in version 2 and 2 now"):
        move(process)


def test_items_under_way_go_past_what_is_new_before_and_reach_what_is_new_after() -> None:
    each = "  - id: every\n    each: {{in: '[1, 2]', as: one, steps: [{0}]}}"
    a, b, c = ("{id: %s, assign: buyer, task: {}}" % x for x in "abc")  # noqa: UP031
    process = makers.start(each.format(b))
    publish(each.format(f"{a}, {b}, {c}"))
    told = move(process)
    assert (told.passed, told.new) == (("a",), ("c",))
    for step in ("b", "c"):
        for task in makers.rows(Task, process_id=process, state="open", step=step):
            tasks.tick(task.id, nonce=db.new_id(), actor=DANA)
    assert makers.rows(Process)[0].state == "completed"
    sound(process)


def test_a_look_changes_nothing_and_tells_the_same() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    publish(f"{FORM}\n{LOOK}\n{LATE}")
    before = makers.types(process)
    looked = moves.look(process, "2", actor=DANA)
    assert makers.types(process) == before
    assert makers.rows(Process)[0].version == 1
    assert looked == move(process)


def test_back_again_by_the_same_verb() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    publish(f"{FORM}\n{LOOK}\n{LATE}")
    move(process)
    move(process, 1)
    row = makers.rows(Process)[0]
    assert (row.version, row.n_steps) == (1, 2)
    makers.fill(process, company="Sea")
    done(process, "look")
    assert makers.rows(Process)[0].state == "completed"
    moved = makers.events(process, "process.migrated")
    assert [(one["data"]["from_version"], one["data"]["version"]) for one in moved] == [
        (1, 2), (2, 1),
    ]  # fmt: skip


def test_an_open_task_gets_the_times_of_the_new_version(clock: Clock) -> None:
    process = makers.start(FORM.replace("assign", "due: 4 days, assign"))
    opened = makers.task(process, "details").opened_at
    publish(FORM.replace("assign", "due: 10 days, assign"))
    clock.advance(days=1)
    move(process)
    task = makers.task(process, "details")
    assert (task.due_at - opened).days == 10
    [due] = [one for one in makers.rows(Timer) if one.kind == "due"]
    assert due.rings_at == task.due_at
    clock.advance(days=4)
    timers.ring([row.id for row in makers.timers(process) if row.rings_at <= house.now()])
    assert "deadline.missed" not in makers.types(process)


def test_what_could_not_begin_is_tried_under_the_new_version() -> None:
    broken = "  - {id: sum, set: {half: 1 / inputs.amount}}"
    process = makers.start(f"{broken}\n{LOOK}", inputs={"amount": "0"})
    assert "exception.opened" in makers.types(process)
    publish(f"  - {{id: sum, set: {{half: inputs.amount}}}}\n{LOOK}")
    move(process)
    assert open_steps(process) == ["look"]
    assert "exception.resolved" in makers.types(process)
    sound(process)


def test_its_ledger_still_verifies() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    publish(f"{LATE}\n{FORM}\n{LOOK}")
    move(process)
    makers.fill(process, company="Sea")
    done(process, "look")
    upto = makers.events(process)[-1]["seq"]
    with db.reading() as conn:
        lines = [line.encode() for line in export.lines(conn, process, upto=upto)]
    assert not verify.verify(lines).findings


@pytest.mark.parametrize("version", [None, 0, 3, "two", True, "9" * 30, 1.5, [2]])
def test_a_version_that_there_is_none_of_is_told_with_those_there_are(version: Any) -> None:
    process = makers.start(FORM)
    publish(f"{FORM}\n{LOOK}")
    with pytest.raises(Faulty) as refused:
        moves.migrate(process, version, "Why not.", actor=DANA)
    [fault] = refused.value.faults
    assert (fault.at, fault.message) == ("version", "Name the version to move to: 1, 2.")


def test_it_takes_a_reason_another_version_the_owner_and_a_process_that_runs() -> None:
    process = makers.start(FORM)
    publish(f"{FORM}\n{LOOK}")
    with pytest.raises(Faulty, match="Say in a sentence why"):
        moves.migrate(process, 2, " ", actor=DANA)
    with pytest.raises(Conflict, match="on version 1 already"):
        move(process, 1)
    with pytest.raises(NotYours):
        moves.migrate(process, 2, "Mine.", actor=people.staff("finn"))
    processes.cancel(process, "Enough.", actor=DANA)
    with pytest.raises(PortalError, match="has ended"):
        move(process)


def test_moving_and_answering_at_once_end_in_one_order() -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    publish(LOOK)  # once the form is done it can be moved; before, it can't
    faults: list[BaseException] = []

    def do(verb: Any) -> None:
        try:
            verb()
        except PortalError:
            pass
        except BaseException as error:
            faults.append(error)

    verbs = (lambda: makers.fill(process, company="Sea"), lambda: move(process))
    threads = [threading.Thread(target=do, args=(one,)) for one in verbs]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert faults == []
    assert makers.types(process).count("form.submitted") == 1
    assert open_steps(process) == ["look"]
    sound(process)


ASK_AGAIN = (
    "  - {id: look, assign: buyer, approval: {question: Well?, on_changes: {return_to: details}}}"
)


def test_back_to_a_version_with_a_step_that_was_done_it_stands_again() -> None:
    process = makers.start(f"{FORM}\n{LATE}\n{LOOK}\n  - {{id: last, assign: buyer, task: {{}}}}")
    makers.fill(process, company="Sea")
    done(process, "late")
    publish(f"{LATE}\n{LOOK}\n  - {{id: last, assign: buyer, task: {{}}}}")
    assert move(process).gone == ("details",)
    looked = moves.look(process, 1, actor=DANA)
    told = move(process, 1)
    assert (told.restored, told.passed, told.new) == (("details",), (), ())
    assert looked == told
    [form] = makers.runs(process, "details")
    assert (form.state, form.is_current, form.is_latest) == ("done", True, True)
    assert "step.skipped" not in makers.types(process)
    changes.reopen(process, "details", "The company moved.", actor=DANA)
    assert makers.task(process, "details").round == 2
    sound(process)


def test_a_step_that_comes_back_ahead_is_asked_again_with_what_was_sent() -> None:
    process = makers.start(f"{FORM}\n{LOOK}\n{LATE}")
    makers.fill(process, company="Sea")
    publish(f"{LOOK}\n{LATE}")
    move(process)
    publish(f"{LOOK}\n{FORM}\n{LATE}")
    assert move(process, 3).new == ("details",)
    done(process, "look")
    [first, second] = makers.runs(process, "details")
    assert (first.round, second.round, second.answers) == (1, 2, {"company": "Sea"})
    makers.fill(process, company="Lake")
    done(process, "late")
    assert makers.rows(Process)[0].state == "completed"
    sound(process)


@pytest.mark.parametrize("other", ["task: {}", "form: {fields: [{id: company, type: number}]}"])
def test_what_comes_back_as_something_else_does_not_stand(other: str) -> None:
    process = makers.start(f"{FORM}\n{LOOK}\n{LATE}")
    makers.fill(process, company="Sea")
    publish(f"{LOOK}\n{LATE}")
    move(process)
    publish(f"  - {{id: details, assign: vendor, {other}}}\n{LOOK}\n{LATE}")
    assert move(process, 3).passed == ("details",)
    done(process, "look")
    publish(f"{LOOK}\n{LATE}")
    move(process, 4)
    publish(f"{LOOK}\n{LATE}\n  - {{id: details, assign: vendor, {other}}}")
    move(process, 5)
    done(process, "late")
    assert makers.task(process, "details").answers == {}
    sound(process)


def test_what_was_asked_again_when_it_was_lost_is_asked_when_it_comes_back() -> None:
    process = makers.start(f"{FORM}\n{LATE}\n{ASK_AGAIN}")
    makers.fill(process, company="Sea")
    done(process, "late")
    makers.decide(process, "request_changes", step="look", items=[])
    publish(f"{FORM}\n{ASK_AGAIN}")
    move(process)
    assert move(process, 1).new == ("late",)
    makers.fill(process, company="Lake")
    assert makers.task(process, "late").round == 2
    sound(process)


def test_blocks_and_items_that_come_back_stand_as_they_were() -> None:
    inner = "{id: a, assign: buyer, task: {}}"
    each = f"  - id: every\n    each: {{in: '[1, 2]', as: one, steps: [{inner}]}}"
    process = makers.start(f"{each}\n{LOOK}\n{LATE}")
    for task in makers.rows(Task, process_id=process, state="open"):
        tasks.tick(task.id, nonce=db.new_id(), actor=DANA)
    publish(f"{LOOK}\n{LATE}")
    move(process)
    assert move(process, 1).restored == ("every", "a")
    done(process, "look")
    done(process, "late")
    assert makers.rows(Process)[0].state == "completed"
    sound(process)
