"""What a mail says and to whom: one reading for each kind of mail that is owed.

Everything is read when the mail is about to be sent: a task that was closed meanwhile asks
nobody any more, and the empty list says so. The address a letter leads to is named here and
made by whoever has the keys of the links.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock, installation
from portal.models import Mail, Preference
from portal.readings import absences
from portal.readings.absences import Away, Deputy
from portal.readings.letters import asking, doubts, handoffs, house, questions, replies, rooms
from portal.readings.letters.matter import LINK, Letter
from portal.readings.letters.recipients import Reader

__all__ = ["LINK", "Letter", "Reader", "noted", "of"]

_READ: dict[str, Callable[[Connection, Mapping[str, Any], datetime, str], list[Letter]]] = {
    "invite": asking.invite,
    "reminder": asking.remind,
    "renewal": asking.renew,
    "receipt": asking.receipt,
    "code": asking.code,
    "own_code": asking.own_code,
    "room": rooms.room,
    "room_code": rooms.code,
    "room_question": rooms.question,
    "room_answer": rooms.answer,
    "lost": asking.lost,
    "digest": asking.digest,
    "withdrawn": asking.withdraw,
    "reassigned": asking.reassign,
    "handoff": handoffs.handoff,
    "claimed": handoffs.claim,
    "delegated": handoffs.delegated,
    "delegation": handoffs.delegation,
    "refusal": handoffs.refusal,
    "promise": replies.promise,
    "doubt": doubts.raised,
    "settled": doubts.settled,
    "declined": replies.declined,
    "asked_again": replies.asked_again,
    "question": questions.question,
    "answer": questions.answer,
    "escalation": handoffs.escalate,
    "message": house.message,
    "trouble": house.trouble,
    "alarm": house.alarm,
    "review": house.review,
    "doubled": house.doubled,
    "sign_in": house.sign_in,
}


def of(
    conn: Connection, kind: str, ref: Mapping[str, Any], *, made_at: datetime, tz: str
) -> list[Letter]:
    """The letters of one effect; empty where nobody needs to be written to any more.

    ``only`` in its ref names the readers that it is owed to, where others have it already.
    ``tz`` is the installation's zone, for whoever has none of their own.
    """
    letters = _with_deputies(conn, _READ[kind.removeprefix("mail.")](conn, ref, made_at, tz))
    only = ref.get("only")
    owed = [_keyed(one, ref) for one in letters if only is None or one.to.id in only]
    return _as_they_read(conn, owed)


# What opens a door for its reader alone, or thanks them for what they did.
_THEIR_OWN = ("code", "own_code", "receipt", "lost", "digest", "renewal", "sign_in")


def _with_deputies(conn: Connection, owed: list[Letter]) -> list[Letter]:
    """The letters, and those to whoever is away to their deputy as well: one hop, each once.

    What goes to a team or to the admins has other readers.
    """
    theirs = [one for one in owed if one.to.user and not one.to.is_one_of_many]
    away = absences.now_away(conn, clock.now()) if theirs else {}
    known = {one.to.email for one in owed}
    copies = []
    for letter in theirs:
        its = away.get(letter.to.user or "")
        if its is None or its.deputy is None or letter.template in _THEIR_OWN:
            continue
        if its.deputy.email not in known:
            known.add(its.deputy.email)
            copies.append(_for_deputy(letter, its, its.deputy))
    return [*owed, *copies]


def _for_deputy(letter: Letter, away: Away, deputy: Deputy) -> Letter:
    to = Reader(deputy.email, deputy.name, deputy.tz, deputy.user, stands_for=away)
    return replace(letter, to=to, tz=deputy.tz or letter.tz)


def _as_they_read(conn: Connection, owed: list[Letter]) -> list[Letter]:
    """The letters in the language and the time zone that their readers outside go by."""
    outside = {one.to.email for one in owed if one.to.user is None}
    if not outside:
        return owed
    wishes = sa.select(*Preference.__table__.columns).where(Preference.email.in_(outside))
    known = {row.email: row for row in conn.execute(wishes)}
    return [_read_by(one, known.get(one.to.email)) for one in owed]


def _read_by(letter: Letter, wish: Any) -> Letter:
    if letter.to.user is not None:
        return letter
    language = (wish and wish.language) or installation.current.language
    to = replace(letter.to, language=language)
    return replace(letter, to=to, tz=(wish and wish.timezone) or letter.tz)


def noted(conn: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these mails that the mail server took, or refused for good, already."""
    return set(conn.execute(sa.select(Mail.id).where(Mail.id.in_(ids))).scalars())


def _keyed(letter: Letter, ref: Mapping[str, Any]) -> Letter:
    """The letter to the participant an effect is for goes by its id, any other by its reader too.

    It must not depend on who else is written to: that may change between two attempts. Nor on
    the address: the key stands in the ledger for ever, and a short digest of it can be guessed.
    """
    task = letter.facts.get("task")
    meant = ref.get("participant") or (task.participant_id if task is not None else None)
    if letter.to.participant is not None and letter.to.participant == meant:
        return letter
    return replace(letter, key=sha256(letter.to.id.encode()).hexdigest()[:8])
