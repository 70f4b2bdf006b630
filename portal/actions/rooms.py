"""Rooms of outside auditors: opened, prolonged and shut by admins; entered by link and code."""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal import db
from portal.access import book, links, rooms, sessions
from portal.actions import mailed_codes, room_questions
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.values import date_of, holds_control, is_email
from portal.engine import casting, packing
from portal.errors import Conflict, Fault, Faulty, FormTooOld, NotYours, Unknown
from portal.language import gettext as _
from portal.ledger import outbox
from portal.models import DefinitionRow, Pack, Process, Room, RoomCode, RoomSession
from portal.models.processes import PROCESS_STATES

MOST_NAMED = 500
MOST_DAYS = 90
_DAY = timedelta(days=1)
_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TEXTS = {
    "purpose": ("Say what the audit is for.", 200),
    "auditor": ("Say who audits.", 120),
}


@action
def open_room(
    tx: Tx, typed: Mapping[str, str], chosen: Mapping[str, Sequence[str]], *, tz: str, actor: Actor
) -> str:
    """Open a room and owe its auditor the link; the room's id.

    ``typed`` has ``purpose``, ``auditor``, ``email``, the days ``from``, ``to`` of the room (both
    included), ``since``, ``until`` of the starts, and ``processes`` (ids or addresses); ``chosen``
    ``definition`` and ``state``; ``files`` is ``yes`` or not, ``answerers`` the addresses of those
    who answer the auditor beside whoever opens it. Raises Faulty at these, NotYours.
    """
    _require_admin(actor)
    faults: list[Fault] = []
    said = {name: _text(typed, name, faults) for name in _TEXTS}
    email = casting.email_of({"email": typed.get("email", "")})
    if not is_email(email):
        faults.append(Fault("email", "Enter an e-mail address, such as name@example.com."))
    first, last = (_day(typed, name, faults, is_needed=True) for name in ("from", "to"))
    scope = _scope(tx, typed, chosen, tz, faults)
    people = room_questions.answerers(tx, typed.get("answerers", ""), faults)
    if first and last:
        _judge_days(tx, first, last, tz, faults)
    if faults or first is None or last is None:
        raise Faulty(faults)
    until = _start(last + _DAY, tz)
    room_id = secrets.token_hex(16)  # as its link tells it
    row = {
        "id": room_id, **said, "email": email, "scope": scope, "files": typed.get("files") == "yes",
        "generation": 1, "opened_at": tx.now, "opened_by": actor.user_id,
        "from_at": _start(first, tz), "until_at": until,
    }  # fmt: skip
    tx.execute(sa.insert(Room).values(**row))
    room_questions.keep_answerers(tx, room_id, people)
    book.note(tx, "room-opened", room_id, actor=actor, purpose=said["purpose"], until=_iso(until))
    _owe_link(tx, room_id, f"room:{room_id}")
    return room_id


def _owe_link(tx: Tx, room_id: str, once: str) -> None:
    owed = outbox.row("mail.room", {"room": room_id}, once=once, process_id=None, now=tx.now)
    outbox.put(tx, [owed])


def _require_admin(actor: Actor) -> None:
    if actor.role != "admin" or actor.user_id is None:
        raise NotYours("Only an admin may do this.")


def _text(typed: Mapping[str, str], name: str, faults: list[Fault]) -> str:
    missing, most = _TEXTS[name]
    text = " ".join(typed.get(name, "").split())
    if not text or len(text) > most:
        faults.append(Fault(name, f"Use up to {most} characters." if text else missing))
    elif holds_control(text):
        faults.append(Fault(name, "Remove the characters that can’t be shown."))
    return text


def _day(
    typed: Mapping[str, str], name: str, faults: list[Fault], *, is_needed: bool = False
) -> date | None:
    text = typed.get(name, "").strip()
    if not text and not is_needed:
        return None
    try:
        return date_of(text)
    except ValueError:
        faults.append(Fault(name, "Give the day as year, month and day: 2026-11-30."))
        return None


