"""“By Friday”: a day of one's own, the reminders that count from it, and what stays as it was."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from portal import clock as house_clock
from portal import db
from portal.actions import handoffs, promises
from portal.actions import timers as clockwork
from portal.clock import Clock
from portal.errors import Faulty, NotYours, TaskDone, Unknown
from portal.models import Task
from portal.readings import letters
from tests import makers, people
from tests.conftest import MONDAY

pytestmark = pytest.mark.usefixtures("house")

STEPS = makers.FORM.replace("assign: vendor,", "assign: vendor, due: 4 days,")
FRIDAY = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)


def begun(steps: str = STEPS) -> Any:
    return makers.task(makers.start(steps), "details")


def promise(task: Any, day: str = "2026-12-04", actor: Any = None) -> Any:
    promises.promise(task.id, day, actor=actor or makers.actor_of(task))
    return makers.rows(Task, id=task.id)[0]


def reminders(task: Any) -> list[tuple[str, datetime]]:
    found = [one for one in makers.timers(task.process_id) if one.kind == "remind"]
    return [(one.what["label"], one.rings_at) for one in found]


def kept(task: Any) -> list[Any]:
    found = makers.timers(task.process_id)
    return [one for one in found if one.kind not in ("remind", "overdue")]


def letter_of(task: Any) -> list[Any]:
    owed = makers.owed(task.process_id, "mail.promise")[-1]
    with db.reading() as conn:
        return letters.of(conn, owed.kind, owed.ref, made_at=MONDAY, tz="UTC")


def test_reminders_wait_for_the_day_and_count_from_it(clock: Clock) -> None:
    task = begun()
    others = [
        one for one in makers.timers(task.process_id) if one.kind not in ("remind", "overdue")
    ]
    assert promise(task).promised_on == date(2026, 12, 4)
    assert reminders(task)[:2] == [
        ("on the promised day", FRIDAY),
        ("2 days after the promised day", FRIDAY + timedelta(days=3)),  # after the weekend
    ]
    assert kept(task) == others, "the due moment and what follows"
    [event] = makers.events(task.process_id, "task.promised")
    assert event["data"]["promised_on"] == "2026-12-04"
    [letter] = letter_of(task)
    assert letter.to.email == "dana@example.com"
    assert (letter.facts["by"], letter.facts["day"]) == (people.VERA["name"], "Fri 4 Dec 2026")
    assert makers.process(task.process_id).waiting[0]["promised_on"] == "2026-12-04"


def test_another_day_may_be_named_and_the_same_one_changes_nothing(clock: Clock) -> None:
    task = begun()
    for day in ("2026-12-04", "2026-12-04", "2026-12-02", "2026-12-04"):
        promise(task, day)
    assert makers.types(task.process_id).count("task.promised") == 3
    assert len(makers.owed(task.process_id, "mail.promise")) == 3
    for owed in makers.owed(task.process_id, "mail.promise"):
        with db.reading() as conn:
            found = letters.of(conn, owed.kind, owed.ref, made_at=MONDAY, tz="UTC")
        assert bool(found) == (owed.ref["day"] == "2026-12-04"), "a day that stands no more"


def test_the_reminder_of_the_day_goes_out_once_though_it_was_named_twice(clock: Clock) -> None:
    task = begun()
    promise(task, "2026-11-24")
    clock.advance(days=1)
    ring(task)
    promise(task, "2026-11-26")
    promise(task, "2026-11-24")
    clock.advance(days=2)
    ring(task)
    labels = [one.ref["label"] for one in makers.owed(task.process_id, "mail.reminder")]
    assert labels == ["on the promised day", "2 days after the promised day"]


def ring(task: Any) -> None:
    now = house_clock.now()
    due = [one.id for one in makers.timers(task.process_id) if one.rings_at <= now]
    clockwork.ring(due)


def test_without_a_due_time_one_reminder_goes_out_on_the_day_and_none_where_none_shall() -> None:
    task = begun(makers.FORM)
    promise(task)
    assert reminders(task) == [("on the promised day", FRIDAY)]
    makers.fill(task.process_id, company="Sea")
    assert makers.timers(task.process_id) == []
    quiet = begun(STEPS.replace("due: 4 days,", "due: 4 days, remind: [],"))
    promise(quiet)
    assert reminders(quiet) == []


@pytest.mark.parametrize("day", ["", "Friday", "2026-11-22", "2027-12-30", "2026-12-03"])
def test_the_day_is_one_that_can_be(day: str) -> None:
    task = begun(STEPS.replace("due:", "on_timeout: {after: 9 days, do: skip}, due:"))
    with pytest.raises(Faulty) as told:
        promise(task, day)
    assert told.value.faults[0].at == "day"
    if day == "2026-12-03":
        assert "up to 1 Dec 2026" in told.value.faults[0].message


def test_only_whoever_has_it_names_a_day_or_the_owner_in_their_place() -> None:
    task = begun()
    with pytest.raises(Unknown):
        promise(task, actor=people.guest("nobody", people.OTTO))
    for who in ("finn", "dana"):
        with pytest.raises(NotYours):
            promise(task, actor=people.staff(who))
    told = promise(task, actor=people.staff("dana").acting_on_behalf("She called."))
    assert told.promised_on == date(2026, 12, 4)
    handoffs.delegate(task.id, people.OTTO, "His.", actor=makers.actor_of(task))
    [passed] = makers.rows(Task, id=task.id)
    assert passed.promised_on is None, "it was somebody else's word"
    assert [label for label, _ in reminders(passed)][:2] == ["1 day before", "on due"]
    makers.fill(task.process_id, company="Sea")
    with pytest.raises(TaskDone):
        promise(passed)
    assert letter_of(task) == []
