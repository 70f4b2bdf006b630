"""What auditors from outside asked in their rooms, what staff answered, and what waits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import (
    Process,
    Room,
    RoomAnswerer,
    RoomMessage,
    RoomQuestion,
    User,
    populations,
    sights,
)
from portal.readings import lists
from portal.readings.words import iso

MOST_WAITING = 25


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was written; ``who`` is ``None`` for the auditor, ``text`` empty if erased."""

    id: str
    who: str | None
    at: datetime
    text: str


@dataclass(slots=True)
class Thread:
    """A question with all that was written of it; ``waits_since`` while an answer is owed.

    ``title`` is that of its process; ``None`` where whoever looks may not see it (any more).
    """

    id: str
    number: int
    process: str | None
    title: str | None
    waits_since: datetime | None
    said: list[Said] = field(default_factory=list)


def of_room(
    conn: Connection, room: Any, *, process: str | None = None, only_granted: bool = False
) -> list[Thread]:
    """The questions of a room, or about one process, by their number. Three statements.

    ``only_granted``: titles of what the room grants now, as its auditor is shown them; else of
    what whoever looks may see.
    """
    query = sa.select(RoomQuestion).with_only_columns(*RoomQuestion.__table__.columns)
    query = query.where(RoomQuestion.room_id == room.id).order_by(RoomQuestion.number)
    if process is not None:
        query = query.where(RoomQuestion.process_id == process)
    rows = conn.execute(query).all()
    titles = _titles(conn, room, [row.process_id for row in rows], only_granted=only_granted)
    found = {
        row.id: Thread(row.id, row.number, row.process_id, titles.get(row.process_id), row.since)
        for row in rows
    }
    for one in conn.execute(_SAID.where(RoomMessage.question_id.in_(list(found)))):
        who = (one.name or "") if one.user_id else None
        found[one.question_id].said.append(Said(one.id, who, one.at, one.text))
    return list(found.values())


_SAID = (
    sa.select(
        *(RoomMessage.id, RoomMessage.question_id, RoomMessage.user_id),
        *(RoomMessage.at, RoomMessage.text, User.name),
    )
    .outerjoin(User, User.id == RoomMessage.user_id)
    .order_by(RoomMessage.at, RoomMessage.id)
)


def _titles(
    conn: Connection, room: Any, ids: Sequence[str | None], *, only_granted: bool
) -> dict[str, str]:
    wanted = [id_ for id_ in ids if id_]
    if not wanted:
        return {}
    query = sa.select(Process.id, Process.title).where(Process.id.in_(wanted))
    seen = populations.narrowed(query, room.scope) if only_granted else sights.only_seen(query)
    return {row.id: row.title for row in conn.execute(seen)}


def answerers(conn: Connection, room_id: str) -> Sequence[Any]:
    """Who answers beside whoever opened the room: ``name`` and ``email``."""
    query = sa.select(User.id, User.name, User.email).join(
        RoomAnswerer, RoomAnswerer.user_id == User.id
    )
    return conn.execute(query.where(RoomAnswerer.room_id == room_id).order_by(User.name)).all()


def of_auditor(conn: Connection, address: str) -> list[dict[str, Any]]:
    """What is held of an auditor by that address: their rooms, and what they wrote in each."""
    rooms = conn.execute(sa.select(Room.__table__).where(Room.email == address)).all()
    return [
        {
            "purpose": room.purpose,
            "auditor": room.auditor,
            "from": iso(room.from_at),
            "until": iso(room.until_at),
            "written": [
                {"question": thread.number, "at": iso(said.at), "text": said.text}
                for thread in of_room(conn, room)
                for said in thread.said
                if said.who is None
            ],
        }
        for room in rooms
    ]


def waiting(
    conn: Connection, user_id: str, stands_for: frozenset[str], now: datetime
) -> Sequence[Any]:
    """Questions that this user, or one of ``stands_for``, owes an answer; the oldest first.

    Of rooms that are open. One statement.
    """
    named = sa.select(RoomAnswerer.room_id).where(
        lists.is_any(RoomAnswerer.user_id, user_id, stands_for)
    )
    query = (
        sa.select(
            RoomQuestion.id, RoomQuestion.number, RoomQuestion.since.label("waits_since"),
            RoomQuestion.process_id, RoomQuestion.room_id, Room.purpose, Room.auditor,
        )
        .join(Room, Room.id == RoomQuestion.room_id)
        .where(RoomQuestion.waits_on.is_not(None))
        .where(Room.revoked_at.is_(None), Room.until_at > now)
        .where(sa.or_(lists.is_any(Room.opened_by, user_id, stands_for), Room.id.in_(named)))
        .order_by(RoomQuestion.since, RoomQuestion.id)
    )  # fmt: skip
    return conn.execute(query.limit(MOST_WAITING)).all()
