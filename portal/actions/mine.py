"""What somebody outside does about all of their work: find their way back, prove an address.

What they type tells them nothing: whether an address is known here shows in its mailbox alone.
"""

import sqlalchemy as sa

from portal import db
from portal.access import addresses, codes, limits
from portal.access.addresses import Visitor
from portal.actions import mailed_codes
from portal.db import Tx, action
from portal.definition.values import is_email
from portal.engine import casting
from portal.errors import Faulty, FormTooOld
from portal.language import gettext as _
from portal.ledger import outbox
from portal.models import AddressCode, LostLink, ProvedAddress

_AN_HOUR = 3600
_ASKED_FROM_HERE, _ASKED_FOR_ONE = 20, 3


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
    to_it = AddressCode.email == visitor.email
    whose = {"session_id": visitor.session_id, "email": visitor.email}
    mailed_codes.owe(tx, AddressCode, "own_code", to_it, **whose)


@action
def prove(tx: Tx, secret: str | None, entered: str) -> mailed_codes.Judged:
    """Judge a code from the mailbox; once it is right, this browser shows all of its work.

    Raises FormTooOld. A wrong entry is counted, and after five of them the code is void.
    """
    visitor = _visitor(tx, secret)
    mine = sa.and_(AddressCode.session_id == visitor.session_id, AddressCode.email == visitor.email)
    fault = mailed_codes.fault(tx, AddressCode, mine, entered)
    if fault is None:
        which = {"session_id": visitor.session_id, "email": visitor.email}
        tx.execute(sa.delete(ProvedAddress).filter_by(**which))
        tx.execute(sa.insert(ProvedAddress).values(**which, proved_at=tx.now))
    return mailed_codes.Judged(fault)


def _visitor(tx: Tx, secret: str | None) -> Visitor:
    found = addresses.visitor(tx.conn, secret)
    if found is None:
        raise FormTooOld(_("For your safety a session ends after some hours."))
    return found
