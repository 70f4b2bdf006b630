"""The only reader of the clock: every other room asks here what time it is."""

import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A file holding a number of seconds by which all processes of one tree are ahead of the
# machine's clock. Tests move a whole running portal through weeks with it.
SHIFT_FILE = os.environ.get("PORTAL_CLOCK_SHIFT_FILE")

_fixed: datetime | None = None


def now() -> datetime:
    """The present moment, aware, in UTC."""
    if _fixed is not None:
        return _fixed
    return datetime.now(UTC) + _shift() if SHIFT_FILE else datetime.now(UTC)


def millis() -> int:
    """The present moment in whole milliseconds since 1970: what ids begin with."""
    if _fixed is None and not SHIFT_FILE:
        return time.time_ns() // 1_000_000
    return int(now().timestamp() * 1000)


def sleep(seconds: float) -> None:
    """Wait for real time to pass; loops call it between two looks at their work."""
    time.sleep(seconds)


@contextmanager
def stopped_at(moment: datetime) -> "Iterator[Clock]":
    """Stop the clock at a moment; the clock handed out moves it on."""
    global _fixed
    before = _fixed
    _fixed = moment.astimezone(UTC)
    try:
        yield Clock()
    finally:
        _fixed = before


class Clock:
    """A stopped clock in the hands of whoever stopped it."""

    def advance(self, **duration: float) -> datetime:
        """Move on by a timedelta's arguments, for instance ``days=2``; the new moment."""
        return self.set(now() + timedelta(**duration))

    def set(self, moment: datetime) -> datetime:
        """Move to a moment, forwards or backwards; the new moment."""
        global _fixed
        _fixed = moment.astimezone(UTC)
        return _fixed


def _shift() -> timedelta:
    try:
        return timedelta(seconds=float(Path(SHIFT_FILE or "").read_text() or 0))
    except (FileNotFoundError, ValueError):
        return timedelta()