def _start(day: date, tz: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(tz))


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _judge_days(tx: Tx, first: date, last: date, tz: str, faults: list[Fault]) -> None:
    if last < first:
        faults.append(Fault("to", "The last day is before the first."))
    elif (last - first).days >= MOST_DAYS:
        faults.append(Fault("to", f"A room is open for {MOST_DAYS} days at the most."))
    elif _start(last + _DAY, tz) <= tx.now:
        faults.append(Fault("to", "That day is over."))


def _scope(
    tx: Tx,
    typed: Mapping[str, str],
    chosen: Mapping[str, Sequence[str]],
    tz: str,
    faults: list[Fault],
) -> dict[str, Any]:
    """What is granted; with a fault at each part that can't be."""
    if named := typed.get("processes", "").strip():
        return {"processes": _named(tx, named, faults)}
    keys, states = sorted(set(chosen.get("definition", ()))), chosen.get("state", ())
    known = sa.select(DefinitionRow.key).where(DefinitionRow.key.in_(keys))
    if set(keys) - set(tx.execute(known).scalars()):
        faults.append(Fault("definition", "Choose definitions of the list."))
    if set(states) - set(PROCESS_STATES):
        faults.append(Fault("state", f"Choose of {', '.join(PROCESS_STATES)}."))
    since, until = (_day(typed, name, faults) for name in ("since", "until"))
    if since and until and until < since:
        faults.append(Fault("until", "The last day is before the first."))
    scope = {
        "definitions": keys,
        "states": [one for one in PROCESS_STATES if one in states],
        "since": _iso(_start(since, tz)) if since else None,
        "until": _iso(_start(until + _DAY, tz)) if until else None,
    }
    if not any(scope.values()) and not faults:
        faults.append(
            Fault(
                "definition", "Say what the auditor may see: nothing is granted by saying nothing."
            )
        )
    return scope


def _named(tx: Tx, text: str, faults: list[Fault]) -> list[str]:
    """The processes that are named by their ids or addresses."""
    wanted = [one.rstrip("/").rpartition("/")[2] for one in text.split()]
    ids = list(dict.fromkeys(wanted))
    if len(ids) > MOST_NAMED:
        faults.append(Fault("processes", f"Name up to {MOST_NAMED} processes."))
        return []
    there = [one for one in ids if _ID.fullmatch(one)]
    known = set(tx.execute(sa.select(Process.id).where(Process.id.in_(there))).scalars())
    unknown = next((one for one in ids if one not in known), None)
    if unknown is not None:
        faults.append(Fault("processes", f"There is no process “{unknown[:40]}”."))
    return ids


@action
def revoke(tx: Tx, room_id: str, *, actor: Actor) -> None:
    """Shut a room; it holds from the next request on. Shut already: nothing happens."""
    _require_admin(actor)
    row = _locked(tx, room_id)
    if row.revoked_at is None:
        tx.execute(sa.update(Room).filter_by(id=room_id).values(revoked_at=tx.now))
        packing.end(tx, Pack.room_id == room_id, "stopped", packing.ROOM_CLOSED)
        book.note(tx, "room-revoked", room_id, actor=actor, purpose=row.purpose)


@action
def extend(tx: Tx, room_id: str, typed: Mapping[str, str], *, tz: str, actor: Actor) -> None:
    """Have a room open until another day, that day included, and mail the link once more.

    Faulty at ``to``; Conflict where it was revoked. The 90 days count from its first.
    """
    _require_admin(actor)
    row = _locked(tx, room_id)
    if row.revoked_at is not None:
        raise Conflict("This room was revoked.", "Open another one.")
    faults: list[Fault] = []
    last = _day(typed, "to", faults, is_needed=True)
    if last:
        _judge_days(tx, row.from_at.astimezone(ZoneInfo(tz)).date(), last, tz, faults)
    if faults or last is None:
        raise Faulty(faults)
    until = _start(last + _DAY, tz)
    if until == row.until_at:
        return
    tx.execute(sa.update(Room).filter_by(id=room_id).values(until_at=until))
    told = {"purpose": row.purpose, "until": _iso(until)}
    line = book.note(tx, "room-extended", room_id, actor=actor, **told)
    _owe_link(tx, room_id, f"room:{room_id}:{line}")


