"""What an outside auditor asks in a room, and what staff answer.

The words stand in a table of their own, that something was asked or answered in the book: never in
the ledger of a process. An auditor only reads, and what is audited must not change by that: the
same trail, asked for before and after a question, has the same bytes.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import book, rooms
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.errors import Conflict, Fault, Faulty, NotYours, Unknown
from portal.language import gettext as _
from portal.language import mark
from portal.ledger import outbox
from portal.models import (
    Process,
    Room,
    RoomAnswerer,
    RoomMessage,
    RoomQuestion,
    User,
    addresses,
    populations,
)
from portal.models.people import WRITERS

LONGEST = 4000  # letters; it is mailed to the other side
MOST_OF_ROOM = 300
MOST_ANSWERERS = 20
_WRITE = mark("Write what you want to ask or say first.")
_NOTHING = mark("There is nothing here, or nothing that is yours to see.")
_QUESTION = sa.select(RoomQuestion).with_only_columns(*RoomQuestion.__table__.columns)


@action
def ask(
    tx: Tx,
    secret: str | None,
    text: str,
    *,
    process_id: str | None = None,
    nonce: str,
    ip: str | None,
    agent: str | None,
) -> int:
    """Ask about the room, or a process in it; the question's number, one for each page sent.

    Faulty at ``text``, Unknown outside a room and for what it does not grant, Conflict after 300.
    """
    guest = rooms.in_turn(tx, secret)
    if process_id is not None:
        mine = populations.narrowed(sa.select(Process.id), guest.room.scope)
        if tx.execute(mine.where(Process.id == process_id)).first() is None:
            raise Unknown(_(_NOTHING))
    once = f"room:{guest.room.id}:{nonce}"
    if (before := _sent(tx, once)) is not None:
        return int(before.number)
    said = words("text", text, _(_WRITE), longest=LONGEST)
    asked = sa.select(sa.func.count()).where(RoomQuestion.room_id == guest.room.id)
    number = tx.execute(asked).scalar_one() + 1
    if number > MOST_OF_ROOM:
        raise Conflict(_("Three hundred questions were asked in this room, and no more can be."))
    question = {
        "id": db.new_id(), "room_id": guest.room.id, "number": number, "process_id": process_id,
        "waits_on": None, "since": None,
    }  # fmt: skip
    tx.execute(sa.insert(RoomQuestion), question)
    _write_outside(tx, guest, question, said, once, guest.actor(ip=ip, agent=agent))
    return int(number)


@action
def add(
    tx: Tx,
    secret: str | None,
    question_id: str,
    text: str,
    *,
    nonce: str,
    ip: str | None,
    agent: str | None,
) -> int:
    """Write more to a question of the room; else as ``ask``."""
    guest = rooms.in_turn(tx, secret)
    its = _QUESTION.where(RoomQuestion.id == question_id, RoomQuestion.room_id == guest.room.id)
    question = tx.execute(its).mappings().first()
    if question is None:
        raise Unknown(_(_NOTHING))
    once = f"room:{guest.room.id}:{nonce}"
    if _sent(tx, once) is None:
        said = words("text", text, _(_WRITE), longest=LONGEST)
        _write_outside(tx, guest, dict(question), said, once, guest.actor(ip=ip, agent=agent))
    return int(question["number"])


@action
def answer(tx: Tx, room_id: str, question_id: str, text: str, *, nonce: str, actor: Actor) -> None:
    """Have one of those who answer for a room answer; the auditor is mailed it.

    Faulty at ``text``, Unknown, NotYours, Conflict where the room is closed. A page that is sent
    twice is one answer.
    """
    room = tx.execute(_room(room_id).with_for_update()).first()
    its = _QUESTION.where(RoomQuestion.id == question_id, RoomQuestion.room_id == room_id)
    question = tx.execute(its).mappings().first()
    if room is None or question is None:
        raise Unknown("There is no such question.")
    if not rooms.may_answer(tx.conn, actor, room):
        raise NotYours("Only whoever answers for this room may do this.")
    if rooms.standing(room, tx.now) in ("revoked", "over"):
        raise Conflict("This room is closed, and its auditor reads no answer any more.")
    once = f"room:{room_id}:{nonce}"
    if _sent(tx, once) is not None:
        return
    said = words("text", text, "Write your answer first.", longest=LONGEST)
    message_id = _write(tx, dict(question), said, once, actor.user_id)
    values = {"waits_on": None, "since": None}
    tx.execute(sa.update(RoomQuestion).filter_by(id=question_id).values(values))
    _note(tx, "room-answered", room, dict(question), actor)
    _owe(tx, "mail.room_answer", message_id)


@action
def name_answerers(tx: Tx, room_id: str, text: str, *, actor: Actor) -> None:
    """Say who answers beside whoever opened the room, by addresses; for an admin.

    They are told of what waits by then with the next question. Faulty at ``answerers``.
    """
    if actor.role != "admin" or actor.user_id is None:
        raise NotYours("Only an admin may do this.")
    room = tx.execute(_room(room_id).with_for_update()).first()
    if room is None:
        raise Unknown("There is no such room.")
    faults: list[Fault] = []
    people = answerers(tx, text, faults)
    if faults:
        raise Faulty(faults)
    tx.execute(sa.delete(RoomAnswerer).filter_by(room_id=room_id))
    keep_answerers(tx, room_id, people)
    names = [one.name for one in people]
    book.note(tx, "room-answerers", room_id, actor=actor, purpose=room.purpose, names=names)


def answerers(tx: Tx, text: str, faults: list[Fault]) -> Sequence[Any]:
    """The users (``id``, ``name``) that these addresses name, a fault where one is nobody's."""
    wanted = list(dict.fromkeys(addresses.plain(text).replace(",", " ").split()))
    if len(wanted) > MOST_ANSWERERS:
        faults.append(Fault("answerers", f"Name up to {MOST_ANSWERERS} people."))
        return []
    query = sa.select(User.id, User.name, User.email).where(User.email.in_(wanted))
    able = query.where(User.is_active, User.role.in_(WRITERS))
    rows = tx.execute(able.order_by(User.name)).all()
    known = {row.email for row in rows}
    if unknown := next((one for one in wanted if one not in known), None):
        faults.append(Fault("answerers", f"“{unknown[:80]}” is nobody here who may answer."))
    return rows


