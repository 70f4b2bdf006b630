"""The combined timeline: every process that somebody may see, one row each, through time.

Open processes come by what is due first, then those that have ended, the newest first; a page
looks at a bounded number of rows, so that one costs the same however much there is.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import db
from portal.definition.values import is_storable
from portal.errors import Faulty
from portal.ledger import catalogue as c
from portal.ledger.tables import Entry, Head
from portal.models import (
    DefinitionRow,
    Participant,
    Process,
    Stretch,
    Task,
    Team,
    Timer,
    Trouble,
    User,
    sights,
)
from portal.readings import lists, stretches
from portal.readings.axis import Window
from portal.readings.stretches import Held

STATES = {
    "running": "Running", "ended": "Ended", "all": "Running and ended",
    "completed": "Completed", "rejected": "Ended by a rejection", "cancelled": "Cancelled",
}  # fmt: skip
_ENDS = ("completed", "rejected", "cancelled")
# How many rows that have ended one page looks at: those that ended before the window are no news.
_MOST_LOOKED_AT = 1000
_MOST_EVENTS = 200  # of one process, the last of them before the end of the window


@dataclass(frozen=True, slots=True)
class Filters:
    """What the timeline is narrowed to; ``None`` leaves a side open.

    ``owner`` is a user's address, ``team`` a team's name (it owns the process, or has a task of
    it now), ``person`` the address of somebody who takes part, ``state`` one of ``STATES``.
    """

    definition: str | None = None
    owner: str | None = None
    team: str | None = None
    person: str | None = None
    state: str = "running"
    overdue: bool = False


class Dot(NamedTuple):
    """Something that happened; ``is_bad``: it went wrong."""

    at: datetime
    is_bad: bool


@dataclass(slots=True)
class Line:
    """One process through time: its row, its stretches, what happened, and what will."""

    process: Any
    stretches: Sequence[Held] = ()
    dots: list[Dot] = field(default_factory=list)
    ahead: list[datetime] = field(default_factory=list)


class Page(NamedTuple):
    """Some lines, and the cursor of the next ones (``None`` at the end)."""

    lines: Sequence[Line]
    next: str | None


def page(
    conn: Connection,
    filters: Filters,
    window: Window,
    *,
    cursor: str | None = None,
    limit: int = 100,
) -> Page:
    """The next lines of the timeline; Faulty at ``cursor``.

    Five statements where the stretches are told, eight where they are not.
    """
    rows, following = _rows(conn, filters, window, _read(cursor), limit)
    return Page(lines(conn, rows, window), _cursor(following))


def process(conn: Connection, process_id: str) -> Any:
    """The row of one process, as ``lines`` takes it; ``None`` where there is none."""
    return conn.execute(sights.only_seen(_PROCESSES.where(Process.id == process_id))).first()


def troubles(conn: Connection, process_id: str) -> Sequence[Any]:
    """The open exceptions of a process, the oldest first: id, kind, message and since when."""
    query = sa.select(Trouble.id, Trouble.kind, Trouble.message, Trouble.opened_at)
    query = query.where(Trouble.process_id == process_id, Trouble.state == "open")
    return conn.execute(query.order_by(Trouble.opened_at, Trouble.id)).all()


class Choices(NamedTuple):
    """What the filters offer, by name: definitions and people (``id``: key, address), teams."""

    definitions: Sequence[Any]
    people: Sequence[Any]
    teams: Sequence[str]


def choices(conn: Connection) -> Choices:
    """What there is to narrow the timeline to; one statement."""
    hides = sights.hidden()
    wanted = _chosen_from(sights.only_known(_DEFINITIONS)) if hides else _CHOICES
    rows = conn.execute(wanted).all()
    by = {what: [row for row in rows if row.what == what] for what in ("key", "user", "team")}
    return Choices(by["key"], by["user"], [row.name for row in by["team"]])


def lines(
    conn: Connection, rows: Sequence[Any], window: Window, *, is_ahead: bool = True
) -> list[Line]:
    """What is drawn of these processes (rows as here), in three statements (six).

    ``is_ahead``: what the clock will do as well.
    """
    ids = [row.id for row in rows]
    held = stretches.of(conn, ids, window.start, window.end)
    found = {row.id: Line(row, held[row.id]) for row in rows}
    if not rows:
        return []
    span = {"these": ids, "start": window.start, "end": window.end}
    for log, at, type_ in conn.execute(_DOTS, span):
        found[log].dots.append(Dot(at, type_ in _BAD))
    tasks = {task: row.id for row in rows for one in row.waiting or () if (task := one.get("task"))}
    if is_ahead and tasks and window.end > window.now:
        for task, at in conn.execute(_AHEAD, {"tasks": list(tasks), "end": window.end}):
            found[tasks[task]].ahead.append(at)
    return list(found.values())


_USERS = sa.select(
    sa.literal("user").label("what"), User.email.label("id"), User.name.label("name")
).where(User.is_active)
_DEFINITIONS: "sa.Select[*tuple[Any, ...]]" = sa.select(
    sa.literal("key"), DefinitionRow.key, DefinitionRow.name
).where(DefinitionRow.is_current, DefinitionRow.made_for.is_(None))


def _chosen_from(definitions: "sa.Select[*tuple[Any, ...]]") -> Any:
    teams = sa.select(sa.literal("team"), sa.null(), Team.name)
    return _USERS.union_all(teams, definitions).order_by("name", "id").limit(3 * lists.MOST)


_CHOICES = _chosen_from(_DEFINITIONS)

# Which processes, in which order

_PROCESSES = (
    sa.select(
        *(Process.id, Process.definition_id, Process.title, Process.state),
        *(Process.owner_id, Process.team_id, Process.waiting, Process.n_troubles),
        *(Process.due_at, Process.started_at, Process.ended_at),
        sa.func.coalesce(User.name, Team.name).label("owner_name"),
    )
    .outerjoin(User, User.id == Process.owner_id)
    .outerjoin(Team, Team.id == Process.team_id)
)
_Place = tuple[str, str | None, str]  # of which part (due, none, ended), due, and the last id


def _rows(
    conn: Connection, filters: Filters, window: Window, after: _Place | None, limit: int
) -> tuple[list[Any], _Place | None]:
    part, due, last = after or ("due", None, "")
    rows: list[Any] = []
    # Ids begin with the moment they were made at: whatever began later is not in sight.
    narrowed = _narrowed(_PROCESSES, filters, window).where(Process.id < db.first_id(window.end))
    if filters.state in ("running", "all"):
        running = narrowed.where(_state(filters) == "running")
        if part == "due":
            half, by_due = running.where(Process.due_at.is_not(None)), (Process.due_at, Process.id)
            if due is not None:
                at = sa.literal(datetime.fromisoformat(due), Process.due_at.type)
                half = half.where(sa.tuple_(Process.due_at, Process.id) > sa.tuple_(at, last))
            rows += conn.execute(sights.first(conn, half, by_due, limit + 1)).all()
            if len(rows) > limit:
                return rows[:limit], ("due", rows[limit - 1].due_at.isoformat(), rows[limit - 1].id)
            part, last = "none", ""
        if part == "none" and not filters.overdue:
            half = running.where(Process.due_at.is_(None), Process.id > last)
            left = limit + 1 - len(rows)
            rows += conn.execute(sights.first(conn, half, [Process.id], left)).all()
            if len(rows) > limit:
                at = rows[limit - 1]  # a page may end with the last of those that are due
                return rows[:limit], ("none", None, at.id if at.due_at is None else "")
            last = ""
    if filters.state == "running" or filters.overdue:
        return rows, None
    states = (filters.state,) if filters.state in _ENDS else _ENDS
    return _ended(conn, narrowed, states, (filters, window), (rows, last, limit))


def _state(filters: Filters) -> Any:
    """The state of a process, for an index but where a person is named.

    Of one person's processes the list is short; by their state all would be walked.
    """
    return Process.state.concat("") if filters.person else Process.state


def _ended(
    conn: Connection,
    narrowed: "sa.Select[*tuple[Any, ...]]",
    states: Sequence[str],
    asked: tuple[Filters, Window],
    so_far: tuple[list[Any], str, int],
) -> tuple[list[Any], _Place | None]:
    """Those that ended, from the newest back: each state on its own stretch of the index."""
    filters, window = asked
    rows, last, limit = so_far
    looked: list[Any] = []
    for state in states:
        some = narrowed.where(_state(filters) == state, Process.due_at.is_(None))
        if last:
            some = some.where(Process.id < last)
        ids = some.with_only_columns(Process.id, Process.ended_at)
        newest_first = sights.first(conn, ids, [Process.id], _MOST_LOOKED_AT, newest=True)
        looked += conn.execute(newest_first).all()
    is_cut = len(looked) >= _MOST_LOOKED_AT
    looked = sorted(looked, key=lambda row: str(row.id), reverse=True)[:_MOST_LOOKED_AT]
    seen = [row.id for row in looked if row.ended_at >= window.start]
    wanted = seen[: limit - len(rows)]
    if wanted:
        found = conn.execute(_PROCESSES.where(Process.id.in_(wanted))).all()
        rows += sorted(found, key=lambda row: str(row.id), reverse=True)
    if len(seen) > len(wanted):
        return rows, ("ended", None, wanted[-1] if wanted else last or _BEHIND_ALL)
    return rows, ("ended", None, looked[-1].id) if is_cut else None


def narrowed(filters: Filters, window: Window) -> "sa.Select[str]":
    """The processes that have a row in a window, in no order; of those ended the last ones."""
    wanted = sa.select(Process.id).where(Process.id < db.first_id(window.end))
    wanted = sights.only_seen(_narrowed(wanted, filters, window))
    parts = []
    if filters.state in ("running", "all"):
        parts.append(wanted.where(_state(filters) == "running"))
    if filters.state != "running" and not filters.overdue:
        for state in (filters.state,) if filters.state in _ENDS else _ENDS:
            some = wanted.add_columns(Process.ended_at)
            some = some.where(_state(filters) == state, Process.due_at.is_(None))
            last = some.order_by(Process.id.desc()).limit(_MOST_LOOKED_AT).subquery()
            parts.append(sa.select(last.c.id).where(last.c.ended_at >= window.start))
    if not parts:  # what has ended is not overdue
        return wanted.where(sa.false())
    found = sa.union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
    return sa.select(found.c.id).select_from(found)


# Of every id, by the order of any language: a sign that is no digit comes before them in most.
_BEHIND_ALL = "g"


def _narrowed(
    wanted: "sa.Select[*tuple[Any, ...]]", filters: Filters, window: Window
) -> "sa.Select[*tuple[Any, ...]]":
    if filters.definition:
        wanted = wanted.where(Process.key == filters.definition)
    if filters.owner:
        user = sa.select(User.id).where(User.email == filters.owner.strip().lower())
        wanted = wanted.where(Process.owner_id == user.scalar_subquery())
    if filters.team:
        team = sa.select(Team.id).where(Team.name == filters.team).scalar_subquery()
        theirs = sa.select(Task.process_id).where(Task.team_id == team, Task.state == "open")
        wanted = wanted.where(sa.or_(Process.team_id == team, Process.id.in_(theirs)))
    if filters.person:
        email = filters.person.strip().lower()
        users = sa.select(User.id).where(User.email == email)
        theirs = sa.select(Participant.process_id).where(Participant.email == email)
        as_staff = sa.select(Participant.process_id).where(Participant.user_id.in_(users))
        # One list: of two the database would look through all processes for either.
        wanted = wanted.where(Process.id.in_(sa.union_all(theirs, as_staff)))
    if filters.overdue:
        wanted = wanted.where(Process.due_at < window.now)
    return wanted


def _cursor(place: _Place | None) -> str | None:
    if place is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _read(cursor: str | None) -> _Place | None:
    if not cursor:
        return None
    try:
        part, due, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if (part == "due" and due is None) or not is_storable(str(last)):
            raise ValueError(cursor)
        if due is not None and datetime.fromisoformat(due).utcoffset() != timedelta(0):
            raise ValueError(due)
        return {"due": "due", "none": "none", "ended": "ended"}[part], due, str(last)
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError):
        sentence = "This is not a cursor of this timeline. Begin at its first page."
        raise Faulty.one("cursor", sentence) from None


# What is drawn on them

# What somebody looking over two hundred processes wants to see happen; the rest is on the page
# of each process.
_BAD = frozenset({
    c.ExceptionOpened.TYPE, c.MailBounced.TYPE, c.DeadlineMissed.TYPE, c.HandoffMissed.TYPE,
    c.TaskDeclined.TYPE, c.TaskBlocked.TYPE, c.CallFailed.TYPE,
})  # fmt: skip
_NOTED = sorted(_BAD) + [one.TYPE for one in (
    c.ProcessStarted, c.ProcessCompleted, c.ProcessRejected, c.ProcessCancelled, c.CommentAdded,
    c.StepReturned, c.StepSkipped, c.StepAdded, c.ProcessMigrated, c.SignalReceived,
    c.TaskDone, c.TaskReassigned, c.TaskDelegated, c.TaskExpired, c.TaskEscalated,
    c.TaskPromised, c.TaskUnblocked, c.QuestionAsked, c.QuestionAnswered, c.FormSubmitted,
    c.UploadSubmitted, c.ApprovalApproved, c.ApprovalChangesRequested, c.ApprovalRejected,
    c.SignatureMade, c.SignatureDeclined, c.LinkEntered, c.ReminderSent, c.MessageSent,
    c.ExceptionResolved, c.CallSucceeded, c.DataEdited,
)]  # fmt: skip
# Of a process with thousands of events the last before the window's end are looked at: those
# before the first stretch that began after it, or the last of all where none did.
_EDGE = sa.func.coalesce(
    sa.select(Stretch.from_seq)
    .where(Stretch.process_id == Head.log, Stretch.from_at >= sa.bindparam("end"))
    .order_by(Stretch.from_at)
    .limit(1)
    .correlate(Head)
    .scalar_subquery(),
    Head.seq,
)
_DOTS = (
    sa.select(Entry.log, Entry.at, Entry.type)
    .join(Head, Head.log == Entry.log)
    .where(
        Head.log.in_(sa.bindparam("these", expanding=True)),
        Entry.seq > _EDGE - _MOST_EVENTS,
        Entry.seq <= _EDGE,
        Entry.at >= sa.bindparam("start"),
        Entry.at < sa.bindparam("end"),
        Entry.type.in_(_NOTED),
    )
)
_AHEAD = (
    sa.select(Timer.task_id, Timer.rings_at)
    .where(
        Timer.task_id.in_(sa.bindparam("tasks", expanding=True)),
        Timer.kind.in_(("remind", "escalate", "timeout")),
        Timer.rings_at < sa.bindparam("end"),
    )
    .order_by(Timer.rings_at)
)
