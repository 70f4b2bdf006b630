"""Work that stays undone: given on to another, or ended as its definition says."""

from datetime import timedelta

import pytest

from portal import clock as house_clock
from portal import db
from portal.actions import timers
from portal.clock import Clock
from portal.errors import TaskExpired
from portal.readings import letters
from tests import makers
from tests.actions.test_blocks import is_sound, open_steps, steps
from tests.conftest import MONDAY

LAST = "\n  - {id: last, assign: buyer, task: {}}\n"


def ring(process: str) -> None:
    due = [row.id for row in makers.timers(process) if row.rings_at <= house_clock.now()]
    timers.ring(due)


def late(do: str, kind: str = "task: {}", before: str = "") -> str:
    step = f"  - {{id: slow, assign: vendor, on_timeout: {{after: 10 days, do: {do}}}, {kind}}}"
    return makers.start(before + step + LAST)


def test_a_step_may_be_skipped_when_its_time_is_over(clock: Clock) -> None:
    process = late("skip")
    slow = makers.task(process, "slow")
    assert [row.rings_at for row in makers.timers(process)] == [MONDAY + timedelta(days=10)]
    clock.advance(days=9)
    ring(process)
    assert open_steps(process) == ["slow"]
    clock.advance(days=1)
    ring(process)
    assert open_steps(process) == ["last"]
    assert steps(process)["slow"]["outcome"] == "timed_out"
    assert makers.task(process, "slow", state="expired")
    assert len(makers.owed(process, "mail.withdrawn")) == 1
    with pytest.raises(TaskExpired):
        makers.tasks.tick(slow.id, actor=makers.actor_of(slow))
    assert is_sound(process)


@pytest.mark.parametrize(("do", "state"), [("end", "completed"), ("reject", "rejected")])
def test_a_timeout_may_end_the_process(clock: Clock, do: str, state: str) -> None:
    process = late(do)
    clock.advance(days=10)
    ring(process)
    assert makers.process(process).state == state
    assert is_sound(process)


def test_an_approval_that_times_out_as_rejected_goes_where_a_rejection_goes(clock: Clock) -> None:
    process = late("reject", "approval: {on_reject: continue}")
    clock.advance(days=10)
    ring(process)
    assert open_steps(process) == ["last"]
    assert steps(process)["slow"]["outcome"] == "rejected"


def test_a_timeout_may_go_back_a_step(clock: Clock) -> None:
    process = late("{return_to: first}", before="  - {id: first, assign: buyer, task: {}}\n")
    makers.tick(process, "first")
    clock.advance(days=10)
    ring(process)
    assert open_steps(process) == ["first"]
    makers.tick(process, "first")
    assert makers.task(process, "slow").round == 2
    assert is_sound(process)


def test_all_who_were_asked_in_a_round_are_told_when_it_times_out(clock: Clock) -> None:
    process = makers.start(
        "  - {id: slow, assign: [vendor, buyer], approval: {},\n"
        "     on_timeout: {after: 1 day, do: skip}}" + LAST
    )
    clock.advance(days=1)
    ring(process)
    assert len(makers.rows(makers.Task, process_id=process, state="expired")) == 2
    assert makers.timers(process) == []
    assert is_sound(process)


def test_done_in_time_nothing_rings(clock: Clock) -> None:
    process = late("skip")
    makers.tick(process, "slow")
    assert makers.timers(process) == []


ESCALATES = (
    "  - {id: slow, assign: vendor, due: 1 day, remind: [],\n"
    "     escalate: [{after: 1 day, to: TO, then: reassign}], task: {}}\n"
)


def told_of_escalation(process: str) -> list[str]:
    """To whom the mails of the one escalation go, as they are written when they are sent."""
    [owed] = makers.owed(process, "mail.escalation")
    with db.reading() as conn:
        told = letters.of(conn, owed.kind, owed.ref, made_at=owed.made_at, tz="UTC")
    return [one.to.email for one in told]


@pytest.mark.parametrize(("to", "holder"), [("owner", "dana"), ("buyer", "dana")])
def test_an_escalation_may_give_the_work_to_another(clock: Clock, to: str, holder: str) -> None:
    process = makers.start(ESCALATES.replace("TO", to))
    clock.advance(days=2)
    ring(process)
    assert makers.task(process, "slow").holder_id == holder
    types = makers.types(process)
    assert types.count("task.escalated") == types.count("task.reassigned") == 1
    assert len(makers.owed(process, "mail.reassigned")) == 1
    assert told_of_escalation(process) == [], "who got it is asked for it, not told of it"
    ring(process)
    assert makers.types(process).count("task.reassigned") == 1
    assert is_sound(process)


def test_an_escalation_to_whom_has_it_already_only_tells(clock: Clock) -> None:
    process = makers.start(
        ESCALATES.replace("assign: vendor", "assign: buyer").replace("TO", "owner")
    )
    clock.advance(days=2)
    ring(process)
    assert "task.reassigned" not in makers.types(process)
    assert makers.types(process).count("task.escalated") == 1
    assert told_of_escalation(process) == ["dana@example.com"]


def test_an_escalation_gives_no_second_vote(clock: Clock) -> None:
    process = makers.start(
        "  - {id: slow, assign: [vendor, buyer], due: 1 day, remind: [],\n"
        "     escalate: [{after: 1 day, to: owner, then: reassign}], approval: {}}\n"
    )
    clock.advance(days=2)
    ring(process)
    holders = [row.holder_id for row in makers.rows(makers.Task, process_id=process)]
    assert sorted(str(one) for one in holders) == ["None", "dana"]


def test_two_waits_that_end_at_once_both_go_on(clock: Clock) -> None:
    process = makers.start(
        "  - id: both\n    parallel:\n      branches:\n"
        "        - steps: [{id: a, wait: {for: 1 day}}, {id: x, assign: buyer, task: {}}]\n"
        "        - steps: [{id: b, wait: {for: 1 day}}, {id: y, assign: buyer, task: {}}]\n"
    )
    clock.advance(days=1)
    ring(process)
    assert open_steps(process) == ["x", "y"]
    assert is_sound(process)
