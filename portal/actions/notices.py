"""What changes how somebody signs in is written into the book, and told to them by mail.

Whoever did not do it themselves learns of it at once (OWASP ASVS 4.0.3, 2.2.3).
"""

from typing import Any

from portal.access import book
from portal.actor import Actor
from portal.db import Tx
from portal.ledger import outbox


def note(tx: Tx, kind: str, user_id: str, *, actor: Actor, **told: Any) -> None:
    """Write one line into the book, and owe its words to whom it is about."""
    line = book.note(tx, kind, user_id, actor=actor, **told)
    owed = outbox.row(
        "mail.sign_in", {"line": line}, once=f"book:{line}", process_id=None, now=tx.now
    )
    outbox.put(tx, [owed])
