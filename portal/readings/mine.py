"""Everything open and done for one person: behind their links, or over all processes.

A link shows the process it is of. The rest is shown to whoever reached the mailbox by a code.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock
from portal.models import Link, Participant, Preference, Process, Task
from portal.models.links import needs_own_link
from portal.readings import trees

_SHOWN_FOR = timedelta(days=30)
_MOST = 200


class Mine(NamedTuple):
    """A task as its person's list shows it, its moments told in ``tz``.

    ``is_here``: this browser came by a link that leads to it; else one has to be entered first.
    """

    id: str
    process: str
    person: str
    name: str
    title: str
    kind: str
    outcome: str | None
    due_at: datetime | None
    done_at: datetime | None
    tz: str
    is_here: bool
    snoozed_on: date | None = None
    step: str = ""
    rests_until: date | None = None
    """No reminder before it; the farthest of days where a word of somebody else is waited for."""

    @property
    def is_open(self) -> bool:
        """Whether it waits for its person."""
        return self.done_at is None


_COLUMNS = (
    Task.id, Task.process_id, Task.name, Task.kind, Task.step, Task.state, Task.outcome,
    Task.due_at, Task.snoozed_on, Task.promised_on, Task.asks_since, Task.declined_at,
    Task.done_at, Task.done_by, Task.participant_id, Task.others, Process.title,
    Process.definition_id, Participant.id.label("person_id"),
    sa.func.coalesce(Preference.timezone, Participant.timezone).label("timezone"),
)  # fmt: skip


def behind(conn: Connection, link_ids: Iterable[str]) -> list[Mine]:
    """What the people behind some links have to do, and did, in the processes of those links."""
    ids = list(link_ids)
    if not ids:
        return []
    query = (
        sa.select(*_COLUMNS)
        .join(Process, Process.id == Task.process_id)
        .join(Link, Link.process_id == Process.id)
        .join(Participant, Participant.id == Link.participant_id)
        .outerjoin(Preference, Preference.email == Participant.email)
        .where(Link.id.in_(ids), _is_shown())
        .where(sa.or_(Link.task_id == Task.id, ~needs_own_link(), Task.state == "done"))
    )
    return _each_once(conn, query)


def of_address(conn: Connection, email: str, link_ids: Iterable[str]) -> list[Mine]:
    """The same over all processes in which this address takes part, the newest of them."""
    here = {one.id for one in behind(conn, link_ids)}
    query = (
        sa.select(*_COLUMNS)
        .join(Process, Process.id == Task.process_id)
        .join(Participant, Participant.process_id == Process.id)
        .outerjoin(Preference, Preference.email == Participant.email)
        .where(Participant.email == email, Participant.kind == "external", _is_shown())
    )
    return _each_once(conn, query, here)


def link_to(conn: Connection, email: str, task_id: str) -> tuple[str, int] | None:
    """Id and generation of the newest living link that was mailed to this address for a task."""
    query = (
        sa.select(Link.id, Link.generation)
        .join(Participant, Participant.id == Link.participant_id)
        .where(Participant.email == email, Link.task_id == task_id)
        .where(Link.revoked_at.is_(None), Link.revoked_reason.is_(None))
        .where(Link.handed_by_name.is_(None))
        .order_by(Link.made_at.desc())
        .limit(1)
    )
    row = conn.execute(query).first()
    return (row.id, row.generation) if row else None


def _is_shown() -> sa.ColumnElement[bool]:
    is_recent = Task.done_at > clock.now() - _SHOWN_FOR
    return sa.or_(Task.state == "open", sa.and_(Task.state == "done", is_recent))


def _each_once(conn: Connection, query: Any, here: set[str] | None = None) -> list[Mine]:
    newest = query.order_by(Task.opened_at.desc(), Task.id.desc()).limit(_MOST)
    rows = {row.id: row for row in conn.execute(newest) if _is_theirs(row)}
    known = trees.trees(conn, {row.definition_id for row in rows.values()})
    found = [
        Mine(
            row.id, row.process_id, row.person_id, row.name, row.title, row.kind, row.outcome,
            row.due_at, row.done_at if row.state == "done" else None,
            row.timezone or trees.zone(known[row.definition_id]),
            here is None or row.id in here,
            row.snoozed_on, row.step, _rests_until(row),
        )
        for row in rows.values()
    ]  # fmt: skip
    return sorted(found, key=_soonest_first)


def _is_theirs(row: Any) -> bool:
    if row.state == "done":
        return bool(row.person_id == (row.done_by or row.participant_id))
    return row.person_id in (row.participant_id, *row.others)


def _rests_until(row: Any) -> date | None:
    if row.asks_since or row.declined_at:
        return date.max
    return max((day for day in (row.snoozed_on, row.promised_on) if day), default=None)


def _soonest_first(one: Mine) -> tuple[bool, float]:
    """Open before done; open by their due moment, done by how lately."""
    if one.done_at is not None:
        return True, -one.done_at.timestamp()
    return False, one.due_at.timestamp() if one.due_at else float("inf")
