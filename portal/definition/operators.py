"""What `+`, `<`, `==`, `in` mean: exact decimals, dates with a zone, `null` that never slips by.

Values of an expression are `None`, bool, str, Decimal (the only number), aware datetime (in the
calendar's zone), timedelta, list and dict with text keys.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import (
    ROUND_HALF_EVEN,
    Clamped,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    Underflow,
)
from functools import cached_property
from typing import Any

from portal.calendar import later_day
from portal.errors import PortalError

LONGEST_TEXT = 100_000
LONGEST_LIST = 20_000

# Up to 28 digits before the point; what is nearer to nothing than 1e-84 is refused, not rounded.
_NUMBERS = Context(
    prec=28,
    rounding=ROUND_HALF_EVEN,
    Emin=-56,
    Emax=27,
    traps=[InvalidOperation, DivisionByZero, Overflow, Underflow],
    clamp=0,
)
_NUMBERS.clear_flags()
_KINDS: tuple[tuple[type, str], ...] = (
    (type(None), "nothing"),
    (bool, "true or false"),
    (str, "a text"),
    (Decimal, "a number"),
    (datetime, "a date"),
    (timedelta, "a duration"),
    (list, "a list"),
    (dict, "a record"),
)


class ExpressionFailed(PortalError):
    """An expression that could not be computed with the facts at hand."""

    status, code, title = 409, "expression-failed", "A rule of this process could not be computed"


class TooMuchWork(ExpressionFailed):
    """An expression that used up its 20,000 steps."""

    code = "too-much-work"


class Days(timedelta):
    """A number of whole days: added to a date it keeps the clock time over clock changes."""


class Later:
    """A value that costs something to make: made when it is first asked for."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def value(self) -> Any:
        """The value itself."""
        return self._make()


def kind(value: object) -> str:
    """What a value is, as words for a sentence: "a number"."""
    return next(words for type_, words in _KINDS if isinstance(value, type_))


def number(value: Decimal) -> Decimal:
    """A computed number: at most 28 digits, no trailing zeros, no exponent, no minus zero."""
    if not value:
        return Decimal(0)
    value = value.normalize(_NUMBERS)
    exponent = value.as_tuple().exponent
    return value.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else value


def add(left: Any, right: Any) -> Any:
    """Sum of numbers or durations; a date moved; texts and lists joined."""
    if _both(left, right, Decimal):
        return _calculate(_NUMBERS.add, left, right)
    if _both(left, right, str):
        return _joined(left, right, LONGEST_TEXT, "text")
    if _both(left, right, list):
        return _joined(left, right, LONGEST_LIST, "list")
    if isinstance(left, timedelta) and isinstance(right, datetime):
        left, right = right, left
    if isinstance(left, datetime) and isinstance(right, timedelta):
        return _move(left, right)
    if _both(left, right, timedelta):
        return _duration(left, right, lambda: left + right)
    raise ExpressionFailed(f"{kind(left)} and {kind(right)} can't be added")


def subtract(left: Any, right: Any) -> Any:
    """Difference of numbers, durations or dates (a duration); a date moved back."""
    if _both(left, right, Decimal):
        return _calculate(_NUMBERS.subtract, left, right)
    if isinstance(left, datetime) and isinstance(right, timedelta):
        return _move(left, Days(days=-right.days) if isinstance(right, Days) else -right)
    if isinstance(left, datetime) and isinstance(right, datetime):
        return _between(right, left)
    if _both(left, right, timedelta):
        return _duration(left, right, lambda: left - right)
    raise ExpressionFailed(f"{kind(right)} can't be subtracted from {kind(left)}")


def multiply(left: Any, right: Any) -> Any:
    """Product of two numbers."""
    return _calculate(_NUMBERS.multiply, *_numbers(left, right, "multiplied"))


def divide(left: Any, right: Any) -> Any:
    """Quotient of two numbers, to 28 digits."""
    return _calculate(_NUMBERS.divide, *_numbers(left, right, "divided"))


def remainder(left: Any, right: Any) -> Any:
    """What a division leaves, with the sign of the first number."""
    return _calculate(_NUMBERS.remainder, *_numbers(left, right, "divided"))


def negate(value: Any) -> Any:
    """The number or duration with the other sign."""
    if isinstance(value, Decimal):
        return number(-value)
    if isinstance(value, timedelta):
        return Days(days=-value.days) if isinstance(value, Days) else -value
    raise ExpressionFailed(f"{kind(value)} has no negative")


def order(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """`<` and its like, for two values of one kind that have an order."""

    def ordered(left: Any, right: Any) -> bool:
        if kind(left) != kind(right) or isinstance(left, list | dict):
            raise ExpressionFailed(f"{kind(left)} and {kind(right)} have no order")
        if isinstance(left, datetime):
            return compare(left.astimezone(UTC), right.astimezone(UTC))
        return compare(left, right)

    return ordered


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same; values of different kinds never are."""
    if kind(left) != kind(right):
        return False
    if isinstance(left, datetime):
        return bool(left.astimezone(UTC) == right.astimezone(UTC))
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def contains(item: Any, container: Any) -> bool:
    """`in`: an item of a list, or a key of a record."""
    if isinstance(container, list):
        return any(equal(item, one) for one in container)
    if isinstance(container, dict):
        return isinstance(item, str) and item in container
    raise ExpressionFailed(f"`in` needs a list, not {kind(container)}")


def is_midnight(moment: datetime) -> bool:
    """Whether the moment is a date: 00:00 in its own zone."""
    return moment.time() == time()


def _calculate(operation: Callable[[Any, Any], Decimal], left: Decimal, right: Decimal) -> Decimal:
    try:
        return number(operation(left, right))
    except DivisionByZero:
        raise ExpressionFailed("division by zero") from None
    except InvalidOperation:
        raise ExpressionFailed("more than 28 digits" if right else "division by zero") from None
    except (Overflow, Underflow, Clamped):
        raise ExpressionFailed("the result needs more than 28 digits") from None


def _numbers(left: Any, right: Any, verb: str) -> tuple[Decimal, Decimal]:
    if not _both(left, right, Decimal):
        raise ExpressionFailed(f"{kind(left)} and {kind(right)} can't be {verb}, only numbers")
    return left, right


def _joined(left: Any, right: Any, most: int, what: str) -> Any:
    if len(left) + len(right) > most:
        raise TooMuchWork(f"a {what} of more than {most} is too long")
    return left + right


def _move(moment: datetime, by: timedelta) -> datetime:
    zone: Any = moment.tzinfo
    try:
        if isinstance(by, Days):
            return later_day(moment, by.days, zone).astimezone(zone)
        return (moment.astimezone(UTC) + by).astimezone(zone)
    except (OverflowError, ValueError):
        raise ExpressionFailed("the date lies outside the years 1 to 9999") from None


def _between(begin: datetime, end: datetime) -> timedelta:
    if is_midnight(begin) and is_midnight(end):
        return Days(days=(end.date() - begin.date()).days)
    return end.astimezone(UTC) - begin.astimezone(UTC)


def _duration(left: timedelta, right: timedelta, result: Callable[[], timedelta]) -> timedelta:
    try:
        value = result()
    except OverflowError:
        raise ExpressionFailed("the duration is too long") from None
    whole = isinstance(left, Days) and isinstance(right, Days)
    return Days(days=value.days) if whole else value


def _both(left: Any, right: Any, type_: type) -> bool:
    return isinstance(left, type_) and isinstance(right, type_)
