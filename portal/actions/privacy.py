"""That somebody looked up what is held of a person, or took it: written into the book.

Who it was stands nowhere, so that the line need not be erased with them.
"""

from portal.access import addresses, book, may
from portal.actor import Actor
from portal.db import Tx, action
from portal.errors import FormTooOld, Unknown
from portal.language import gettext as _

_OUTSIDE = Actor(
    kind="participant", id="outside", name="Somebody outside", via="page", auth="link+code"
)


@action
def note_look_up(tx: Tx, *, actor: Actor) -> None:
    """An admin looked up one person."""
    may.require(actor, "erase")
    book.note(tx, "person-looked-up", None, actor=actor)


@action
def note_export(tx: Tx, count: int, *, actor: Actor) -> None:
    """An admin took the copy of one person, from ``count`` processes."""
    may.require(actor, "erase")
    book.note(tx, "person-exported", None, actor=actor, count=count)


@action
def note_own_copy(tx: Tx, secret: str | None, email: str, count: int) -> None:
    """Whoever is in a browser took the copy of their own address, from ``count`` processes.

    Unknown for whoever has not reached that mailbox from this browser; FormTooOld once the session
    is over.
    """
    visitor = addresses.visitor(tx.conn, secret)
    if visitor is None:
        raise FormTooOld(_("For your safety a session ends after some hours."))
    if not visitor.is_proved or visitor.email != email:
        raise Unknown(_("There is nothing here, or nothing that is yours to see."))
    book.note(tx, "copy-taken", None, actor=_OUTSIDE, count=count)
