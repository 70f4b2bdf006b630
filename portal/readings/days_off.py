"""The days on which a house does not work though the week says it does, for people to check."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from portal.calendar import DEFAULT_HOURS, check_holidays, parse_hours
from portal.definition.hours import House

_FARTHEST = timedelta(days=800)


def coming(house: House, names: dict[str, str], today: date, most: int) -> list[tuple[date, str]]:
    """The next days off, each with why; ``names`` are those of the closed days, by ISO date."""
    week = parse_hours(house.hours or DEFAULT_HOURS)
    kept = _kept(house.holidays)
    found: list[tuple[date, str]] = []
    for day in _days(today):
        closed = day in house.closed
        why = names.get(day.isoformat(), "Closed") if closed else kept.get(day)
        if why and week[day.weekday()]:
            found.append((day, str(why)))
        if len(found) == most:
            break
    return found


def parts_of(code: str | None) -> list[str]:
    """The parts of a country that keep holidays of their own, as ``DE-BY``; of a part none."""
    if not code or "-" in code:
        return []
    import holidays

    return [f"{code}-{part}" for part in holidays.list_supported_countries().get(code, ())]


def countries() -> list[tuple[str, str]]:
    """The countries whose holidays are known, as code and name."""
    from holidays import registry

    found = {code: name for name, code, *_ in registry.COUNTRIES.values()}
    return [(code, _spaced(found[code])) for code in sorted(found)]


def _days(today: date) -> Iterator[date]:
    return (today + timedelta(days=n) for n in range(_FARTHEST.days))


def _kept(code: str | None) -> Any:
    if not check_holidays(code):
        return {}
    import holidays

    country, _, part = str(code).partition("-")
    return holidays.country_holidays(country, subdiv=part or None, language="en_US")


def _spaced(name: str) -> str:
    """``UnitedStates`` as it is written."""
    return "".join(f" {sign}" if sign.isupper() and at else sign for at, sign in enumerate(name))
