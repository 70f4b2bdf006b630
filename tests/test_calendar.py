"""Working time: days that keep the clock, working days and hours, holidays."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.calendar import WorkCalendar, at_local, check_holidays, parse_hours, work_calendar

BERLIN = ZoneInfo("Europe/Berlin")
GERMAN = work_calendar("Europe/Berlin", "Mon-Fri 09:00-17:00", "DE")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def later(start: str, amount: int | str, unit: str, calendar: WorkCalendar = GERMAN) -> str:
    moment = calendar.add(at(start), Decimal(amount), unit)
    assert moment.tzinfo is UTC
    return f"{moment.astimezone(BERLIN):%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("start", "amount", "unit", "end"),
    [
        ("2026-03-28T12:00", 24, "hour", "2026-03-29T13:00"),  # clocks go forward on the 29th
        ("2026-03-28T12:00", 1, "day", "2026-03-29T12:00"),
        ("2026-03-28T02:30", 1, "day", "2026-03-29T03:30"),  # 02:30 does not exist
        ("2026-10-24T02:30", 1, "day", "2026-10-25T02:30"),  # 02:30 comes twice: the first
        ("2026-03-22T12:00", 1, "week", "2026-03-29T12:00"),
        ("2026-11-13T10:00", "0.5", "hour", "2026-11-13T10:30"),
        ("2026-11-13T10:00", 90, "minute", "2026-11-13T11:30"),
        ("2026-11-13T10:00", 3, "business day", "2026-11-18T10:00"),
        ("2026-11-13T20:00", 3, "business day", "2026-11-19T09:00"),  # from Monday 09:00
        ("2026-11-13T07:00", 1, "business day", "2026-11-16T09:00"),
        ("2026-11-14T12:00", 1, "business day", "2026-11-17T09:00"),
        ("2026-12-24T12:00", 1, "business day", "2026-12-28T12:00"),  # Friday is a holiday
        ("2026-11-13T15:00", 4, "business hour", "2026-11-16T11:00"),
        ("2026-11-13T09:00", 8, "business hour", "2026-11-13T17:00"),
        ("2026-11-14T12:00", 8, "business hour", "2026-11-16T17:00"),
        ("2026-11-16T11:00", -4, "business hour", "2026-11-13T15:00"),
        ("2026-11-18T10:00", -3, "business day", "2026-11-13T10:00"),
        ("2026-11-15T12:00", -1, "business day", "2026-11-12T17:00"),
    ],
)
def test_so_much_later(start: str, amount: int | str, unit: str, end: str) -> None:
    assert later(start, amount, unit) == end


def test_days_keep_the_clock_of_the_given_zone() -> None:
    moment = GERMAN.add(at("2026-03-28T12:00"), Decimal(1), "day", ZoneInfo("UTC"))
    assert moment == at("2026-03-29T13:00")


def test_a_day_may_open_twice() -> None:
    calendar = work_calendar("Europe/Berlin", "Mon-Fri 9:00-12:00, Mon-Thu 13:00-17:00")
    assert later("2026-11-13T11:00", 2, "business hour", calendar) == "2026-11-16T10:00"
    assert later("2026-11-12T11:30", 1, "business hour", calendar) == "2026-11-12T13:30"
    assert not calendar.is_open(at("2026-11-12T12:30"))
    assert calendar.next_opening(at("2026-11-12T12:30")) == at("2026-11-12T13:00")


def test_the_end_of_a_working_day() -> None:
    assert GERMAN.end_of_working_day(date(2026, 11, 13)) == at("2026-11-13T17:00")
    assert GERMAN.end_of_working_day(date(2026, 11, 14)) == at("2026-11-16T17:00")


def test_holidays_of_a_country_and_of_a_part_of_it() -> None:
    bavaria = work_calendar("Europe/Berlin", holidays="de-by")
    assert GERMAN.is_working_day(date(2026, 1, 6))
    assert not bavaria.is_working_day(date(2026, 1, 6))
    assert check_holidays("de-by") == "DE-BY"


def test_a_night_shift_ends_at_midnight() -> None:
    calendar = work_calendar("Europe/Berlin", "Mon 20:00-24:00")
    assert calendar.end_of_working_day(date(2026, 11, 16)) == at("2026-11-17T00:00")


@pytest.mark.parametrize(
    "hours", ["", "Mon", "Mon-Fri", "9-17", "Mon 09:60-10:00", "Mon 10:00-10:00", "Mon 10:00-25:00"]
)
def test_wrong_hours_are_refused(hours: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_hours(hours)


moments = st.integers(1_700_000_000, 1_830_000_000).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)


@given(moments, st.integers(0, 40))
def test_a_working_day_ends_in_working_hours(moment: datetime, days: int) -> None:
    end = GERMAN.add(moment, Decimal(days), "business day")
    assert GERMAN.is_open(end)
    assert end >= moment


@given(moments, st.integers(1, 100))
def test_working_hours_there_and_back(moment: datetime, hours: int) -> None:
    start = GERMAN.next_opening(moment)
    end = GERMAN.add(start, Decimal(hours), "business hour")
    assert end - start >= timedelta(hours=hours)
    back = GERMAN.add(end, Decimal(-hours), "business hour")
    assert back == start or not GERMAN.is_open(back)


@given(moments, st.integers(-400, 400), st.sampled_from(["day", "week"]))
def test_days_keep_the_clock_unless_there_is_no_such_time(
    moment: datetime, amount: int, unit: str
) -> None:
    local = moment.astimezone(BERLIN)
    end = GERMAN.add(moment, Decimal(amount), unit).astimezone(BERLIN)
    assert (end.date() - local.date()).days == amount * (7 if unit == "week" else 1)
    is_skipped = (
        at_local(end.date(), local.time(), BERLIN).astimezone(BERLIN).time() != local.time()
    )
    assert end.time() == local.time() or is_skipped


def test_ten_years_of_working_days_end_where_they_should() -> None:
    far = GERMAN.add(at("2026-11-13T10:00"), Decimal(2500), "business day")
    assert far.astimezone(BERLIN).year == 2036
