"""Durations, due times, and the reminders that go out."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calendar import UNITS, work_calendar
from portal.definition.durations import Duration, Rung, RungAt, due_moment, rungs
from portal.definition.expressions import ExpressionFailed, compile_expression
from portal.definition.shapes import Shape
from portal.definition.tree import DueAt

BERLIN = ZoneInfo("Europe/Berlin")
CALENDAR = work_calendar("Europe/Berlin", "Mon-Fri 09:00-17:00", "DE")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def planned(remind: list[str] | None, opened: str, due: str) -> list[tuple[str, str]]:
    ladder = None if remind is None else tuple(map(Rung.parse, remind))
    found = rungs(ladder, at(opened), at(due), CALENDAR, BERLIN)
    assert all(rung.at.tzinfo is UTC for rung in found)
    return [(rung.label, f"{rung.at.astimezone(BERLIN):%a %d %H:%M}") for rung in found]


@given(st.integers(1, 500), st.sampled_from(UNITS))
def test_a_duration_reads_what_it_writes(amount: int, unit: str) -> None:
    duration = Duration(Decimal(amount), unit)
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize("text", ["1 day", "1 days", "90 minutes", "1.5 hours", "2 business days"])
def test_durations_are_read(text: str) -> None:
    assert Duration.parse(text).amount > 0


@pytest.mark.parametrize(
    "text",
    ["", "3", "days", "3days", "3  days", "-3 days", "3 d", "1.5 days", "0.5 business days",
     "three days", "3 months", "1e3 days", "9999999 weeks", None, 3, "٣ days"],
)  # fmt: skip
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        Duration.parse(text)


def test_the_default_ladder_has_five_rungs() -> None:
    assert planned(None, "2026-11-02T10:00", "2026-11-11T12:00") == [
        ("1 day before", "Tue 10 12:00"),
        ("on due", "Wed 11 12:00"),
        ("2 days after", "Fri 13 12:00"),
        ("4 days after", "Mon 16 09:00"),
        ("6 days after", "Tue 17 12:00"),
    ]


def test_rungs_before_the_opening_are_dropped_and_the_others_keep_their_place() -> None:
    found = rungs(None, at("2026-11-10T10:00"), at("2026-11-10T14:00"), CALENDAR, BERLIN)
    assert [rung.index for rung in found] == [1, 2, 3, 4]
    assert found[0] == RungAt(1, at("2026-11-10T14:00").astimezone(UTC), "on due")


def test_no_reminders_are_no_reminders() -> None:
    assert planned([], "2026-11-02T10:00", "2026-11-11T12:00") == []


def test_reminders_in_days_go_out_in_working_hours_and_those_in_hours_do_not() -> None:
    ladder = ["1 day before", "30 minutes before", "on due", "1 hour after", "1 day after"]
    assert planned(ladder, "2026-11-02T10:00", "2026-11-13T22:00") == [
        ("1 day before", "Fri 13 09:00"),
        ("30 minutes before", "Fri 13 21:30"),
        ("on due", "Fri 13 22:00"),
        ("1 hour after", "Fri 13 23:00"),
        ("1 day after", "Mon 16 09:00"),
    ]


def test_a_reminder_before_due_never_comes_after_it() -> None:
    assert planned(["1 day before", "on due"], "2026-11-02T10:00", "2026-11-15T12:00") == [
        ("1 day before", "Fri 13 09:00"),
        ("on due", "Sun 15 12:00"),
    ]


def test_two_that_fall_together_are_one() -> None:
    ladder = ["on due", "1 day after", "2 days after"]
    assert planned(ladder, "2026-11-02T10:00", "2026-11-13T12:00") == [
        ("on due", "Fri 13 12:00"),
        ("2 days after", "Mon 16 09:00"),
    ]


def test_every_repeats_at_most_so_often() -> None:
    found = rungs(
        (Rung("every", Duration(Decimal(2), "hour"), 3),),
        at("2026-11-02T10:00"), at("2026-11-03T10:00"), CALENDAR, BERLIN,
    )  # fmt: skip
    assert [rung.label for rung in found] == ["2 hours after", "4 hours after", "6 hours after"]


def test_times_of_day_follow_the_persons_own_clock() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    found = rungs(
        (Rung.parse("1 day after"),),
        at("2026-11-02T10:00"),
        at("2026-11-03T17:00"),
        CALENDAR,
        tokyo,
    )
    # due is 01:00 in Tokyo; a day on is too, so the reminder waits for 09:00 there
    assert found[0].at.astimezone(tokyo) == datetime(2026, 11, 5, 9, tzinfo=tokyo)


def test_due_is_a_duration_or_a_date_or_a_moment() -> None:
    scope = {"today": Shape("date"), "now": Shape("time")}
    facts = {"zone": BERLIN, "today": at("2026-11-13"), "now": at("2026-11-13T10:30")}
    opened = at("2026-11-13T10:30")
    assert due_moment(None, opened, CALENDAR, BERLIN, facts) is None

    def due(text: str) -> datetime | None:
        return due_moment(DueAt(compile_expression(text, scope)), opened, CALENDAR, BERLIN, facts)

    three = Duration.parse("3 business days")
    assert due_moment(three, opened, CALENDAR, BERLIN, facts) == at("2026-11-18T10:30")
    assert due("today") == at("2026-11-13T17:00")
    assert due("today + days(1)") == at("2026-11-16T17:00")
    with pytest.raises(ExpressionFailed, match="outside the years"):
        due("today + days(2600000)")
    assert due("now + hours(12)") == at("2026-11-13T22:30")


@given(
    st.integers(1_700_000_000, 1_830_000_000).map(
        lambda second: datetime.fromtimestamp(second, UTC)
    ),
    st.integers(0, 60 * 24 * 40),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
)
def test_reminders_are_in_order_after_the_opening_and_those_before_are_before(
    opened: datetime, minutes: int, name: str
) -> None:
    zone = ZoneInfo(name)
    due = Duration(Decimal(minutes), "minute").after(opened, CALENDAR, zone)
    found = rungs(None, opened, due, CALENDAR, zone)
    moments = [rung.at for rung in found]
    assert moments == sorted(set(moments))
    assert all(moment >= opened for moment in moments)
    for rung in found:
        assert (rung.at < due) == rung.label.endswith("before")
