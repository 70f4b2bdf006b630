"""Rooms of outside auditors: what was granted, who stands at the door, what is in scope."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.errors import Unknown
from portal.language import gettext as _
from portal.models import DefinitionRow, ErasurePart, Process, Room, User, populations

HEAD = populations.HEAD
_NONE = "There is no such room."
_ROOMS = sa.select(*Room.__table__.columns, User.name.label("opener")).join(
    User, User.id == Room.opened_by
)


def all_rooms(conn: Connection) -> Sequence[Any]:
    """Every room, the newest first."""
    return conn.execute(_ROOMS.order_by(Room.opened_at.desc(), Room.id)).all()


def room(conn: Connection, room_id: str) -> Any:
    """One room; Unknown."""
    found = conn.execute(_ROOMS.where(Room.id == room_id)).first()
    if found is None:
        raise Unknown(_NONE)
    return found


def require(conn: Connection, room: Any, process_id: str) -> None:
    """Refuse with Unknown what is not granted, in the words for what is not there."""
    query = populations.narrowed(sa.select(Process.id).where(Process.id == process_id), room.scope)
    if conn.execute(query).first() is None:
        raise Unknown(_("There is nothing here, or nothing that is yours to see."))


@dataclass(frozen=True, slots=True)
class Member:
    """A process of the population; ``added_at`` where it came in after the room was opened."""

    n: int
    id: str
    title: str
    reference: str | None
    definition: str
    state: str
    started_at: datetime
    added_at: datetime | None


@dataclass(frozen=True, slots=True)
class Population:
    """How many there are, the SHA-256 of their list, how many came later, and some of them."""

    total: int
    sha256: str
    later: int
    members: Sequence[Member]
    next: int | None


def population(conn: Connection, room: Any, *, after: int = 0, limit: int = 100) -> Population:
    """All that is in scope, counted; the members behind number ``after``. Two statements."""
    digest, total, later, ids = hashlib.sha256(), 0, 0, []
    for line, row in populations.listed(conn, room.scope):
        digest.update(line.encode())
        if row is None:
            continue
        total += 1
        later += _added(row, room) is not None
        if after < total <= after + limit:
            ids.append(row.id)
    members = _members(conn, room, ids, after)
    is_more = after + limit < total
    return Population(total, digest.hexdigest(), later, members, after + limit if is_more else None)


def lines(conn: Connection, room: Any) -> Iterator[str]:
    """The list whose digest the page shows: a head, then ``number, id, start`` of each process.

    Tabs between, a line feed behind each line, the start in UTC; nothing that erasure changes.
    """
    for line, _row in populations.listed(conn, room.scope):
        yield line


def _added(row: Any, room: Any) -> datetime | None:
    """When it came into the population, if after the room was opened.

    Where the grant is of processes that ended, one comes in when it ends.
    """
    states = room.scope.get("states")
    is_of_ended = states and "running" not in states and row.ended_at is not None
    at: datetime = row.ended_at if is_of_ended else row.started_at
    return at if at > room.opened_at else None


def _members(conn: Connection, room: Any, ids: Sequence[str], after: int) -> list[Member]:
    query = (
        sa.select(
            Process.id, Process.title, Process.reference, Process.state, Process.started_at,
            Process.ended_at, DefinitionRow.name.label("definition"),
        )
        .join(DefinitionRow, DefinitionRow.id == Process.definition_id)
        .where(Process.id.in_(ids))
    )  # fmt: skip
    found = {row.id: row for row in conn.execute(query)}
    return [
        Member(
            n, id_, row.title, row.reference, row.definition, row.state, row.started_at,
            _added(row, room),
        )
        for n, id_ in enumerate(ids, after + 1)
        if (row := found.get(id_))
    ]  # fmt: skip


def definition_names(conn: Connection, scope: Mapping[str, Any]) -> list[str]:
    """What the granted definitions are called."""
    keys = scope.get("definitions") or []
    query = sa.select(DefinitionRow.key, DefinitionRow.name).where(
        DefinitionRow.key.in_(keys), DefinitionRow.is_current, DefinitionRow.process_id.is_(None)
    )
    names = {row.key: row.name for row in conn.execute(query)}
    return [names.get(key, key) for key in keys]


def is_erased(conn: Connection, process_id: str) -> bool:
    """Whether personal data of this process was erased."""
    query = sa.select(ErasurePart.process_id).where(
        ErasurePart.process_id == process_id, ErasurePart.state == "done"
    )
    return conn.execute(query.limit(1)).first() is not None
