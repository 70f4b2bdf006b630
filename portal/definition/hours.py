"""When people work, as a definition says."""

from portal import calendar
from portal.calendar import WorkCalendar
from portal.definition.tree import Definition


def work_calendar(tree: Definition, zone: str) -> WorkCalendar:
    """The working calendar of a definition; what it leaves open is as in ``zone``."""
    spec = tree.calendar
    if spec is None:
        return calendar.work_calendar(zone)
    return calendar.work_calendar(
        spec.timezone or zone, spec.hours or calendar.DEFAULT_HOURS, spec.holidays
    )
