"""How long what a process holds of people is kept after its end, and on what ground."""

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_SPAN = re.compile(r"([0-9]{1,4}) (day|week|month|year)s?")
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_MOST_DAYS = 100 * 365
EXPECTED = "expected how long after its end, such as 90 days, 18 months or 10 years"


@dataclass(frozen=True, slots=True)
class Retention:
    """So many units after the end; ``basis`` is the sentence that says why so long."""

    amount: int
    unit: str
    basis: str | None = None

    @classmethod
    def parse(cls, text: object) -> "Retention":
        """Read `10 years`. Raises ValueError with a sentence."""
        match = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
        if match is None or not int(match[1]):
            raise ValueError(f"{text!r} is no time to keep something, {EXPECTED}")
        if int(match[1]) * _DAYS[match[2]] > _MOST_DAYS:
            raise ValueError(f"{text!r} is too long, expected at most 100 years")
        return cls(int(match[1]), match[2])

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}{'' if self.amount == 1 else 's'}"

    def before(self, now: datetime) -> datetime:
        """What ended at that moment or earlier has been kept long enough."""
        if self.unit in ("day", "week"):
            return now - timedelta(days=self.amount * _DAYS[self.unit])
        months = self.amount * (12 if self.unit == "year" else 1)
        year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
        day = min(now.day, calendar.monthrange(year, month + 1)[1])
        return now.replace(year=year, month=month + 1, day=day)
