"""That somebody looked up what is held of a person, or took it: written into the book.

Who it was stands nowhere, so that the line need not be erased with them.
"""

from portal.access import book, may
from portal.actor import Actor
from portal.db import Tx, action


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
