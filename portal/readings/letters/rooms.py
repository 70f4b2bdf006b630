"""Mails of auditors' rooms: the link, the code that opens it, questions, and answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock
from portal.models import (
    Room,
    RoomAnswerer,
    RoomCode,
    RoomMessage,
    RoomQuestion,
    User,
)
from portal.readings.letters import recipients
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


def question(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To those who answer for a room, what its auditor writes; none once that was erased.

    What a process is called stands on the page alone: not each of them may see each process.
    """
    row = _message(conn, ref)
    if row is None or row.revoked_at is not None:
        return []
    named = sa.select(RoomAnswerer.user_id).where(RoomAnswerer.room_id == row.room)
    who = sa.or_(User.id == row.opened_by, User.id.in_(named))
    facts = {
        "asker": row.auditor, "purpose": row.purpose, "number": row.number, "text": row.text,
        "is_of_process": row.process_id is not None, "owner": None,
    }  # fmt: skip
    place = f"/rooms/{row.room}/questions#question-{row.number}"
    return [
        Letter(reader, "room_question", reader.tz or tz, facts, place=place)
        for reader in recipients.staff(conn, who) or recipients.admins(conn)
    ]


def answer(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the auditor, what staff answer, with the link; none where the room is closed."""
    row = _message(conn, ref)
    if row is None or row.revoked_at is not None or row.until_at <= clock.now():
        return []
    facts = {"room": (row.room, row.generation), "purpose": row.purpose, "number": row.number,
             "text": row.text, "writer": row.writer, "owner": None}  # fmt: skip
    return [Letter(Reader(row.email, row.auditor), "room_answer", tz, facts)]


def _message(conn: Connection, ref: Mapping[str, Any]) -> Any:
    query = (
        sa.select(
            RoomMessage.text, RoomQuestion.number, RoomQuestion.process_id,
            Room.id.label("room"), Room.purpose, Room.auditor, Room.email, Room.generation,
            Room.opened_by, Room.revoked_at, Room.until_at, User.name.label("writer"),
        )
        .join(RoomQuestion, RoomQuestion.id == RoomMessage.question_id)
        .join(Room, Room.id == RoomQuestion.room_id)
        .outerjoin(User, User.id == RoomMessage.user_id)
        .where(RoomMessage.id == ref["message"], RoomMessage.text != "")
    )  # fmt: skip
    return conn.execute(query).first()