def _locked(tx: Tx, room_id: str) -> Any:
    row = tx.execute(sa.select(Room.__table__).filter_by(id=room_id).with_for_update()).first()
    if row is None:
        raise Unknown("There is no such room.")
    return row


# The auditor


@action
def enter(tx: Tx, token: str) -> str | None:
    """Let a browser in as far as the code; the secret for its cookie, ``None`` where shut."""
    row = rooms.behind(tx.conn, links.read(token))
    if row is None or rooms.standing(row, tx.now) != "open":
        return None
    fresh = secrets.token_urlsafe(32)
    tx.execute(
        sa.insert(RoomSession).values(
            id=db.new_id(), room_id=row.id, secret_sha256=sessions.digest(fresh),
            entered_at=tx.now, seen_at=tx.now, proved_at=None,
        )
    )  # fmt: skip
    return fresh


@action
def send_code(tx: Tx, secret: str | None) -> None:
    """Owe whoever is in a browser a code to the address. FormTooOld; TooFast after ten."""
    guest = _inside(tx, secret)
    # One after another, so that ten at once are not eleven.
    _locked(tx, guest.room.id)
    to_it, whose = RoomCode.room_id == guest.room.id, {"room_id": guest.room.id}
    mailed_codes.owe(tx, RoomCode, "room_code", to_it, session_id=guest.session_id, **whose)


@action
def prove(
    tx: Tx, secret: str | None, entered: str, *, ip: str | None, agent: str | None
) -> mailed_codes.Judged:
    """Judge a code from the mailbox; once it is right, this browser is in the room. FormTooOld."""
    guest = _inside(tx, secret)
    mine = RoomCode.session_id == guest.session_id
    fault = mailed_codes.fault(tx, RoomCode, mine, entered)
    if fault is None:
        values = {"proved_at": tx.now, "seen_at": tx.now}
        tx.execute(sa.update(RoomSession).filter_by(id=guest.session_id).values(values))
        who = guest.actor(ip=ip, agent=agent)
        book.note(tx, "room-entered", guest.room.id, actor=who, purpose=guest.room.purpose)
    return mailed_codes.Judged(fault)


def _inside(tx: Tx, secret: str | None) -> rooms.Inside:
    found = rooms.inside(tx.conn, secret)
    if found is None:
        raise FormTooOld(_("For your safety a session ends after some hours."))
    return found


@action
def look(
    tx: Tx,
    secret: str | None,
    what: str,
    process_id: str | None = None,
    file_id: str | None = None,
    *,
    page: int | None = None,
    ip: str | None,
    agent: str | None,
) -> None:
    """Write down what the auditor is about to be shown, each time anew. Unknown once it is shut.

    ``what`` is a word of ``readings.book.READ``. The same ``page`` of a file is one look within an
    hour: a browser takes its picture in more than one size.
    """
    found = rooms.required(tx, secret)
    told: dict[str, Any] = {"what": what, "why": "room", "via": "page", "room": found.room.id}
    told |= {"file": file_id} if file_id else {}
    told |= {"page": page} if page else {}
    who, hour = found.actor(ip=ip, agent=agent), f"{tx.now:%Y-%m-%dT%H}"
    once = f"room:{found.session_id}:{file_id}:{page}:{hour}" if page else None
    book.note_read(tx, who, process_id, {**told, "purpose": found.room.purpose}, once)
    tx.execute(sa.update(Room).filter_by(id=found.room.id).values(looked_at=tx.now))
    tx.execute(sa.update(RoomSession).filter_by(id=found.session_id).values(seen_at=tx.now))
