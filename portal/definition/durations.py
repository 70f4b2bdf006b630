"""Durations ("3 business days"), when a task is due, and the moments of its reminders."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from portal.calendar import UNITS, WorkCalendar
from portal.definition.functions import FIRST_YEAR, LAST_YEAR
from portal.definition.operators import ExpressionFailed

AT_MOST = 5
"""How often `every` repeats where nothing else is said, and the length of the default ladder."""

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ([a-z]+(?: [a-z]+)?)")
_FRACTIONS = ("second", "minute", "hour", "business hour")
_IN_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
    "business hour": 14_400,
    "business day": 86_400,
}
_LONGEST = 3660 * 86_400
_EXPECTED = "expected a duration such as 3 days, 90 minutes or 2 business days"


@dataclass(frozen=True, slots=True)
class Duration:
    """An amount of one unit; `unit` is one of `calendar.UNITS` (singular)."""

    amount: Decimal
    unit: str

    @classmethod
    def parse(cls, text: object) -> "Duration":
        """Read `3 business days`. Raises ValueError with a sentence."""
        match = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
        unit = match[2].removesuffix("s") if match else ""
        if match is None or unit not in UNITS:
            raise ValueError(f"{text!r} is not a duration, {_EXPECTED}")
        amount = Decimal(match[1])
        if amount % 1 and unit not in _FRACTIONS:
            raise ValueError(f"{text!r} is a part of a {unit}, expected a whole number of {unit}s")
        if amount * _IN_SECONDS[unit] > _LONGEST:
            raise ValueError(f"{text!r} is too long, expected a duration of at most ten years")
        return cls(amount, unit)

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}{'' if self.amount == 1 else 's'}"

    def __mul__(self, times: int) -> "Duration":
        return Duration(self.amount * times, self.unit)

    @property
    def is_in_days(self) -> bool:
        """Whether it is given in days or longer (and so keeps clock times)."""
        return self.unit in ("day", "week", "business day")

    @property
    def days(self) -> Decimal:
        """About how many days, to compare with a limit given in days."""
        return self.amount * _IN_SECONDS[self.unit] / 86_400

    def after(self, moment: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> datetime:
        """The moment (UTC) so much later; days and weeks keep the clock of `zone`."""
        return calendar.add(moment, self.amount, self.unit, zone)

    def before(self, moment: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> datetime:
        """The moment (UTC) so much earlier; days and weeks keep the clock of `zone`."""
        return calendar.add(moment, -self.amount, self.unit, zone)


@dataclass(frozen=True, slots=True)
class Rung:
    """One line of `remind`. `every` repeats `at_most` times after due; `on` has no duration."""

    when: Literal["before", "on", "after", "every"]
    duration: Duration | None = None
    at_most: int = AT_MOST

    @classmethod
    def parse(cls, text: object) -> "Rung":
        """Read `1 day before`, `on due`, `1 day after` or `every 2 days after`.

        Raises ValueError with a sentence.
        """
        words = text.strip() if isinstance(text, str) else ""
        if words == "on due":
            return cls("on")
        if words.startswith("every ") and words.endswith(" after"):
            return cls("every", _some(words[6:-6]))
        if words.endswith(" before"):
            return cls("before", _some(words[:-7]))
        if words.endswith(" after"):
            return cls("after", _some(words[:-6]))
        raise ValueError(
            f"{text!r} is not a reminder, expected one of 1 day before, on due, 1 day after, "
            "every 2 days after"
        )

    def __str__(self) -> str:
        if self.when == "on":
            return "on due"
        if self.when == "every":
            return f"every {self.duration} after"
        return f"{self.duration} {self.when}"


@dataclass(frozen=True, slots=True)
class RungAt:
    """One reminder to come: `index` is its fixed place in the ladder, `at` its moment in UTC."""

    index: int
    at: datetime
    label: str


def ladder(remind: tuple[Rung, ...] | None) -> tuple[Rung, ...]:
    """What a step with `due` reminds by: its own rungs, or the default ladder of five."""
    return _DEFAULT if remind is None else remind


_DAY = Duration(Decimal(1), "day")
_DEFAULT = (Rung("before", _DAY), Rung("on"), Rung("every", _DAY * 2, AT_MOST - 2))


def rungs(
    remind: tuple[Rung, ...] | None,
    opened_at: datetime,
    due_at: datetime,
    calendar: WorkCalendar,
    zone: ZoneInfo,
) -> list[RungAt]:
    """The reminders of one task in order of time; those before its opening are left out.

    Reminders given in days or longer go out in working hours: one after due waits for the next
    opening, one before due too, unless that would pass the due time: then it goes out when the
    working hours before it began. Of two that fall together, the later rung stays.
    """
    opened_at, due_at = opened_at.astimezone(UTC), due_at.astimezone(UTC)
    local = replace(calendar, timezone=zone)
    by_moment: dict[datetime, RungAt] = {}
    for index, (when, duration) in enumerate(_steps(ladder(remind))):
        at = _moment(when, duration, due_at, local, calendar)
        if at > opened_at:  # at the very moment of the invitation nobody needs reminding
            label = f"{duration} {when}" if duration else "on due"
            by_moment[at] = RungAt(index, at, label)
    return sorted(by_moment.values(), key=lambda rung: rung.at)


def due_moment(
    due: Any,
    opened_at: datetime,
    calendar: WorkCalendar,
    zone: ZoneInfo,
    facts: dict[str, Any],
) -> datetime | None:
    """When a step with this `due` (Duration, DueAt or None) that opens now is due, in UTC.

    A date is the end of that working day. Raises ExpressionFailed where `at` fails.
    """
    if due is None:
        return None
    if isinstance(due, Duration):
        return due.after(opened_at, calendar, zone)
    moment: datetime = due.at.moment(facts)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ExpressionFailed(f"`{due.at.source}` is due outside the years 1000 to 9000.")
    local = moment.astimezone(calendar.timezone)
    if local.time() == time():
        return calendar.end_of_working_day(local.date())
    return moment.astimezone(UTC)


def _some(text: str) -> Duration:
    duration = Duration.parse(text)
    if not duration.amount:
        raise ValueError(f"{text!r} is no time at all, expected more than nothing")
    return duration


def _steps(ladder: tuple[Rung, ...]) -> list[tuple[str, Duration | None]]:
    steps: list[tuple[str, Duration | None]] = []
    for rung in ladder:
        if rung.when == "every" and rung.duration:
            steps += [("after", rung.duration * n) for n in range(1, rung.at_most + 1)]
        else:
            steps.append((rung.when, rung.duration))
    return steps


def _moment(
    when: str,
    duration: Duration | None,
    due_at: datetime,
    local: WorkCalendar,
    calendar: WorkCalendar,
) -> datetime:
    if duration is None:
        return due_at
    go = duration.before if when == "before" else duration.after
    at = go(due_at, calendar, local.timezone)
    if not duration.is_in_days or local.is_open(at):
        return at
    opening = local.next_opening(at)
    if when == "before" and opening >= due_at:
        return local.last_opening(at)
    return opening
