"""A day that whoever has a task named themselves: what it may be, and when it reminds of it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal import calendar, language
from portal.definition import durations
from portal.definition.durations import RungAt
from portal.definition.shown import show_value
from portal.definition.tree import PersonStep
from portal.engine.rows import Asked
from portal.engine.running import Running
from portal.errors import Faulty
from portal.language import gettext as _
from portal.language import mark

FARTHEST = timedelta(days=366)
ON_THE_DAY = "on the promised day"
AS_ASKED = "as asked"
_LAST_PLACE = 99
_HOW = mark("Name a day, such as 2026-12-24.")


def named(running: Running, step: PersonStep, task: Asked, entered: str) -> date:
    """The day that was entered, ``YYYY-MM-DD``. Raises Faulty at ``day`` with a sentence.

    It is not over yet, lies within a year, and the step's time runs out on no earlier one.
    """
    try:
        day = date.fromisoformat(entered.strip())
    except ValueError:
        raise Faulty.one("day", _(_HOW)) from None
    zone = running.zone_of(running.person(task.participant_id))
    today = running.now.astimezone(zone).date()
    if day < today:
        raise Faulty.one("day", _("This day is over. Name today or a later one."))
    latest = _latest(running, step, task, zone)
    if latest is not None and day > latest:
        sentence = _(
            "By then the time for this is over. Name a day up to %(day)s.",
            day=show_value(latest, language.current()),
        )
        raise Faulty.one("day", sentence)
    if day > today + FARTHEST:
        raise Faulty.one("day", _("This is more than a year away. Name an earlier day."))
    return day


def _latest(running: Running, step: PersonStep, task: Asked, zone: ZoneInfo) -> date | None:
    """The last day that is whole before the step's time is over; ``None`` where it never is."""
    if step.on_timeout is None:
        return None
    over = step.on_timeout.after.after(task.opened_at, running.calendar, zone)
    day = over.astimezone(zone).date()
    local = replace(running.calendar, timezone=zone)
    is_whole = local.is_working_day(day) and local.end_of_working_day(day) <= over
    return max(day if is_whole else day - timedelta(days=1), running.now.astimezone(zone).date())


def ladder(running: Running, step: PersonStep, task: Asked, day: date) -> list[RungAt]:
    """The reminders of a task whose day was named, in order of time.

    None before that day, one on it when work begins, and those that come after the due moment as
    many days after it. A step whose ``remind`` is empty has none at all.
    """
    rungs = durations.ladder(step.remind)
    if not rungs:
        return []
    zone = running.zone_of(running.person(task.participant_id))
    begins = morning(running, task, day)
    later = tuple(rung for rung in rungs if rung.when in ("after", "every") and task.due_at)
    after = durations.rungs(later, task.opened_at, begins, running.calendar, zone) if later else []
    first = RungAt(index_of(day, 0), begins, ON_THE_DAY)
    return [first, *(RungAt(index_of(day, one.index + 1), one.at, _label(one)) for one in after)]


def _label(rung: RungAt) -> str:
    return f"{rung.label} the promised day"


def index_of(day: date, place: int) -> int:
    """What tells a reminder counted from a day apart from all others of the task."""
    return day.toordinal() * 100 + place


def morning(running: Running, task: Asked, day: date) -> datetime:
    """When work begins on a day where the person of a task is; on the next day of work else."""
    zone = running.zone_of(running.person(task.participant_id))
    local = replace(running.calendar, timezone=zone)
    return local.next_opening(calendar.at_local(day, datetime.min.time(), zone))


def snoozed(running: Running, task: Asked, rungs: list[RungAt], day: date) -> list[RungAt]:
    """These reminders without those before a day, and with one on it."""
    begins = morning(running, task, day)
    first = RungAt(index_of(day, _LAST_PLACE), begins, AS_ASKED)
    return [first, *(rung for rung in rungs if rung.at > begins)]
