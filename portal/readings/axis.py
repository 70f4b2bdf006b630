"""Time as a timeline runs through it: what stretch of it is looked at, and where its marks stand.

Windows begin on the hour, the day, the Monday or the first of the month of a zone, so that marks
stand where people count from; they are moved by half of themselves, so that some stays in sight.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.readings import words

ZOOMS = {
    "day": "Day", "week": "Week", "month": "Month", "quarter": "Quarter", "year": "Year",
}  # fmt: skip
USUAL = "month"
# How many hours, days or months a window has, in which part of it now stands at first.
_LENGTHS = {"day": 24, "week": 7, "month": 35, "quarter": 91, "year": 12}
_PAST = 0.6


class Mark(NamedTuple):
    """A line across the timeline: where (of 1 000), what is written at it, and whether it is bold.

    An empty label is a line alone.
    """

    at: int
    label: str
    is_bold: bool


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time to look at, from ``start`` to before ``end``, as of ``now``.

    ``earlier`` and ``later`` are the starts of the windows beside it, as addresses have them.
    """

    zoom: str
    start: datetime
    end: datetime
    now: datetime
    marks: tuple[Mark, ...]
    at: str
    earlier: str
    later: str
    is_usual: bool

    def place(self, at: datetime) -> int:
        """Where a moment stands, 0 to 1 000; what is outside stands at the edge."""
        share = (at - self.start) / (self.end - self.start)
        return round(1000 * min(max(share, 0.0), 1.0))

    def has(self, at: datetime) -> bool:
        """Whether a moment is in sight."""
        return self.start <= at < self.end


def window(zoom: str | None, start: str | None, now: datetime, tz: str) -> Window:
    """The window that an address asks for; the usual one where it asks for none that there is."""
    zoom = zoom if zoom in ZOOMS else USUAL
    zone = words.zone(tz)
    asked = _read(start, zone)
    usual = _usual(zoom, now.astimezone(zone))
    return _made(zoom, _aligned(zoom, asked) if asked else usual, now, usual)


def around(start: datetime, end: datetime, now: datetime, tz: str) -> Window:
    """The smallest window in which all of a process has room; the last year where none has."""
    zone = words.zone(tz)
    for zoom in ZOOMS:
        found = _made(zoom, _aligned(zoom, start.astimezone(zone)), now, None)
        if found.end > end:
            return found
    return _made("year", _aligned("year", _moved("year", end.astimezone(zone), -11)), now, None)


def told(window: Window, tz: str) -> str:
    """From which day to which it goes: ``Mon 2 Nov 2026 to Sun 6 Dec 2026``."""
    zone = words.zone(tz)
    first = window.start.astimezone(zone)
    last = (window.end - timedelta(seconds=1)).astimezone(zone)
    return f"{words.day(first.date())} to {words.day(last.date())}"


def _made(zoom: str, start: datetime, now: datetime, usual: datetime | None) -> Window:
    end = _moved(zoom, start, _LENGTHS[zoom])
    half = _LENGTHS[zoom] // 2 // (7 if zoom in ("month", "quarter") else 1)
    step = half * (7 if zoom in ("month", "quarter") else 1)
    bare = Window(
        zoom, start.astimezone(UTC), end.astimezone(UTC), now, (), _address(zoom, start),
        _address(zoom, _moved(zoom, start, -step)), _address(zoom, _moved(zoom, start, step)),
        start == usual,
    )  # fmt: skip
    marks = tuple(_MARKS[zoom](bare, start, end))
    return Window(
        zoom, bare.start, bare.end, now, marks, bare.at, bare.earlier, bare.later, bare.is_usual
    )


def _usual(zoom: str, local: datetime) -> datetime:
    return _aligned(zoom, _moved(zoom, local, -round(_LENGTHS[zoom] * _PAST)))


def _moved(zoom: str, local: datetime, n: int) -> datetime:
    """So many hours, days or months on, by the clocks of the zone."""
    if zoom == "day":
        return (local.astimezone(UTC) + timedelta(hours=n)).astimezone(local.tzinfo)
    if zoom == "year":
        months = local.year * 12 + local.month - 1 + n
        return local.replace(year=months // 12, month=months % 12 + 1, day=1)
    return local + timedelta(days=n)


def _aligned(zoom: str, local: datetime) -> datetime:
    if zoom == "day":
        return local.replace(minute=0, second=0, microsecond=0)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if zoom == "year":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if zoom in ("month", "quarter") else day


_EARLIEST, _LATEST = 1990, 2200


def _read(text: str | None, zone: ZoneInfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if found.tzinfo is not None or not _EARLIEST < found.year < _LATEST:
        return None
    return found.replace(tzinfo=zone)


def _address(zoom: str, local: datetime) -> str:
    return f"{local:%Y-%m-%dT%H:00}" if zoom == "day" else f"{local:%Y-%m-%d}"


# The marks


def _lines(
    bare: Window, start: datetime, end: datetime, zoom: str, step: int
) -> Iterator[tuple[int, datetime]]:
    at = start
    while at < end:
        yield bare.place(at), at
        at = _moved(zoom, at, step)


def _hours(bare: Window, start: datetime, end: datetime) -> Iterator[Mark]:
    for place, at in _lines(bare, start, end, "day", 1):
        if at.hour == 0:
            yield Mark(place, words.short_date(at.date()), is_bold=True)
        elif at.hour % 3 == 0:
            yield Mark(place, f"{at:%H:%M}", is_bold=False)


def _days(bare: Window, start: datetime, end: datetime) -> Iterator[Mark]:
    for place, at in _lines(bare, start, end, "week", 1):
        yield Mark(place, words.short_date(at.date()), is_bold=at.weekday() == 0)


def _weeks(bare: Window, start: datetime, end: datetime) -> Iterator[Mark]:
    for place, at in _lines(bare, start, end, "month", 1):
        if at.weekday() == 0:
            yield Mark(place, words.short_date(at.date()), is_bold=at.day <= _WEEK)


def _weeks_of_months(bare: Window, start: datetime, end: datetime) -> Iterator[Mark]:
    for place, at in _lines(bare, start, end, "quarter", 1):
        if at.day == 1:
            yield Mark(place, f"{at:%B}", is_bold=True)
        elif at.weekday() == 0:
            yield Mark(place, f"{at.day}" if at.day > _WEEK else "", is_bold=False)


def _months(bare: Window, start: datetime, end: datetime) -> Iterator[Mark]:
    for place, at in _lines(bare, start, end, "year", 1):
        is_first = at.month == 1
        yield Mark(place, f"{at:%b %Y}" if is_first else f"{at:%b}", is_bold=is_first)


_WEEK = 7
_MARKS: dict[str, Callable[[Window, datetime, datetime], Iterator[Mark]]] = {
    "day": _hours, "week": _days, "month": _weeks, "quarter": _weeks_of_months, "year": _months,
}  # fmt: skip
