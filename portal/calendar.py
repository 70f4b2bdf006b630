"""Working time: opening hours, holidays, and what "3 business days later" means.

Rules (the page of the language): seconds to hours are exact; days and weeks keep the local clock
time; N business days end at the same clock time N working days on, counted from the next opening
if begun outside hours. A local time that a clock change skips is read as if the clock had not yet
changed (02:30 becomes 03:30); one that comes twice means the first.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

DEFAULT_HOURS = "Mon-Fri 09:00-17:00"
UNITS = ("second", "minute", "hour", "day", "week", "business hour", "business day")

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (\d\d?):(\d\d)-(\d\d?):(\d\d)", re.ASCII)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_DAY = timedelta(days=1)
# A calendar has working days every week; no run of holidays comes near this.
_HORIZON = 400

Opening = tuple[int, int]
"""Minutes of the day, from and to."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """When people work. `week` holds the openings of Monday to Sunday, in order.

    `holidays` is a country (`DE`) or a part of one (`DE-BY`), or `None`. `closed` are more days
    off.
    """

    timezone: ZoneInfo
    week: tuple[tuple[Opening, ...], ...]
    holidays: str | None = None
    closed: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        """Whether anybody works on that day."""
        is_off = day in self.closed or day in _holidays(self.holidays, day.year)
        return bool(self.week[day.weekday()]) and not is_off

    def openings(self, day: date) -> Sequence[tuple[datetime, datetime]]:
        """The opening times of a day, as moments in UTC; empty on a free day."""
        if not self.is_working_day(day):
            return ()
        return _openings(day, self.week[day.weekday()], self.timezone)

    def is_open(self, moment: datetime) -> bool:
        """Whether the moment lies in working hours; the closing minute no longer does."""
        openings = self.openings(moment.astimezone(self.timezone).date())
        return any(begin <= moment < end for begin, end in openings)

    def next_opening(self, moment: datetime) -> datetime:
        """The moment itself in working hours, else when they next begin."""
        return next(max(begin, moment) for begin, end in self._ahead(moment) if moment < end)

    def last_opening(self, moment: datetime) -> datetime:
        """When the working hours before the moment began."""
        return next(begin for begin, _ in self._back(moment) if begin < moment)

    def end_of_working_day(self, day: date) -> datetime:
        """The closing of that day; of the next working day where it is a free one."""
        while not self.is_working_day(day):
            day += _DAY
        return self.openings(day)[-1][1]

    def add(
        self, moment: datetime, amount: Decimal, unit: str, zone: ZoneInfo | None = None
    ) -> datetime:
        """The moment (UTC) that lies `amount` of `unit` later, or earlier if negative.

        `zone` is the clock that days and weeks keep; default the calendar's own.
        """
        if unit in _SECONDS:
            return moment.astimezone(UTC) + timedelta(
                microseconds=int(amount * _SECONDS[unit] * 1_000_000)
            )
        if unit == "business hour":
            return self._add_open(moment, timedelta(microseconds=int(amount * 3_600_000_000)))
        if unit == "business day":
            return self._add_working_days(moment, int(amount))
        days = int(amount) * (7 if unit == "week" else 1)
        return later_day(moment, days, zone or self.timezone)

    def _add_working_days(self, moment: datetime, count: int) -> datetime:
        if not self.is_open(moment):
            moment = self.next_opening(moment) if count >= 0 else self._last_closing(moment)
        local = moment.astimezone(self.timezone)
        day, step = local.date(), _DAY if count >= 0 else -_DAY
        for _ in range(abs(count)):
            day += step
            while not self.is_working_day(day):
                day += step
        return at_local(day, local.time(), self.timezone)

    def _add_open(self, moment: datetime, work: timedelta) -> datetime:
        if work < timedelta():
            return self._subtract_open(moment, -work)
        for begin, end in self._ahead(moment):
            begin = max(begin, moment)
            if begin < end and work <= end - begin:
                return begin + work
            work -= max(end - begin, timedelta())
        raise AssertionError("working hours never end")

    def _subtract_open(self, moment: datetime, work: timedelta) -> datetime:
        for begin, end in self._back(moment):
            end = min(end, moment)
            if begin < end and work <= end - begin:
                return end - work
            work -= max(end - begin, timedelta())
        raise AssertionError("working hours never began")

    def _last_closing(self, moment: datetime) -> datetime:
        return next(min(end, moment) for begin, end in self._back(moment) if begin < moment)

    def _ahead(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        day, idle = moment.astimezone(self.timezone).date(), 0
        while idle < _HORIZON:
            openings = self.openings(day)
            yield from openings
            idle = 0 if openings else idle + 1
            day += _DAY
        raise AssertionError("a calendar without working days")

    def _back(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        day, idle = moment.astimezone(self.timezone).date(), 0
        while idle < _HORIZON:
            openings = self.openings(day)
            yield from reversed(openings)
            idle = 0 if openings else idle + 1
            day -= _DAY
        raise AssertionError("a calendar without working days")


@lru_cache(maxsize=256)
def work_calendar(
    timezone: str = "UTC",
    hours: str = DEFAULT_HOURS,
    holidays: str | None = None,
    closed: tuple[date, ...] = (),
) -> WorkCalendar:
    """The calendar of those settings. Raises ValueError with a sentence for what is wrong."""
    week, days_off = parse_hours(hours), check_holidays(holidays)
    return WorkCalendar(zone(timezone), week, days_off, frozenset(closed))


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises ValueError with a sentence if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is not a known time zone, expected one such as Europe/Berlin"
        ) from None


def parse_hours(text: str) -> tuple[tuple[Opening, ...], ...]:
    """`Mon-Fri 09:00-17:00, Sat 10:00-12:00` to the openings of Monday to Sunday.

    Raises ValueError with a sentence.
    """
    week: list[list[Opening]] = [[] for _ in _DAYS]
    for part in text.split(","):
        days, opening = _parse_part(part.strip())
        for day in days:
            week[day].append(opening)
    for openings in week:
        openings.sort()
        if any(first[1] > second[0] for first, second in pairwise(openings)):
            raise ValueError(f"{text!r} has opening times that overlap, expected each hour once")
    return tuple(tuple(openings) for openings in week)


def check_holidays(code: str | None) -> str | None:
    """The code as `DE` or `DE-BY`, upper case. Raises ValueError with a sentence."""
    if code is None:
        return None
    country, _, part = code.upper().partition("-")
    import holidays  # takes a fifth of a second, which only calendars with holidays need pay

    known = holidays.list_supported_countries()
    if country not in known:
        raise ValueError(f"{code!r} is not a country with known holidays, expected one such as DE")
    if part and part not in known[country]:
        raise ValueError(f"{code!r} is not a known part of {country}, expected one such as DE-BY")
    return code.upper()


def at_local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which clocks in the zone show that date and time."""
    return datetime.combine(day, clock.replace(fold=0), zone).astimezone(UTC)


