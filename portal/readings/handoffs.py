"""Handoffs: who was offered work, who took it up and when, told from the ledger alone.

The time between offer and taking up is one thing, the time of work from there on another.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from portal.ledger import catalogue as c
from portal.ledger.catalogue import Event
from portal.ledger.tables import Entry
from portal.models import Participant, Process, Question, Task
from portal.readings import lists
from portal.readings.entries import ANSWERS, Told, query, told
from portal.readings.words import read_iso

_CHANGES = (c.TaskReassigned, c.TaskDelegated)
_CLOSES: dict[type[Event], str] = {c.TaskWithdrawn: "withdrawn", c.TaskExpired: "expired"}
_ABOUT: tuple[type[Event], ...] = (
    c.TaskOpened,
    c.TaskPickedUp,
    c.HandoffMissed,
    *_CHANGES,
    *_CLOSES,
    *ANSWERS,
)
_TYPES = [event.TYPE for event in _ABOUT]
MOST = 300  # of one process, the latest


@dataclass(slots=True)
class Handoff:
    """One time that a task was given to somebody: its ``number`` among those of the task.

    ``how`` is ``opened``, ``reassigned`` or ``delegated``, ``by`` the name of who did that
    (``None``: the portal), ``came_from`` who had it before; people are ``{email, name}`` as
    recorded. ``ended`` is ``done``, ``withdrawn``, ``expired`` or ``handed_on``; an ``…_event``
    is the number of the event that says so.
    """

    task: str
    step: str
    number: int
    how: str
    offered_at: datetime
    event: int
    to: dict[str, Any]
    name: str | None = None
    came_from: dict[str, Any] | None = None
    by: str | None = None
    reason: str | None = None
    pick_up_by: datetime | None = None
    picked_up_at: datetime | None = None
    picked_up_by: str | None = None
    missed_at: datetime | None = None
    ended_at: datetime | None = None
    ended: str | None = None
    picked_up_event: int | None = None
    missed_event: int | None = None
    ended_event: int | None = None
    gone: frozenset[str] = frozenset()  # names of values that were erased from its event

    def waited(self, now: datetime) -> timedelta:
        """How long it lay until somebody took it up, or how long it has lain till now."""
        return (self.picked_up_at or self.ended_at or now) - self.offered_at

    def worked(self, now: datetime) -> timedelta | None:
        """How long it was worked on from there; ``None`` where nobody took it up."""
        return None if self.picked_up_at is None else (self.ended_at or now) - self.picked_up_at


@dataclass(slots=True)
class _Story:
    """The handoffs of every task, event by event."""

    now: dict[str, Handoff] = field(default_factory=dict)

    def take(self, entry: Told) -> Handoff | None:
        """The next event; a handoff that begins with it."""
        event, task = entry.event, entry.task
        if task is None:
            return None
        if isinstance(event, c.TaskOpened):
            return self._begin(entry, event, "opened", event.person)
        held = self.now.get(task)
        if held is None:
            return None
        if isinstance(event, _CHANGES):
            self._end(held, entry, "handed_on")
            how = "delegated" if isinstance(event, c.TaskDelegated) else "reassigned"
            return self._begin(entry, event, how, event.person, held)
        if isinstance(event, c.TaskPickedUp):
            _pick_up(held, entry)
        elif isinstance(event, c.HandoffMissed):
            held.missed_at, held.missed_event = entry.at, entry.seq
        elif isinstance(event, ANSWERS):
            _pick_up(held, entry)
            self._end(held, entry, "done")
        elif type(event) in _CLOSES:
            self._end(held, entry, _CLOSES[type(event)])
        return None

    def _begin(
        self, entry: Told, event: Any, how: str, to: Any, before: Handoff | None = None
    ) -> Handoff:
        begun = Handoff(
            task=str(entry.task),
            step=str(event.step),
            number=before.number + 1 if before else 1,
            how=how,
            offered_at=entry.at,
            event=entry.seq,
            to=to or {},
            name=before.name if before else event.name,
            came_from=(event.from_person or {}) if before else None,
            by=entry.actor_name if entry.actor_kind != "system" else None,
            reason=event.reason if before else None,
            pick_up_by=read_iso(event.pick_up_by) if event.pick_up_by else None,
            gone=entry.gone,
        )
        self.now[begun.task] = begun
        return begun

    def _end(self, held: Handoff, entry: Told, how: str) -> None:
        held.ended_at, held.ended, held.ended_event = entry.at, how, entry.seq
        del self.now[held.task]


def _pick_up(held: Handoff, entry: Told) -> None:
    """Whoever comes first took it up: an answer shows it as well as the press of a button."""
    if held.picked_up_at is None:
        held.picked_up_at, held.picked_up_by = entry.at, entry.actor_name
        held.picked_up_event = entry.seq


def of_entries(entries: Iterable[Told]) -> Iterator[Handoff]:
    """The handoffs that these entries (oldest first) tell of, in the order they were offered."""
    story = _Story()
    begun = [found for entry in entries if (found := story.take(entry)) is not None]
    yield from begun


def of_process(conn: Connection, process_id: str) -> list[Handoff]:
    """The handoffs of one process, in the order they were offered; the latest of very many.

    Two statements.
    """
    wanted = query().where(Entry.log == process_id, Entry.type.in_(_TYPES))
    rows = conn.execute(wanted.order_by(Entry.seq.desc()).limit(3 * MOST)).all()
    return list(of_entries(told(conn, rows[::-1])))[-MOST:]


_LOOKED_AT = 1000  # events of one process, the latest


def reminders_of(conn: Connection, process: Any, task_ids: Iterable[str]) -> int:
    """How often the holders of these tasks of a process (its row) were reminded of late."""
    mine = sa.select(sa.func.count()).where(
        Entry.log == process.id,
        Entry.seq > process.head_seq - _LOOKED_AT,
        Entry.type == c.ReminderSent.TYPE,
        Entry.task.in_(list(task_ids)),
    )
    return int(conn.execute(mine).scalar_one())


def passed_on_by(conn: Connection, task: Any, participant_id: str) -> Told | None:
    """The last event by which somebody passed a task (its row) on; ``None`` where nobody did."""
    if all(one["from"] != participant_id for one in task.passed_on):
        return None
    wanted = query().where(Entry.log == task.process_id, Entry.task == task.id)
    rows = conn.execute(wanted.where(Entry.type == c.TaskDelegated.TYPE).order_by(Entry.seq)).all()
    theirs = [one for one in told(conn, rows) if one.data["from_participant"] == participant_id]
    return theirs[-1] if theirs else None


# What somebody has to look at now


_OPEN = (
    lists.task_columns()
    .add_columns(
        Task.delegation,
        *(Task.offered_at.label("waits_since"), sa.literal(None, sa.String).label("asker")),
        sa.literal(None, sa.String).label("question"),
        sa.false().label("is_block"),
    )
    # Found by what is rare about them, in two small indexes: not by a state or an owner,
    # by which SQLite, who counts nothing, would walk all that is open.
    .where(Task.state.concat("") == "open", Process.state.concat("") == "running")
)
_ASKER = aliased(Participant)
_ASKED = (
    lists.task_columns()
    .add_columns(
        Task.delegation,
        *(Question.since.label("waits_since"), _ASKER.name.label("asker")),
        *(Question.id.label("question"), Question.is_block),
    )
    .join(Question, Question.task_id == Task.id)
    .join(_ASKER, _ASKER.id == Question.participant_id)
    .where(Question.waits_on == "staff", sa.or_(~Question.is_block, Task.state == "open"))
)
MOST_TO_SEE = 100


def to_see(
    conn: Connection,
    user_id: str,
    team_ids: frozenset[str],
    stands_for: frozenset[str] = frozenset(),
) -> list[Any]:
    """Tasks that somebody would pass on, that others left lying, or asked about; once each.

    Of the processes that this user, a team of theirs or one of ``stands_for`` owns, those that
    have lain longest first, in one statement. ``is_wish`` is the first kind, ``question`` the id
    of the last, with the name of the ``asker``, who can't go on where ``is_block``; of closed
    tasks there are only questions.
    """
    mine = Process.owner_id.concat("").in_([user_id, *sorted(stands_for)])
    theirs = sa.and_(
        Process.owner_id.concat("").is_(None), Process.team_id.concat("").in_(team_ids)
    )
    whose = sa.or_(mine, theirs) if team_ids else mine
    owned = _OPEN.where(whose)
    wishes = owned.where(Task.delegation.is_not(None)).add_columns(_says(is_wish=True))
    # One's own stands on the desk as a task; nobody has to remind themselves of it.
    at_mine = lists.is_any(Task.holder_id, user_id, stands_for)
    of_others = sa.or_(Task.holder_id.is_(None), ~at_mine)
    missed = owned.where(Task.missed_at.is_not(None), of_others).add_columns(_says(is_wish=False))
    asked = _ASKED.where(whose).add_columns(_says(is_wish=False))
    every = sa.union_all(wishes, missed, asked).subquery()
    in_order = sa.select(every).order_by(every.c.is_wish.desc(), every.c.waits_since, every.c.id)
    return list(conn.execute(in_order.limit(MOST_TO_SEE)).all())


def _says(*, is_wish: bool) -> sa.Label[int]:
    return sa.literal(int(is_wish)).label("is_wish")
