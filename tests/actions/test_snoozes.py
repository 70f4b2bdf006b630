"""What people outside choose for themselves: when to hear of a task again, by which clocks."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from portal import db
from portal.actions import handoffs, preferences, promises, snoozes
from portal.actions import timers as clockwork
from portal.clock import Clock
from portal.clock import now as house_now
from portal.errors import Faulty, Unknown
from portal.ledger.tables import Outgoing
from portal.models import Task
from portal.readings import letters
from tests import makers, people

pytestmark = pytest.mark.usefixtures("house")

STEPS = makers.FORM.replace(
    "assign: vendor,", "assign: vendor, due: 4 days, remind: [3 days before, 1 day before, on due],"
)


def begun(steps: str = STEPS) -> Any:
    return makers.task(makers.start(steps), "details")


def snooze(task: Any, day: str) -> Any:
    snoozes.snooze(task.id, day, actor=makers.actor_of(task))
    return makers.rows(Task, id=task.id)[0]


def reminders(task: Any) -> list[tuple[str, str]]:
    found = [one for one in makers.timers(task.process_id) if one.kind == "remind"]
    return [(one.what["label"], f"{one.rings_at:%a %H:%M}") for one in found]


def test_no_reminder_before_the_day_and_one_on_it(clock: Clock) -> None:
    task = begun()
    assert [label for label, _ in reminders(task)] == ["3 days before", "1 day before", "on due"]
    for _ in range(2):
        assert snooze(task, "2026-11-26").snoozed_on == date(2026, 11, 26)
    assert reminders(task) == [("as asked", "Thu 09:00"), ("on due", "Fri 09:00")]
    assert makers.types(task.process_id).count("task.snoozed") == 1
    assert snooze(task, "2026-12-02").due_at == task.due_at, "when it is due stays"
    assert reminders(task) == [("as asked", "Wed 09:00")]
    promises.promise(task.id, "2026-11-25", actor=makers.actor_of(task))
    assert reminders(task) == [("as asked", "Wed 09:00")]
    handoffs.delegate(task.id, people.OTTO, "His.", actor=makers.actor_of(task))
    assert len(reminders(task)) == 3, "it was somebody else's wish"


def test_without_a_due_time_they_are_reminded_all_the_same_and_of_days_to_come_alone() -> None:
    task = begun(makers.FORM)
    snooze(task, "2026-11-26")
    assert reminders(task) == [("as asked", "Thu 09:00")]
    for day in ("", "soon", "2026-11-22", "2028-01-01"):
        with pytest.raises(Faulty):
            snooze(task, day)
    with pytest.raises(Unknown):
        snoozes.snooze(task.id, "2026-11-26", actor=people.guest("nobody", people.OTTO))
    makers.fill(task.process_id, company="Sea")
    assert makers.timers(task.process_id) == []


def test_reminders_go_by_the_time_zone_that_was_chosen_now_and_in_later_processes() -> None:
    task = begun()
    email = people.VERA["email"]
    with pytest.raises(Faulty):
        preferences.choose_timezone("Mars/Olympus", email=email)
    snooze(task, "2026-11-26")
    preferences.choose_timezone("America/New_York", email=email)
    assert reminders(task)[0] == ("as asked", "Thu 14:00")
    assert makers.rows(Task, id=task.id)[0].due_at == task.due_at
    later = makers.task(makers.start_again(), "details")
    assert later.due_at == datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    snooze(later, "2026-11-26")
    assert reminders(later)[0] == ("as asked", "Thu 14:00")


def test_reminders_of_a_day_are_one_mail_where_that_is_wished(clock: Clock) -> None:
    first = begun(makers.FORM.replace("assign: vendor,", "assign: vendor, due: 4 days,"))
    second = makers.task(makers.start_again(), "details")
    third = makers.task(makers.start_again(), "details")
    email = people.VERA["email"]
    preferences.choose_digest(email=email, wanted=True)
    snooze(third, "2026-12-02")
    clock.advance(days=3)
    for task in (first, second):
        ring(task)
    assert makers.owed(first.process_id, "mail.reminder") == []
    [owed] = makers.rows(Outgoing, kind="mail.digest")
    with db.reading() as conn:
        [letter] = letters.of(conn, owed.kind, owed.ref, made_at=owed.made_at, tz="UTC")
    assert {one.id for one in letter.facts["waiting"]} == {first.id, second.id}
    assert (letter.to.email, letter.wants_link) == (email, True)
    clock.advance(days=1)
    ring(first)
    assert len(makers.rows(Outgoing, kind="mail.digest")) == 2, "the next day has its own"
    preferences.choose_digest(email=email, wanted=False)
    clock.advance(days=3)
    ring(second)
    assert len(makers.owed(second.process_id, "mail.reminder")) == 1


def ring(task: Any) -> None:
    now = house_now()
    due = [one.id for one in makers.timers(task.process_id) if one.rings_at <= now]
    clockwork.ring(due)
