"""Waiting: for a time, for a moment, for a signal."""

from datetime import timedelta

import pytest

from portal import db
from portal.actions import processes, signals, timers
from portal.clock import Clock
from portal.errors import Faulty, NotYours, ProcessEnded
from portal.readings import payloads
from tests import makers, people
from tests.actions.test_blocks import is_sound, open_steps, steps
from tests.conftest import MONDAY

THEN = "\n  - {id: last, assign: buyer, task: {}}\n"


def ring(process: str, clock: Clock) -> None:
    timers.ring([row.id for row in makers.timers(process) if row.rings_at <= _now()])


def _now():  # type: ignore[no-untyped-def]
    from portal import clock

    return clock.now()


def test_a_wait_for_a_time_goes_on_when_it_is_over(clock: Clock) -> None:
    process = makers.start("  - {id: pause, wait: {for: 3 days}}" + THEN)
    [timer] = makers.timers(process)
    assert timer.rings_at == MONDAY + timedelta(days=3)
    [held] = makers.process(process).waiting
    assert held["who"]["kind"] == "system"
    clock.advance(days=2)
    ring(process, clock)
    assert open_steps(process) == []
    clock.advance(days=1)
    ring(process, clock)
    assert open_steps(process) == ["last"]
    assert steps(process)["pause"]["outcome"] == "succeeded"
    assert makers.timers(process) == []
    assert is_sound(process)


SIDE_BY_SIDE = """\
  - id: both
    parallel:
      branches:
        - {steps: [{id: one, wait: {for: 3 days}}]}
        - {steps: [{id: two, wait: {for: 3 days}}]}
"""


def test_waits_that_end_at_one_moment_all_end(clock: Clock) -> None:
    process = makers.start(SIDE_BY_SIDE + THEN.lstrip("\n"))
    clock.advance(days=3)
    ring(process, clock)
    assert open_steps(process) == ["last"]
    assert makers.types(process).count("step.completed") == 3
    assert is_sound(process)


def test_a_moment_that_is_past_is_no_wait(clock: Clock) -> None:
    process = makers.start("  - {id: pause, wait: {until: 'date(\"2026-11-01\")'}}" + THEN)
    assert open_steps(process) == ["last"]


def test_a_moment_that_can_not_be_computed_opens_an_exception() -> None:
    process = makers.start("  - {id: pause, wait: {until: 'now + days(inputs.amount)'}}" + THEN)
    assert [one.kind for one in makers.troubles(process)] == ["expression"]


SIGNAL = "  - {id: paid, wait: {signal: payment, timeout: 5 days}}" + THEN


def test_a_signal_ends_the_wait_and_brings_its_data() -> None:
    process = makers.start(
        SIGNAL.replace("task: {}", "task: {}, name: 'Paid {{ steps.paid.data.amount }}'")
    )
    assert signals.send(process, "payment", {"amount": 10.5}, actor=people.staff("dana"))
    assert makers.task(process, "last").name == "Paid 10.5"
    assert makers.timers(process) == []
    [event] = makers.events(process, "signal.received")
    assert "data" in event["priv"]
    assert is_sound(process)


def test_a_signal_that_comes_too_soon_is_kept_for_one_wait() -> None:
    process = makers.start(
        "  - {id: first, assign: buyer, task: {}}\n"
        "  - {id: one, wait: {signal: payment}}\n  - {id: two, wait: {signal: payment}}" + THEN
    )
    assert not signals.send(process, "payment", actor=people.staff("dana"))
    makers.tick(process, "first")
    assert [row.state for row in makers.runs(process, "one")] == ["done"]
    assert [row.state for row in makers.runs(process, "two")] == ["open"]
    assert signals.send(process, "payment", actor=people.staff("dana"))
    assert open_steps(process) == ["last"]
    assert is_sound(process)


def test_a_signal_that_does_not_come_times_out(clock: Clock) -> None:
    process = makers.start(SIGNAL)
    clock.advance(days=5)
    ring(process, clock)
    assert steps(process)["paid"]["outcome"] == "timed_out"
    assert open_steps(process) == ["last"]
    assert not signals.send(process, "payment", actor=people.staff("dana"))


def test_a_cancelled_wait_does_not_ring(clock: Clock) -> None:
    process = makers.start(SIGNAL)
    processes.cancel(process, "Enough.", actor=people.staff("dana"))
    assert makers.timers(process) == []
    with pytest.raises(ProcessEnded):
        signals.send(process, "payment", actor=people.staff("dana"))
    with db.reading() as conn:
        assert payloads.process(conn, process)["waiting_for"] == []


def test_who_may_not_signal_and_what_is_no_signal() -> None:
    process = makers.start(SIGNAL)
    with pytest.raises(NotYours):
        signals.send(process, "payment", actor=people.staff("aud"))
    with pytest.raises(Faulty):
        signals.send(process, "no signal", actor=people.staff("dana"))
    with pytest.raises(Faulty):
        signals.send(process, "payment", {"$n": 1}, actor=people.staff("dana"))
