"""What the clock does: reminders, missed deadlines, escalations, each once and at its time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from portal import clock as house_clock
from portal import db, installation
from portal.actions import processes, timers
from portal.clock import Clock
from portal.models import Link, Timer
from tests import makers, people

DUE = """\
  - id: ask
    assign: vendor
    due: 3 days
    task: {instructions: Do it}
"""


def utc(*parts: int) -> datetime:
    """A moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def ring() -> int:
    """Ring all that is due, as the sweep does."""
    with db.reading() as conn:
        due = sa.select(Timer.id).where(Timer.rings_at <= house_clock.now())
        ids = conn.execute(due).scalars().all()
    return timers.ring(ids)


def reminders(process: str) -> list[str]:
    """The labels of the reminders owed so far, in the order they came."""
    owed = sorted(makers.owed(process, "mail.reminder"), key=lambda row: row.made_at)
    return [row.ref["label"] for row in owed]


def test_the_default_ladder_rings_in_order_and_then_the_owner_has_to_look(clock: Clock) -> None:
    process = makers.start(DUE)
    seen = []
    makers.enter(makers.task(process, "ask"))
    while left := makers.timers(process):
        clock.set(left[0].rings_at)
        ring()
        seen.append((house_clock.now().isoformat()[:16], reminders(process)[-1:]))
    assert seen == [
        ("2026-11-25T09:00", ["1 day before"]),
        ("2026-11-26T09:00", ["on due"]),
        ("2026-11-30T09:00", ["4 days after"]),
        ("2026-12-02T09:00", ["6 days after"]),
    ]
    assert makers.types(process)[4:] == ["deadline.missed", "exception.opened"]
    [trouble] = makers.troubles(process)
    assert (trouble.kind, trouble.step) == ("overdue", "ask")
    makers.tick(process, "ask")
    assert [one.state for one in makers.troubles(process)] == ["resolved"]


def test_missed_rungs_come_out_as_one(clock: Clock) -> None:
    process = makers.start(DUE)
    clock.advance(days=30)
    assert ring() == 1
    assert reminders(process) == ["6 days after"]
    assert makers.timers(process) == []
    assert ring() == 0


def test_ringing_twice_is_ringing_once(clock: Clock) -> None:
    process = makers.start(DUE)
    ids = [row.id for row in makers.timers(process)]
    clock.advance(days=3)
    timers.ring(ids)
    timers.ring(ids)
    assert makers.types(process).count("deadline.missed") == 1
    assert len(makers.owed(process, "mail.reminder")) == 1


def test_timers_asked_too_early_do_not_ring(clock: Clock) -> None:
    process = makers.start(DUE)
    ids = [row.id for row in makers.timers(process)]
    timers.ring(ids)
    assert len(makers.timers(process)) == len(ids)
    clock.advance(hours=-1)
    timers.ring(ids)
    assert reminders(process) == []


def test_a_closed_task_has_no_timers(clock: Clock) -> None:
    process = makers.start(DUE)
    ids = [row.id for row in makers.timers(process)]
    makers.tick(process, "ask")
    assert makers.timers(process) == []
    clock.advance(days=5)
    timers.ring(ids)
    assert makers.owed(process, "mail.reminder") == []
    other = makers.start(DUE)
    processes.cancel(other, "No.", actor=people.staff("dana"))
    assert makers.timers(other) == []


def test_without_reminders_the_exception_opens_at_due(clock: Clock) -> None:
    process = makers.start(DUE.replace("due: 3 days", "due: 3 days\n    remind: []"))
    clock.advance(days=3)
    ring()
    assert reminders(process) == []
    assert makers.types(process)[3:] == ["deadline.missed", "exception.opened"]


def test_escalation_tells_whom_the_definition_names(clock: Clock) -> None:
    process = makers.start(
        DUE.replace(
            "due: 3 days",
            "due: 3 days\n    remind: []\n    escalate:\n"
            "      - {after: 1 day, to: buyer, then: notify}\n"
            "      - {after: 2 days, to: owner, then: notify}",
        )
    )
    clock.advance(days=4)
    ring()
    [event] = makers.events(process, "task.escalated")
    [owed] = makers.owed(process, "mail.escalation")
    assert event["data"]["rung"] == 0
    assert owed.ref["to"] == event["data"]["to"] != "owner"
    clock.advance(days=30)
    ring()
    assert len(makers.events(process, "task.escalated")) == 2
    assert makers.troubles(process) == []


@pytest.mark.parametrize(
    ("zone", "opened", "rings"),
    [
        ("Europe/Berlin", utc(2026, 10, 23, 7, 0), utc(2026, 10, 26, 8, 0)),
        ("Europe/Berlin", utc(2026, 3, 27, 8, 0), utc(2026, 3, 30, 7, 0)),
        ("America/Sao_Paulo", utc(2026, 11, 23, 12, 0), utc(2026, 11, 26, 12, 0)),
        ("Asia/Kathmandu", utc(2026, 11, 23, 3, 15), utc(2026, 11, 26, 3, 15)),
    ],
)
def test_due_times_keep_the_local_clock(
    clock: Clock, zone: str, opened: datetime, rings: datetime
) -> None:
    installation.configure(timezone=zone, link_days=30)
    clock.set(opened)
    process = makers.start(DUE)
    due = makers.task(process, "ask").due_at
    assert due == rings
    local = ZoneInfo(zone)
    assert due.astimezone(local).time() == opened.astimezone(local).time()
    for row in makers.timers(process):
        if row.kind != "pick_up":  # half of the time, whenever that is
            assert 9 <= row.rings_at.astimezone(local).hour < 17


def test_work_begun_at_midnight_is_due_at_midnight(clock: Clock) -> None:
    clock.set(utc(2026, 11, 24, 0, 0))
    process = makers.start(DUE)
    assert makers.task(process, "ask").due_at == utc(2026, 11, 27, 0, 0)


def test_a_reminder_given_in_hours_rings_at_night_and_before_the_opening_never(
    clock: Clock,
) -> None:
    clock.set(utc(2026, 11, 23, 22, 0))
    process = makers.start(
        DUE.replace("due: 3 days", "due: 4 hours\n    remind: [5 hours before, 1 hour before]")
    )
    reminding = [row.rings_at for row in makers.timers(process) if row.kind == "remind"]
    assert reminding == [utc(2026, 11, 24, 1, 0)]


def test_a_link_lives_as_long_as_the_definition_says() -> None:
    for line, days in (("", 30), ("\n    link_for: 14 days", 14)):
        process = makers.start(DUE.replace("due: 3 days", f"due: 3 days{line}"))
        [link] = makers.rows(Link, process_id=process)
        assert link.expires_at - link.made_at == timedelta(days=days)
