"""When people work, as a definition says."""

from datetime import date
from typing import Protocol

from portal import calendar
from portal.calendar import WorkCalendar
from portal.definition.tree import Definition


class House(Protocol):
    """What an installation says of working time: a zone, hours, holidays and more days off."""

    @property
    def timezone(self) -> str:
        """An IANA name."""

    @property
    def hours(self) -> str | None:
        """As in a definition; None for the usual ones."""

    @property
    def holidays(self) -> str | None:
        """A country or a part of one; None for no holidays."""

    @property
    def closed(self) -> tuple[date, ...]:
        """Days on which nobody works beside the holidays."""


def work_calendar(tree: Definition, house: House) -> WorkCalendar:
    """The working calendar of a definition; what it leaves open is as in the ``house``.

    A definition that names holidays has those days off alone, and not the house's own.
    """
    spec = tree.calendar
    if spec is None:
        return of_house(house)
    has_own_days = spec.holidays is not None
    return calendar.work_calendar(
        spec.timezone or house.timezone,
        spec.hours or house.hours or calendar.DEFAULT_HOURS,
        spec.holidays if has_own_days else house.holidays,
        () if has_own_days else house.closed,
    )


def of_house(house: House) -> WorkCalendar:
    """The working calendar of an installation."""
    usual = house.hours or calendar.DEFAULT_HOURS
    return calendar.work_calendar(house.timezone, usual, house.holidays, house.closed)
