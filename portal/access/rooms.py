"""Who stands at the door of an auditor's room: the link, the browser, and how long both last."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock
from portal.access import sessions
from portal.actor import Actor
from portal.db import Tx
from portal.errors import Unknown
from portal.language import gettext as _
from portal.language import mark
from portal.models import Preference, Process, Room, RoomAnswerer, RoomSession, populations
from portal.models.people import WRITERS

IDLE, ABSOLUTE = timedelta(hours=8), timedelta(hours=24)
OUTSIDER = "The outside auditor"
_NOTHING = mark("There is nothing here, or nothing that is yours to see.")
GRANTED_NO_MORE = mark("It is no longer among what the room grants.")
"""Kept with a process that a pack was to hold."""


def standing(row: Any, now: datetime) -> str:
    """How a room stands: ``revoked``, ``over``, ``early`` (not yet) or ``open``."""
    if row.revoked_at is not None:
        return "revoked"
    if row.until_at <= now:
        return "over"
    return "early" if row.from_at > now else "open"


def behind(conn: Connection, read: tuple[str, int] | None) -> Any:
    """The room that a token leads to; ``None`` where none does, or one of before leads no more."""
    if read is None:
        return None
    return conn.execute(
        sa.select(*Room.__table__.columns).where(Room.id == read[0], Room.generation == read[1])
    ).first()


@dataclass(frozen=True, slots=True)
class Inside:
    """An auditor in a browser; ``room`` has the columns of its row.

    ``language`` and ``zone`` are what goes for their address; ``None`` where nothing was chosen.
    """

    session_id: str
    room: Any
    is_proved: bool
    language: str | None = None
    zone: str | None = None

    def actor(self, *, ip: str | None, agent: str | None) -> Actor:
        """The auditor as the book has them: by the room's id, since it keeps no outside name."""
        return Actor(
            kind="participant", id=self.room.id, name=OUTSIDER, via="page",
            auth="link+code", ip=ip, agent=agent,
        )  # fmt: skip


def inside(conn: Connection, secret: str | None) -> Inside | None:
    """Who is in this browser, while both their session and their room last. One statement."""
    if not secret:
        return None
    now = clock.now()
    session = RoomSession.__table__.c
    query = (
        sa.select(
            *Room.__table__.columns, session.id.label("session_id"), session.proved_at,
            Preference.language, Preference.timezone,
        )
        .join(RoomSession, RoomSession.room_id == Room.id)
        .outerjoin(Preference, Preference.email == Room.email)
        .where(
            session.secret_sha256 == sessions.digest(secret),
            session.entered_at > now - ABSOLUTE,
            session.seen_at > now - IDLE,
        )
    )  # fmt: skip
    row = conn.execute(query).first()
    if row is None or standing(row, now) != "open":
        return None
    return Inside(row.session_id, row, row.proved_at is not None, row.language, row.timezone)


def required(tx: Tx, secret: str | None) -> Inside:
    """Whoever typed the code in this browser; Unknown where nobody did, or the room is shut."""
    found = inside(tx.conn, secret)
    if found is None or not found.is_proved:
        raise Unknown(_(_NOTHING))
    return found


def in_turn(tx: Tx, secret: str | None) -> Inside:
    """The same, one after another in a room: ten at once are counted as ten."""
    found = required(tx, secret)
    tx.execute(sa.select(Room.id).filter_by(id=found.room.id).with_for_update())
    return found


def is_open(tx: Tx, room_id: str) -> bool:
    """Whether a room is open at this moment."""
    row = tx.execute(sa.select(Room.__table__).filter_by(id=room_id)).first()
    return row is not None and standing(row, tx.now) == "open"


def require_in(conn: Connection, room_id: str, process_id: str) -> None:
    """Refuse with Unknown a process that a room grants no more."""
    scope = conn.execute(sa.select(Room.scope).filter_by(id=room_id)).scalar_one()
    query = populations.narrowed(sa.select(Process.id).where(Process.id == process_id), scope)
    if conn.execute(query).first() is None:
        raise Unknown(GRANTED_NO_MORE)


def may_answer(conn: Connection, actor: Actor, room: Any) -> bool:
    """Whether an actor answers an auditor's questions: admins, who opened it, whom they named.

    Their deputies do while they are away.
    """
    if not actor.is_staff or actor.role not in WRITERS:
        return False
    if actor.role == "admin" or room.opened_by in actor.user_ids:
        return True
    named = sa.select(RoomAnswerer.user_id).where(
        RoomAnswerer.room_id == room.id, RoomAnswerer.user_id.in_(actor.user_ids)
    )
    return conn.execute(named).first() is not None
