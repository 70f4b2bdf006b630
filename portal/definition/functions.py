"""The functions of an expression: CEL's own, and `date`, `days`, `hours` of the language's page."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import re2

from portal.definition.operators import (
    LONGEST_TEXT,
    Days,
    ExpressionFailed,
    is_midnight,
    kind,
    number,
)

FIRST_YEAR, LAST_YEAR = 1000, 9000
"""Dates stay clear of the ends of the calendar, where zones and durations would overflow."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DURATION = re.compile(r"-?(?:\d{1,12}(?:\.\d{1,9})?(?:ms|us|ns|h|m|s))+", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|us|ns|h|m|s)")
_MICROSECONDS = {
    "h": Decimal(3_600_000_000),
    "m": Decimal(60_000_000),
    "s": Decimal(1_000_000),
    "ms": Decimal(1000),
    "us": Decimal(1),
    "ns": Decimal("0.001"),
}
_NUMBER = re.compile(r"[+-]?\d{1,28}(?:\.\d{1,28})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Function:
    """How to call it: `run(zone, arguments)`; for a method the first argument is its subject."""

    run: Callable[[ZoneInfo, list[Any]], Any]
    least: int
    most: int
    gives: str


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Any:
    """The RE2 pattern (linear time, no look-around). Raises ValueError with a sentence."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        raise ValueError(f"{pattern!r} is not a pattern that can be matched: {reason}") from None


def plain(value: Any) -> str:
    """A value as plain text: numbers with a point, dates ISO, `null` as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.date().isoformat() if is_midnight(value) else value.isoformat()
    if isinstance(value, timedelta):
        return f"{plain(number(Decimal(value // timedelta(microseconds=1)) / 1_000_000))}s"
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    if isinstance(value, dict) and value.keys() == {"amount", "currency"}:
        return f"{plain(value['amount'])} {plain(value['currency'])}"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {plain(one)}" for key, one in value.items())
    return str(value)


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment as the calendar's clock shows it."""
    try:
        return moment.astimezone(UTC).astimezone(zone)
    except (OverflowError, ValueError):
        raise ExpressionFailed("the date lies outside the years 1 to 9999") from None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """A date as an expression sees it: 00:00 in the calendar's zone. May raise ExpressionFailed."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ExpressionFailed(f"the date lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return datetime.combine(day, time(), zone)


def _date(zone: ZoneInfo, arguments: list[Any]) -> datetime:
    [text] = arguments
    if isinstance(text, datetime):
        return midnight(text.date(), zone)
    try:
        if isinstance(text, str) and _DATE.fullmatch(text):
            return midnight(date.fromisoformat(text), zone)
    except ValueError:
        pass
    raise ExpressionFailed(f"{_quoted(text)} is not a date, expected one such as 2026-01-31")


def _timestamp(zone: ZoneInfo, arguments: list[Any]) -> datetime:
    [text] = arguments
    if isinstance(text, datetime):
        return text
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ExpressionFailed(
            f"{_quoted(text)} is not a point in time, expected one such as 2026-01-31T09:00:00Z"
        )
    return local(moment, zone)


def _duration(zone: ZoneInfo, arguments: list[Any]) -> timedelta:
    [text] = arguments
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        raise ExpressionFailed(f"{_quoted(text)} is not a duration, expected one such as 1h30m")
    parts = _DURATION_PART.findall(text)
    total = sum((Decimal(amount) * _MICROSECONDS[unit] for amount, unit in parts), Decimal(0))
    return _microseconds(-total if text.startswith("-") else total)


def _days(zone: ZoneInfo, arguments: list[Any]) -> timedelta:
    amount = _number_argument(arguments[0], "days")
    if amount % 1 or abs(amount) > 3_660_000:
        raise ExpressionFailed("days() needs a whole number of at most 3660000")
    return Days(days=int(amount))


def _hours(zone: ZoneInfo, arguments: list[Any]) -> timedelta:
    return _microseconds(_number_argument(arguments[0], "hours") * _MICROSECONDS["h"])


def _size(zone: ZoneInfo, arguments: list[Any]) -> Decimal:
    [value] = arguments
    if not isinstance(value, str | list | dict):
        raise ExpressionFailed(f"size() needs a text or a list, not {kind(value)}")
    return Decimal(len(value))


def _to_number(zone: ZoneInfo, arguments: list[Any]) -> Decimal:
    [value] = arguments
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return number(Decimal(value.strip()))
    if isinstance(value, datetime):
        return Decimal(int(value.timestamp()))
    raise ExpressionFailed(f"{_quoted(value)} is not a number")


def _to_whole(zone: ZoneInfo, arguments: list[Any]) -> Decimal:
    return number(Decimal(int(_to_number(zone, arguments))))


def _to_text(zone: ZoneInfo, arguments: list[Any]) -> str:
    [value] = arguments
    if value is None or isinstance(value, list | dict):
        raise ExpressionFailed(f"string() can't be made of {kind(value)}")
    return plain(value)


def _to_bool(zone: ZoneInfo, arguments: list[Any]) -> bool:
    [value] = arguments
    if value in ("true", "false", True, False) and isinstance(value, str | bool):
        return value in ("true", True)
    raise ExpressionFailed(f"{_quoted(value)} is neither true nor false")


def _texts(test: Callable[[str, str], bool], name: str) -> Function:
    def run(zone: ZoneInfo, arguments: list[Any]) -> bool:
        subject, other = arguments
        if not isinstance(subject, str) or not isinstance(other, str):
            raise ExpressionFailed(f"{name}() needs texts, not {kind(subject)}, {kind(other)}")
        return test(subject, other)

    return Function(run, 2, 2, "yes_no")


def _matches(text: str, pattern: str) -> bool:
    if len(text) > LONGEST_TEXT or len(pattern) > 1000:
        raise ExpressionFailed("matches() has too long a text or pattern")
    try:
        return bool(compile_pattern(pattern).search(text))
    except ValueError as error:
        raise ExpressionFailed(str(error)) from None


def _clock(of_date: Callable[[datetime], int], per_hour: int | None = None) -> Function:
    """A part of a date, or (with `per_hour`, how many make an hour) a whole duration."""

    def run(zone: ZoneInfo, arguments: list[Any]) -> Decimal:
        subject = arguments[0]
        if isinstance(subject, timedelta) and per_hour and len(arguments) == 1:
            return Decimal(int(subject / (timedelta(hours=1) / per_hour)))
        if not isinstance(subject, datetime):
            raise ExpressionFailed(f"only a date has this part, not {kind(subject)}")
        return Decimal(of_date(local(subject, _zone(zone, arguments[1:]))))

    return Function(run, 1, 2, "number")


def _zone(default: ZoneInfo, names: list[Any]) -> ZoneInfo:
    if not names:
        return default
    try:
        return ZoneInfo(names[0])
    except (KeyError, ValueError, OSError, TypeError):
        raise ExpressionFailed(f"{_quoted(names[0])} is not a known time zone") from None


def _microseconds(amount: Decimal) -> timedelta:
    if abs(amount) > _MICROSECONDS["h"] * 24 * 3_660_000:
        raise ExpressionFailed("the duration is too long")
    return timedelta(microseconds=int(amount))


def _number_argument(value: Any, name: str) -> Decimal:
    if not isinstance(value, Decimal):
        raise ExpressionFailed(f"{name}() needs a number, not {kind(value)}")
    return value


def _quoted(value: Any) -> str:
    return repr(value[:60]) if isinstance(value, str) else kind(value)


FUNCTIONS: Mapping[str, Function] = {
    "size": Function(_size, 1, 1, "number"),
    "date": Function(_date, 1, 1, "date"),
    "timestamp": Function(_timestamp, 1, 1, "time"),
    "duration": Function(_duration, 1, 1, "duration"),
    "days": Function(_days, 1, 1, "duration"),
    "hours": Function(_hours, 1, 1, "duration"),
    "int": Function(_to_whole, 1, 1, "number"),
    "uint": Function(_to_whole, 1, 1, "number"),
    "double": Function(_to_number, 1, 1, "number"),
    "string": Function(_to_text, 1, 1, "text"),
    "bool": Function(_to_bool, 1, 1, "yes_no"),
    "matches": _texts(_matches, "matches"),
}
"""What may be called as `name(…)`."""

METHODS: Mapping[str, Function] = {
    "size": FUNCTIONS["size"],
    "matches": FUNCTIONS["matches"],
    "contains": _texts(lambda text, part: part in text, "contains"),
    "startsWith": _texts(str.startswith, "startsWith"),
    "endsWith": _texts(str.endswith, "endsWith"),
    "getFullYear": _clock(lambda moment: moment.year),
    "getMonth": _clock(lambda moment: moment.month - 1),
    "getDate": _clock(lambda moment: moment.day),
    "getDayOfMonth": _clock(lambda moment: moment.day - 1),
    "getDayOfWeek": _clock(lambda moment: moment.isoweekday() % 7),
    "getDayOfYear": _clock(lambda moment: moment.timetuple().tm_yday - 1),
    "getHours": _clock(lambda moment: moment.hour, 1),
    "getMinutes": _clock(lambda moment: moment.minute, 60),
    "getSeconds": _clock(lambda moment: moment.second, 3600),
    "getMilliseconds": _clock(lambda moment: moment.microsecond // 1000, 3_600_000),
}
"""What may be called as `subject.name(…)`; parts of a date are those of the calendar's zone."""
