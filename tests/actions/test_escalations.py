"""An exception that nobody resolves is told again: to its owner, then to the admins, each once."""

from datetime import datetime

import pytest

from portal import clock as house
from portal import db
from portal.actions import escalations, troubles
from portal.clock import Clock
from portal.readings import status
from tests import makers, people

BROKEN = "  - id: sum\n    set: {half: 10 / inputs.amount}\n"


@pytest.fixture
def process(clock: Clock) -> str:
    clock.set(datetime.fromisoformat("2026-11-26T10:00:00+00:00"))  # a Thursday
    return makers.start(BROKEN, inputs={"amount": "0"})


def told(process: str) -> list[tuple[int, str]]:
    found = makers.events(process, "exception.escalated")
    return [(one["data"]["rung"], one["data"]["to"]) for one in found]


def pass_days(clock: Clock, days: int) -> None:
    """As the scheduler does, look every hour."""
    for _ in range(days * 24):
        clock.advance(hours=1)
        while escalations.tell_again():
            pass


def test_nothing_is_told_within_a_working_day(process: str, clock: Clock) -> None:
    clock.advance(hours=23)
    assert escalations.tell_again() == 0
    assert told(process) == []


def test_the_owner_then_the_admins_then_every_week_of_work(process: str, clock: Clock) -> None:
    pass_days(clock, 1)
    assert told(process) == [(1, "owner")]
    pass_days(clock, 4)  # over the weekend: Tuesday morning
    assert told(process) == [(1, "owner")]
    pass_days(clock, 1)
    assert told(process) == [(1, "owner"), (2, "admins")]
    pass_days(clock, 7)
    assert [rung for rung, _ in told(process)] == [1, 2, 3]
    assert len(makers.owed(process, "mail.trouble")) == 4  # with the first, as it opened
    with db.reading() as conn:
        assert status.drift(conn, process) is None


def test_moments_missed_together_are_one(process: str, clock: Clock) -> None:
    clock.advance(days=30)
    assert escalations.tell_again() == 1
    assert escalations.tell_again() == 0
    assert told(process) == [(1, "owner")]


def test_once_it_is_resolved_nobody_is_told_any_more(process: str, clock: Clock) -> None:
    pass_days(clock, 1)
    [trouble] = makers.troubles(process)
    troubles.resolve(trouble.id, "skip", "Not needed.", actor=people.staff("dana"))
    pass_days(clock, 8)
    assert told(process) == [(1, "owner")]


def test_it_counts_in_the_calendar_of_the_definition(clock: Clock) -> None:
    clock.set(datetime.fromisoformat("2026-12-24T10:00:00+00:00"))
    head = "calendar: {timezone: Europe/Berlin, holidays: DE}\n" + makers.HEAD
    process = makers.start(BROKEN, head=head, inputs={"amount": "0"})
    [trouble] = makers.troubles(process)
    assert trouble.tell_at == datetime.fromisoformat("2026-12-28T10:00:00+00:00")
    assert trouble.rung == 0
    assert house.now() < trouble.tell_at