def later_day(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same clock time in the zone, so many days on (or back)."""
    local = moment.astimezone(zone)
    return at_local(local.date() + timedelta(days=days), local.time(), zone)


def _parse_part(text: str) -> tuple[list[int], Opening]:
    match = _PART.fullmatch(text.lower())
    if match is None:
        raise ValueError(f"{text!r} is not opening hours, expected such as {DEFAULT_HOURS}")
    first, last, *clock = match.groups()
    if first not in _DAYS or (last or first) not in _DAYS:
        raise ValueError(
            f"{text!r} names an unknown day, expected Mon, Tue, Wed, Thu, Fri, Sat, Sun"
        )
    hour, minute, end_hour, end_minute = map(int, clock)
    begin, end = hour * 60 + minute, end_hour * 60 + end_minute
    if minute > 59 or end_minute > 59 or not begin < end <= 24 * 60:
        raise ValueError(f"{text!r} is not a time, expected one that opens before it closes")
    start = _DAYS.index(first)
    count = (_DAYS.index(last or first) - start) % 7 + 1
    return [(start + offset) % 7 for offset in range(count)], (begin, end)


@lru_cache(maxsize=4096)
def _openings(
    day: date, hours: tuple[Opening, ...], zone: ZoneInfo
) -> tuple[tuple[datetime, datetime], ...]:
    """The moments of a day's opening times: all that falls due together asks for the same."""
    return tuple((_minute(day, begin, zone), _minute(day, end, zone)) for begin, end in hours)


def _minute(day: date, minute: int, zone: ZoneInfo) -> datetime:
    days, minute = divmod(minute, 24 * 60)
    return at_local(day + timedelta(days=days), time(minute // 60, minute % 60), zone)


@lru_cache(maxsize=512)
def _holidays(code: str | None, year: int) -> frozenset[date]:
    if code is None:
        return frozenset()
    import holidays

    country, _, part = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
