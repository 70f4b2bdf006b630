"""Rows of lists, told in Python once: a template that calls back for each cell costs the most."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from portal.readings import waiting, words
from portal.readings.absences import Absences

_ALL_HERE = Absences([])


class Due(NamedTuple):
    """A due time as a row tells it: the day, how far off, and the moment for programs."""

    day: str
    away: str
    iso: str
    is_late: bool


class ProcessLine(NamedTuple):
    """One process of a list."""

    id: str
    title: str
    reference: str | None
    status: str
    owner: str
    due: Due | None
    is_stuck: bool
    remind: tuple[str, str] | None = None
    """The task to remind of and who holds it; ``None`` where nobody does."""
    owner_away: str = ""


class TaskLine(NamedTuple):
    """One task of a list; ``aside`` is since when it is held, or what became of it.

    ``for_whom`` says in whose place the reader does it, where the holder is away.
    """

    id: str
    name: str
    process_id: str
    process_title: str
    who: str
    aside: str
    due: Due | None
    done: str
    kind: str
    for_whom: str = ""


def processes(
    items: Iterable[Any],
    now: datetime,
    tz: str,
    away: Absences = _ALL_HERE,
    unmet: Collection[str] = (),
) -> list[ProcessLine]:
    """The rows that ``lists.processes`` found; ``unmet`` are those that nobody took up in time."""
    return [
        ProcessLine(
            row.id,
            row.title,
            row.reference,
            waiting.sentence(
                row.state,
                row.ended_at,
                row.waiting,
                row.n_troubles,
                now,
                tz,
                is_missed=row.id in unmet,
            )
            + _holders_away(row.waiting, away),
            row.owner_name or "",
            due(row.due_at, now, tz) if row.state == "running" else None,
            bool(row.n_troubles),
            _remindable(row.waiting) if row.state == "running" else None,
            away.of(row.owner_email) if row.state == "running" else "",
        )
        for row in items
    ]


def _holders_away(waiting: Iterable[Mapping[str, Any]], away: Absences) -> str:
    """`` Dana Owner is away until Fri 4 Dec, Finn Finance stands in.`` for each who holds it."""
    if not away:
        return ""
    held = {str(who["email"]): who for one in waiting if (who := one.get("who") or {}).get("email")}
    told = [(who.get("name") or email, away.of(email)) for email, who in held.items()]
    return "".join(f" {name} is {said}." for name, said in told if said)


def _remindable(waiting: Iterable[Mapping[str, Any]]) -> tuple[str, str] | None:
    """The open task that waits longest, and who holds it; ``None`` where nobody does."""
    for held in waiting:
        who = held.get("who") or {}
        name = who.get("name") or who.get("email")
        if held.get("task") and name:
            return str(held["task"]), str(name)
    return None


def tasks(
    items: Iterable[Any],
    now: datetime,
    tz: str,
    away: Absences = _ALL_HERE,
    reader: str | None = None,
) -> list[TaskLine]:
    """The rows that ``lists.tasks`` found; ``reader`` is who looks, by their user id."""
    return [_task(row, now, tz, away, reader) for row in items]


def _task(row: Any, now: datetime, tz: str, away: Absences, reader: str | None) -> TaskLine:
    is_open = row.state == "open"
    its = away.get(row.holder_id) if is_open else None
    is_deputy = its is not None and its.deputy is not None and its.deputy.user == reader
    return TaskLine(
        row.id,
        row.name,
        row.process_id,
        row.process_title,
        row.assignee_name or row.assignee_email or "nobody yet",
        f"since {words.short_day(row.offered_at, tz)}{f', {its.told}' if its else ''}"
        if is_open
        else row.state,
        due(row.due_at, now, tz) if is_open else None,
        words.short_day(row.done_at, tz) if row.done_at else "",
        row.kind,
        f"for {its.name}" if its is not None and is_deputy else "",
    )


def due(at: datetime | None, now: datetime, tz: str) -> Due | None:
    """When something is due; ``None`` where it has no due time."""
    if at is None:
        return None
    is_late = at < now
    away = f"{words.span(now - at)} late" if is_late else words.ago(at, now)
    return Due(words.short_day(at, tz), away, at.isoformat(timespec="minutes"), is_late)
