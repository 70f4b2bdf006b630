"""What somebody outside does about all of their work: find their way back, prove an address.

What they type tells them nothing: whether an address is known here shows in its mailbox alone.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import addresses, codes, limits
from portal.access.addresses import Visitor
from portal.db import Tx, action
from portal.definition.values import is_email
from portal.engine import casting
from portal.errors import Faulty, FormTooOld, TooFast
from portal.language import gettext as _
from portal.language import mark, ngettext
from portal.ledger import outbox
from portal.models import AddressCode, LostLink, ProvedAddress

LIVES = timedelta(minutes=10)
MOST_TRIES = 5
MOST_A_DAY = 10
_DAY = timedelta(days=1)
_AN_HOUR = 3600
_ASKED_FROM_HERE, _ASKED_FOR_ONE = 20, 3

_MISSING = mark("Enter the code of eight digits from the e-mail.")
_OVER = mark("This code no longer works. Ask for a new one.")
_TOO_MANY = mark(
    "Ten codes went to your address within a day, and no more are sent. Try again tomorrow."
)


def ask_for_link(email: str, *, ip: str | None) -> None:
    """Have a fresh link sent to an address, if anything is there for it. Faulty at ``email``.

    The same is done for every address, so that nobody learns from the answer or its time which
    are known; who they are is looked up when the mail is written. At most three mails in an hour.
    """
    address = casting.email_of({"email": email})
    if not is_email(address):
        raise Faulty.one("email", _("Enter an e-mail address, such as name@example.com."))
    limits.spend(f"lost-from:{limits.place(ip)}", _ASKED_FROM_HERE, _AN_HOUR)
    n = limits.count(f"lost:{codes.seal(address)}", _AN_HOUR)
    _owe_link(address, is_enough=n > _ASKED_FOR_ONE)


@action
def _owe_link(tx: Tx, email: str, *, is_enough: bool) -> None:
    asked = db.new_id()
    tx.execute(sa.insert(LostLink).values(id=asked, email=email, asked_at=tx.now))
    owed = outbox.row(
        "mail.lost", {"lost": asked}, once=f"lost:{asked}", process_id=None, now=tx.now
    )
    outbox.put(tx, [] if is_enough else [owed])


@action
def send_code(tx: Tx, secret: str | None) -> None:
    """Owe whoever is in a browser a code to their address. FormTooOld, or TooFast after ten."""
    visitor = _visitor(tx, secret)
    mine = AddressCode.email == visitor.email
    today = sa.select(sa.func.count()).where(mine, AddressCode.made_at > tx.now - _DAY)
    if tx.execute(today).scalar_one() >= MOST_A_DAY:
        raise TooFast(_(_TOO_MANY), int(_DAY.total_seconds()))
    code = db.new_id()
    tx.execute(
        sa.insert(AddressCode).values(
            id=code, session_id=visitor.session_id, email=visitor.email, tries=0, made_at=tx.now,
            expires_at=tx.now + LIVES,
        )
    )  # fmt: skip
    ref = {"code": code, "address": True}
    owed = outbox.row("mail.own_code", ref, once=f"own_code:{code}", process_id=None, now=tx.now)
    outbox.put(tx, [owed])


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a code that was typed: the sentence says what is wrong, if anything is."""

    fault: str | None


@action
def prove(tx: Tx, secret: str | None, entered: str) -> Judged:
    """Judge a code from the mailbox; once it is right, this browser shows all of its work.

    Raises FormTooOld. A wrong entry is counted, and after five of them the code is void.
    """
    visitor = _visitor(tx, secret)
    fault = _fault(tx, visitor, entered)
    if fault is None:
        which = {"session_id": visitor.session_id, "email": visitor.email}
        tx.execute(sa.delete(ProvedAddress).filter_by(**which))
        tx.execute(sa.insert(ProvedAddress).values(**which, proved_at=tx.now))
    return Judged(fault)


def _visitor(tx: Tx, secret: str | None) -> Visitor:
    found = addresses.visitor(tx.conn, secret)
    if found is None:
        raise FormTooOld(_("For your safety a session ends after some hours."))
    return found


def _fault(tx: Tx, visitor: Visitor, entered: str) -> str | None:
    if not entered.strip():
        return _(_MISSING)
    sent = _newest(tx, visitor)
    if sent is None or sent.tries >= MOST_TRIES or sent.expires_at <= tx.now:
        return _(_OVER)
    if codes.is_right(sent.id, entered):
        # It is good once: the row that could be tried again goes.
        tx.execute(sa.update(AddressCode).filter_by(id=sent.id).values(expires_at=tx.now))
        return None
    tx.execute(sa.update(AddressCode).filter_by(id=sent.id).values(tries=AddressCode.tries + 1))
    left = MOST_TRIES - sent.tries - 1
    if not left:
        return _(_OVER)
    return ngettext(
        "This is not the code that was sent last. One try is left.",
        "This is not the code that was sent last. %(n)s tries are left.",
        left,
    )


def _newest(tx: Tx, visitor: Visitor) -> Any:
    """The last code to this browser; locked, so that guesses at once are guesses in turn."""
    mine = (AddressCode.session_id == visitor.session_id, AddressCode.email == visitor.email)
    newest = sa.select(AddressCode.__table__).where(*mine).order_by(AddressCode.made_at.desc())
    return tx.execute(newest.limit(1).with_for_update()).first()
