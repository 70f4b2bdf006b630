"""What the house keeps of a person beside their processes, and beside any ledger.

What was asked for by typing an address goes; of what staff wrote only what names them.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_plus

import sqlalchemy as sa

from portal.db import Tx
from portal.engine.personal import ERASED
from portal.models import (
    Absence,
    AddressCode,
    Batch,
    BatchRow,
    DefinitionReview,
    DefinitionRow,
    KeptAnswer,
    LostLink,
    Mail,
    Preference,
    ProvedAddress,
    SavedView,
)

_BY_ADDRESS = (Preference, LostLink, AddressCode, ProvedAddress)


def forget(
    tx: Tx, emails: Sequence[str], process_ids: Sequence[str], names: Sequence[str] = ()
) -> Counter[str]:
    """Take away what names these addresses or full names, and answers kept for programs.

    How much of each kind that is.
    """
    gone: Counter[str] = Counter()
    addresses = [email.casefold() for email in emails]
    for table in _BY_ADDRESS if addresses else ():
        which = sa.func.lower(table.email).in_(addresses)
        gone["preferences"] += tx.execute(sa.delete(table).where(which)).rowcount
    for word in (*addresses, *(name.casefold() for name in names if " " in name)):
        gone += _scrub(tx, word)
    for word in (*addresses, *process_ids):
        names_it = sa.cast(KeptAnswer.answer, sa.Text).contains(word, autoescape=True)
        tx.execute(sa.delete(KeptAnswer).where(names_it))
    return +gone


def _scrub(tx: Tx, word: str) -> Counter[str]:
    gone: Counter[str] = Counter()
    mails = sa.and_(sa.func.lower(Mail.to) == word, Mail.process_id.is_(None))
    left: dict[str, Any] = {"to": "", "subject": "", "said": None}
    gone["mails"] += tx.execute(sa.update(Mail).where(mails).values(left)).rowcount
    rows = (
        (BatchRow, BatchRow.given, {"label": ERASED, "given": {}, "faults": []}),
        (Batch, Batch.details, {"name": ERASED, "details": {}}),
        (DefinitionReview, DefinitionReview.note, {"note": ERASED}),
        (DefinitionRow, DefinitionRow.handed_reason, {"handed_reason": ERASED}),
        (Absence, Absence.note, {"note": ERASED}),
    )
    for table, column, values in rows:
        text = sa.func.lower(sa.cast(column, sa.Text))
        which = text.contains(word, autoescape=True)
        gone["sheets"] += tx.execute(sa.update(table).where(which).values(values)).rowcount
    views = tx.execute(sa.select(SavedView.id, SavedView.query, SavedView.name)).all()
    ids = [one.id for one in views if word in unquote_plus(f"{one.query} {one.name}").casefold()]
    if ids:
        gone["views"] += tx.execute(sa.delete(SavedView).where(SavedView.id.in_(ids))).rowcount
    return gone
