"""Durations, calendars, reminders, escalations, timeouts and waits ring when the page says."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from portal.clock import Clock
from tests.journeys.readers import HEAD, Reader

BERLIN = ZoneInfo("Europe/Berlin")
GERMAN = HEAD + (
    "calendar: {{timezone: Europe/Berlin, hours: 'Mon-Fri 09:00-17:00', holidays: DE}}\n"
)
LAST = "  - {id: last, assign: buyer, task: {}}\n"


def at(text: str, zone: ZoneInfo | None = None) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone or UTC)


def seen(moment: str, zone: ZoneInfo | None = None) -> str:
    """A moment of the API as a clock on the wall shows it."""
    return f"{datetime.fromisoformat(moment).astimezone(zone or UTC):%a %d %b %H:%M}"


DUE = [
    # when it begins in Berlin, how it is due, and when that is there
    ("2026-11-23T09:00", "3 days", "Thu 26 Nov 09:00"),
    ("2026-11-23T09:00", "1 day", "Tue 24 Nov 09:00"),
    ("2026-11-23T09:00", "4 hours", "Mon 23 Nov 13:00"),
    ("2026-11-23T09:00", "90 minutes", "Mon 23 Nov 10:30"),
    ("2026-11-23T09:00", "1.5 hours", "Mon 23 Nov 10:30"),
    ("2026-11-23T09:00", "2 weeks", "Mon 07 Dec 09:00"),
    ("2026-11-23T10:30", "3 business days", "Thu 26 Nov 10:30"),
    ("2026-11-23T09:00", "8 business hours", "Mon 23 Nov 17:00"),
    ("2026-11-23T10:00", "8 business hours", "Tue 24 Nov 10:00"),
    ("2026-11-27T16:00", "2 business hours", "Mon 30 Nov 10:00"),
    ("2026-11-27T16:00", "1 business day", "Mon 30 Nov 16:00"),
    ("2026-11-28T10:00", "1 business day", "Tue 01 Dec 09:00"),
    ("2026-11-28T10:00", "4 business hours", "Mon 30 Nov 13:00"),
    ("2026-11-23T20:00", "1 business day", "Wed 25 Nov 09:00"),
    ("2026-11-23T07:00", "1 business day", "Tue 24 Nov 09:00"),
    ("2026-12-23T12:00", "2 business days", "Mon 28 Dec 12:00"),  # the 25th is a holiday
    ("2026-12-25T12:00", "1 business day", "Tue 29 Dec 09:00"),
    ("2027-03-27T10:00", "1 day", "Sun 28 Mar 10:00"),  # the clocks go forward
    ("2027-03-27T10:00", "24 hours", "Sun 28 Mar 11:00"),
    ("2026-10-24T10:00", "1 day", "Sun 25 Oct 10:00"),  # the clocks go back
    ("2026-10-24T10:00", "24 hours", "Sun 25 Oct 09:00"),
    ("2027-03-26T12:00", "1 business day", "Wed 31 Mar 09:00"),  # Good Friday, Easter Monday
    ("2027-03-27T02:30", "1 day", "Sun 28 Mar 03:30"),  # there is no 02:30 that day
]
MOMENTS = [
    ("inputs.when", "Fri 27 Nov 17:00"),
    ("today + days(1)", "Tue 24 Nov 17:00"),
    ("now + hours(30)", "Tue 24 Nov 15:00"),
    ("date('2026-12-01') + hours(10)", "Tue 01 Dec 10:00"),
]


def test_a_due_time_counts_in_the_calendar_of_the_definition(reader: Reader) -> None:
    found = []
    for start, due, _ in DUE:
        Clock().set(at(start, BERLIN))
        steps = f"  - {{id: a, assign: buyer, due: {due}, remind: [], task: {{}}}}\n"
        case = reader.start(steps, head=GERMAN)
        found.append((start, due, seen(case.tasks("a")[0]["due_at"], BERLIN)))
    assert found == DUE


def test_a_due_moment_is_a_timestamp_or_the_end_of_a_day(reader: Reader) -> None:
    found = []
    for moment, _ in MOMENTS:
        steps = f'  - {{id: a, assign: buyer, due: {{at: "{moment}"}}, task: {{}}}}\n'
        case = reader.start(steps, inputs={"when": "2026-11-27"})
        found.append((moment, seen(case.tasks("a")[0]["due_at"])))
        assert case.now["waiting_for"][0]["due_at"] == case.tasks("a")[0]["due_at"]
    assert found == MOMENTS


@pytest.mark.parametrize(
    ("wait", "hours"),
    [
        ("for: 3 days", 72),
        ("for: 90 minutes", 1.5),
        ("for: 2 business days", 48),
        ("for: 10 business hours", 26),
        ("until: inputs.when", 87),
        ("until: now + hours(5)", 5),
        ("until: today + days(1)", 15),
        ("until: today", 0),
        ("signal: never, timeout: 2 days", 48),
    ],
)
def test_a_wait_ends_at_its_moment(wait: str, hours: float, reader: Reader) -> None:
    case = reader.start(f"  - {{id: w, wait: {{{wait}}}}}\n{LAST}", inputs={"when": "2026-11-27"})
    if hours:
        reader.later(hours=hours, seconds=-1)
        assert case.waiting == ["w"]
        reader.later(seconds=1)
    assert case.open == ["last"]
    assert case.outcome("w") == ("timed_out" if "timeout" in wait else "succeeded")


def reminders(reader: Reader, steps: str, days: int = 20) -> list[str]:
    """When which reminders went to Vera."""
    case = reader.start(steps)
    reader.later(days=days)
    found = [one for one in case.events("reminder.sent") if one["step"] == "a"]
    return [seen(one["at"]) for one in found]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("due: 3 days", ["Wed 25 Nov 09:00", "Thu 26 Nov 09:00", "Mon 30 Nov 09:00",
                         "Wed 02 Dec 09:00"]),
        ("due: 3 days, remind: []", []),
        ("due: 3 days, remind: [on due]", ["Thu 26 Nov 09:00"]),
        ("due: 3 days, remind: [2 hours before, 1 day after]",
         ["Thu 26 Nov 07:00", "Fri 27 Nov 09:00"]),
        ("due: 1 day, remind: [2 days before, on due]", ["Tue 24 Nov 09:00"]),
        ("due: 1 day, remind: {every: 2 days, at_most: 3}",
         ["Thu 26 Nov 09:00", "Mon 30 Nov 09:00"]),
        ("due: 1 day, remind: {every: 3 hours, at_most: 3}",
         ["Tue 24 Nov 12:00", "Tue 24 Nov 15:00", "Tue 24 Nov 18:00"]),
        ("due: 1 day, remind: [every 4 hours after]",
         ["Tue 24 Nov 13:00", "Tue 24 Nov 17:00", "Tue 24 Nov 21:00", "Wed 25 Nov 01:00",
          "Wed 25 Nov 05:00"]),
        ("due: 2 hours, remind: [1 day before, 30 minutes before, on due]",
         ["Mon 23 Nov 10:30", "Mon 23 Nov 11:00"]),
        ("due: 1 business day, remind: [1 business day after]", ["Wed 25 Nov 09:00"]),
    ],
)  # fmt: skip
def test_reminders_go_out_at_their_rungs(keys: str, expected: list[str], reader: Reader) -> None:
    assert reminders(reader, f"  - {{id: a, assign: vendor, {keys}, task: {{}}}}\n") == expected


def test_nobody_is_reminded_of_what_is_done(reader: Reader) -> None:
    case = reader.start("  - {id: a, assign: vendor, due: 2 days, task: {}}\n" + LAST)
    case.tick("a")
    reader.later(days=10)
    assert case.events("reminder.sent", "deadline.missed") == []
    assert case.troubles() == []


@pytest.mark.parametrize(
    ("keys", "days"),
    [("due: 2 days, remind: []", 2), ("due: 2 days, remind: [1 day before]", 2),
     ("due: 2 days, remind: [2 days after]", 4), ("due: 2 days, remind: [1 day after]", 3)],
)  # fmt: skip
def test_what_is_overdue_without_a_rule_is_an_exception_after_the_last_reminder(
    keys: str, days: int, reader: Reader
) -> None:
    case = reader.start(f"  - {{id: a, assign: vendor, {keys}, task: {{}}}}\n")
    reader.later(days=days, seconds=-1)
    assert case.troubles() == []
    reader.later(seconds=2)
    assert [one["step"] for one in case.troubles()] == ["a"]
    assert case.open == ["a"]
    assert len(case.events("deadline.missed")) == 1
    reader.later(days=30)
    assert len(case.troubles()) == 1
    case.tick("a")
    assert case.state == "completed"


@pytest.mark.parametrize(
    "rule", ["escalate: [{after: 1 day, to: boss, then: notify}]",
             "on_timeout: {after: 30 days, do: skip}"],
)  # fmt: skip
def test_what_has_a_rule_opens_no_exception(rule: str, reader: Reader) -> None:
    case = reader.start(
        f"  - {{id: a, assign: vendor, due: 2 days, remind: [], {rule}, task: {{}}}}\n"
    )
    reader.later(days=9)
    assert case.troubles() == []
    assert case.open == ["a"]


def test_an_escalation_tells_and_then_hands_over(reader: Reader) -> None:
    case = reader.start(
        "  - id: a\n    assign: vendor\n    due: 2 days\n    remind: []\n    escalate:\n"
        "      - {after: 1 day, to: owner, then: notify}\n"
        "      - {after: 2 days, to: boss, then: reassign}\n    task: {}\n"
    )
    before = len(reader.mails("dana")), len(reader.mails("ada"))
    reader.later(days=3, seconds=-1)
    assert case.events("task.escalated") == []
    reader.later(seconds=1)
    assert len(case.events("task.escalated")) == 1
    assert len(reader.mails("dana")) > before[0]
    assert case.tasks("a")[0]["assignee"]["email"] == "vera@vendor.example"
    reader.later(days=1)
    assert case.tasks("a")[0]["assignee"]["email"] == "ada@example.com"
    assert len(reader.mails("ada")) > before[1]
    assert case.events("task.reassigned")
    assert any("Pattern" in one.subject for one in reader.mails("vera")[1:])  # both sides are told
    case.do("a", {"done": True}, who="ada")
    assert case.state == "completed"


@pytest.mark.parametrize(
    ("do", "outcome", "state", "opens"),
    [
        ("skip", "timed_out", "running", ["last"]),
        ("end", None, "completed", []),
        ("reject", "rejected", "rejected", []),
        ("{return_to: first}", None, "running", ["first"]),
    ],
)
@pytest.mark.parametrize("kind", ["task: {}", "approval: {}"])
def test_a_timeout_counts_from_the_opening_and_does_what_it_says(
    kind: str, do: str, outcome: str | None, state: str, opens: list[str], reader: Reader
) -> None:
    case = reader.start(
        "  - {id: first, assign: buyer, task: {}}\n"
        f"  - {{id: a, assign: vendor, due: 30 days, on_timeout: {{after: 10 days, do: {do}}}, "
        f"{kind}}}\n{LAST}"
    )
    reader.later(days=3)
    case.tick("first")
    reader.later(days=10, seconds=-1)
    assert case.open == ["a"]
    reader.later(seconds=1)
    assert (case.state, case.open) == (state, opens)
    if outcome:
        assert case.outcome("a") == outcome
    assert [one["step"] for one in case.tasks(state="expired")] == ["a"]


def test_a_timeout_that_rejects_follows_on_reject(reader: Reader) -> None:
    case = reader.start(
        "  - {id: a, assign: boss, on_timeout: {after: 1 day, do: reject}, "
        "approval: {on_reject: continue}}\n" + LAST
    )
    reader.later(days=1)
    assert (case.state, case.open, case.outcome("a")) == ("running", ["last"], "rejected")


def test_a_handoff_that_nobody_picks_up_is_told_at_half_of_due(reader: Reader) -> None:
    case = reader.start("  - {id: a, assign: vendor, due: 4 days, remind: [], task: {}}\n")
    before = len(reader.mails("dana"))
    reader.later(days=2, seconds=-1)
    assert case.events("handoff.missed") == []
    reader.later(seconds=1)
    assert [one["step"] for one in case.events("handoff.missed")] == ["a"]
    assert len(reader.mails("dana")) == before + 1
    own = reader.start(
        "  - {id: a, assign: vendor, due: 4 days, pick_up: 3 hours, remind: [], task: {}}\n"
    )
    reader.later(hours=3)
    assert len(own.events("handoff.missed")) == 1


def test_times_of_the_installation_where_there_is_no_calendar(reader: Reader) -> None:
    case = reader.start("  - {id: s, set: {d: today, n: now}}\n" + LAST)
    assert case.values["d"] == "2026-11-23"
    assert str(case.values["n"]).startswith("2026-11-23T09:00")
