"""Mails to outside auditors: the link into their room, and the code that opens it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock
from portal.models import Room, RoomCode
from portal.readings.letters.matter import Letter
from portal.readings.letters.recipients import Reader


def room(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """The link to a room; none where it was revoked or is over."""
    row = conn.execute(sa.select(Room.__table__).where(Room.id == ref["room"])).first()
    if row is None or row.revoked_at is not None or row.until_at <= clock.now():
        return []
    facts = {"room": (row.id, row.generation), "purpose": row.purpose, "owner": None,
             "until": row.until_at}  # fmt: skip
    return [Letter(Reader(row.email, row.auditor), "room", tz, facts)]


def code(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """A one-time code into a room; none that would come too late."""
    query = (
        sa.select(RoomCode.id, RoomCode.expires_at, Room.email, Room.auditor)
        .join(Room, Room.id == RoomCode.room_id)
        .where(RoomCode.id == ref["code"], Room.revoked_at.is_(None))
    )
    row = conn.execute(query).first()
    if row is None or row.expires_at <= clock.now():
        return []
    facts = {"code_id": row.id, "expires_at": row.expires_at, "owner": None}
    return [Letter(Reader(row.email, row.auditor), "room_code", tz, facts)]