def keep_answerers(tx: Tx, room_id: str, people: Sequence[Any]) -> None:
    """Write down who answers for a room."""
    rows = [{"room_id": room_id, "user_id": one.id} for one in people]
    if rows:
        tx.execute(sa.insert(RoomAnswerer), rows)


def _room(room_id: str) -> Any:
    return sa.select(Room.__table__).where(Room.id == room_id)


def _sent(tx: Tx, once: str) -> Any:
    """The question to which a page was sent before; ``None`` where it was not."""
    query = sa.select(RoomQuestion.number).join(
        RoomMessage, RoomMessage.question_id == RoomQuestion.id
    )
    return tx.execute(query.where(RoomMessage.once == once)).first()


def _write_outside(
    tx: Tx, guest: rooms.Inside, question: dict[str, Any], text: str, once: str, who: Actor
) -> None:
    message_id = _write(tx, question, text, once, None)
    # What is added while an answer is owed already waits since the first of it.
    values = {"waits_on": "staff", "since": sa.func.coalesce(RoomQuestion.since, tx.now)}
    tx.execute(sa.update(RoomQuestion).filter_by(id=question["id"]).values(values))
    _note(tx, "room-asked", guest.room, question, who)
    _owe(tx, "mail.room_question", message_id)


def _write(tx: Tx, question: dict[str, Any], text: str, once: str, user_id: str | None) -> str:
    message_id = db.new_id()
    row = {
        "id": message_id, "question_id": question["id"], "user_id": user_id, "text": text,
        "at": tx.now, "once": once,
    }  # fmt: skip
    tx.execute(sa.insert(RoomMessage), row)
    return message_id


def _note(tx: Tx, kind: str, room: Any, question: dict[str, Any], who: Actor) -> None:
    told = {"purpose": room.purpose, "question": question["id"], "number": question["number"]}
    book.note(tx, kind, room.id, actor=who, process_id=question["process_id"], **told)


def _owe(tx: Tx, kind: str, message_id: str) -> None:
    ref, once = {"message": message_id}, f"{kind}:{message_id}"
    outbox.put(tx, [outbox.row(kind, ref, once=once, process_id=None, now=tx.now)])
