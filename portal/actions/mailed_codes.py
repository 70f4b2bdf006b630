"""One-time codes that are mailed to an address, to let in the browser that asked for one.

For all of somebody's work, and for an auditor's room. A code before an answer is recorded proves
more, and has rules of its own (``codes.py``).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import codes
from portal.db import Tx
from portal.errors import TooFast
from portal.language import gettext as _
from portal.language import mark
from portal.ledger import outbox

LIVES = timedelta(minutes=10)
MOST_A_DAY = 10
_DAY = timedelta(days=1)
_MISSING = mark("Enter the code of eight digits from the e-mail.")
_OVER = mark("This code no longer works. Ask for a new one.")
_TOO_MANY = mark(
    "Ten codes went to your address within a day, and no more are sent. Try again tomorrow."
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a code that was typed: the sentence says what is wrong, if anything is."""

    fault: str | None


def owe(tx: Tx, table: Any, mail: str, counted: sa.ColumnElement[bool], **whose: Any) -> None:
    """Owe a code by that mail: a row of ``table`` with ``whose`` columns. TooFast after ten.

    ``counted`` are those that went to the same address.
    """
    today = sa.select(sa.func.count()).where(counted, table.made_at > tx.now - _DAY)
    if tx.execute(today).scalar_one() >= MOST_A_DAY:
        raise TooFast(_(_TOO_MANY), int(_DAY.total_seconds()))
    code = db.new_id()
    row = {"id": code, "tries": 0, "made_at": tx.now, "expires_at": tx.now + LIVES, **whose}
    tx.execute(sa.insert(table).values(**row))
    ref, once = {"code": code, "address": True}, f"{mail}:{code}"
    owed = outbox.row(f"mail.{mail}", ref, once=once, process_id=None, now=tx.now)
    outbox.put(tx, [owed])


def fault(tx: Tx, table: Any, mine: sa.ColumnElement[bool], entered: str) -> str | None:
    """What is wrong with a code for the newest row of ``mine``; ``None`` where it is right.

    It is good once. A wrong entry is counted, and after five of them the code is void.
    """
    if not entered.strip():
        return _(_MISSING)
    # Locked, so that guesses at once are guesses in turn.
    newest = sa.select(table.__table__).where(mine).order_by(table.made_at.desc(), table.id.desc())
    sent = tx.execute(newest.limit(1).with_for_update()).first()
    if sent is None or sent.tries >= codes.MOST_TRIES or sent.expires_at <= tx.now:
        return _(_OVER)
    if codes.is_right(sent.id, entered):
        tx.execute(sa.update(table).filter_by(id=sent.id).values(expires_at=tx.now))
        return None
    tx.execute(sa.update(table).filter_by(id=sent.id).values(tries=table.tries + 1))
    return codes.told_of_miss(sent.tries) or _(_OVER)
