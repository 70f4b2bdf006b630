"""Rows of lists, told in Python once: a template that calls back for each cell costs the most."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from portal.readings import waiting, words


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


class TaskLine(NamedTuple):
    """One task of a list; ``aside`` is since when it is held, or what became of it."""

    id: str
    name: str
    process_id: str
    process_title: str
    who: str
    aside: str
    due: Due | None
    done: str
    kind: str


def processes(items: Iterable[Any], now: datetime, tz: str) -> list[ProcessLine]:
    """The rows that ``lists.processes`` found."""
    return [
        ProcessLine(
            row.id,
            row.title,
            row.reference,
            waiting.sentence(row.state, row.ended_at, row.waiting, row.n_troubles, now, tz),
            row.owner_name or "",
            due(row.due_at, now, tz) if row.state == "running" else None,
            bool(row.n_troubles),
            _remindable(row.waiting) if row.state == "running" else None,
        )
        for row in items
    ]


def _remindable(waiting: Iterable[Mapping[str, Any]]) -> tuple[str, str] | None:
    """The open task that waits longest, and who holds it; ``None`` where nobody does."""
    for held in waiting:
        who = held.get("who") or {}
        name = who.get("name") or who.get("email")
        if held.get("task") and name:
            return str(held["task"]), str(name)
    return None


def tasks(items: Iterable[Any], now: datetime, tz: str) -> list[TaskLine]:
    """The rows that ``lists.tasks`` found."""
    return [_task(row, now, tz) for row in items]


def _task(row: Any, now: datetime, tz: str) -> TaskLine:
    is_open = row.state == "open"
    return TaskLine(
        row.id,
        row.name,
        row.process_id,
        row.process_title,
        row.assignee_name or row.assignee_email or "nobody yet",
        f"since {words.short_day(row.offered_at, tz)}" if is_open else row.state,
        due(row.due_at, now, tz) if is_open else None,
        words.short_day(row.done_at, tz) if row.done_at else "",
        row.kind,
    )


def due(at: datetime | None, now: datetime, tz: str) -> Due | None:
    """When something is due; ``None`` where it has no due time."""
    if at is None:
        return None
    is_late = at < now
    away = f"{words.span(now - at)} late" if is_late else words.ago(at, now)
    return Due(words.short_day(at, tz), away, at.isoformat(timespec="minutes"), is_late)
