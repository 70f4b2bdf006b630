"""What the house keeps of a person beside their processes, and beside any ledger.

What was asked for by typing an address goes; of what staff wrote only what names them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote_plus

import sqlalchemy as sa

from portal.db import Tx
from portal.engine.names_of import Names
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
    Room,
    RoomMessage,
    RoomQuestion,
    SavedView,
    addresses,
)

_BY_ADDRESS = (Preference, LostLink, AddressCode, ProvedAddress)


def forget(
    tx: Tx, emails: Sequence[str], process_ids: Sequence[str], names: Iterable[str] = ()
) -> Counter[str]:
    """Take away what names these addresses or full names, and answers kept for programs.

    Auditors are known by the names in their rooms, too. How much of each kind that is.
    """
    gone: Counter[str] = Counter()
    known = [addresses.plain(email) for email in emails]
    auditors = sa.select(Room.auditor).where(Room.email.in_(known))
    names = dict.fromkeys([*names, *tx.execute(auditors).scalars()])
    for table in _BY_ADDRESS if known else ():
        which = table.email.in_(known)
        gone["preferences"] += tx.execute(sa.delete(table).where(which)).rowcount
    for word in (*known, *(name for name in names if " " in name)):
        gone += _scrub(tx, word)
    for word in (*known, *process_ids):
        for one in _naming(tx, KeptAnswer, (KeptAnswer.answer,), word):
            tx.execute(sa.delete(KeptAnswer).where(one))
    return +gone


def addresses_kept(tx: Tx) -> set[str]:
    """Every address by which the house keeps anything of somebody beside the processes."""
    columns = [*(table.email for table in _BY_ADDRESS), Room.email]
    mails = sa.select(Mail.to).where(Mail.process_id.is_(None))
    each = sa.union(mails, *(sa.select(column) for column in columns))
    return set(tx.execute(each).scalars()) - {""}


def _shut_rooms(tx: Tx, word: str) -> Counter[str]:
    """Nobody comes into a room any more whose auditor is known to nobody; what they wrote goes."""
    rooms = tx.execute(sa.select(Room.id, Room.email, Room.auditor)).all()
    email, name = addresses.plain(word), word.casefold()
    # Compared here: the databases differ in what is a small letter.
    ids = [one.id for one in rooms if one.email == email or one.auditor.casefold() == name]
    left = {
        "auditor": ERASED,
        "email": "",
        "revoked_at": sa.func.coalesce(Room.revoked_at, tx.now),
    }
    if ids:
        tx.execute(sa.update(Room).where(Room.id.in_(ids)).values(left))
    asked = sa.select(RoomQuestion.id).where(RoomQuestion.room_id.in_(ids))
    theirs = sa.and_(RoomMessage.question_id.in_(asked), RoomMessage.user_id.is_(None))
    written = tx.execute(sa.update(RoomMessage).where(theirs).values(text="")).rowcount
    return Counter(rooms=len(ids), questions=written)


def _scrub(tx: Tx, word: str) -> Counter[str]:
    gone: Counter[str] = Counter()
    mails = sa.and_(Mail.to == addresses.plain(word), Mail.process_id.is_(None))
    left: dict[str, Any] = {"to": "", "subject": "", "said": None}
    gone["mails"] += tx.execute(sa.update(Mail).where(mails).values(left)).rowcount
    gone += _shut_rooms(tx, word)
    rows = (
        (BatchRow, {"label": ERASED, "given": {}, "faults": []}),
        (Batch, {"name": ERASED, "details": {}}),
        (DefinitionReview, {"note": ERASED}),
        (DefinitionRow, {"handed_reason": ERASED}),
        (Absence, {"note": ERASED}),
        (RoomMessage, {"text": ""}),
    )
    for table, values in rows:
        columns = [table.__table__.c[name] for name in values]
        for which in _naming(tx, table, columns, word):
            gone["sheets"] += tx.execute(sa.update(table).where(which).values(values)).rowcount
    views = tx.execute(sa.select(SavedView.id, SavedView.query, SavedView.name)).all()
    plain = word.casefold()
    ids = [one.id for one in views if plain in unquote_plus(f"{one.query} {one.name}").casefold()]
    if ids:
        gone["views"] += tx.execute(sa.delete(SavedView).where(SavedView.id.in_(ids))).rowcount
    return gone


def _naming(tx: Tx, table: Any, columns: Sequence[Any], word: str) -> list[sa.ColumnElement[bool]]:
    """The rows in which a word stands in one of the columns, whatever its case: each's condition.

    The database finds those with the word's longest plain part: it keeps other letters escaped
    within JSON, and SQLite knows no upper case of them. The word itself is looked for here.
    """
    plain = max(re.findall(r"[!-~]+", word.lower()) or [""], key=len)
    texts = [sa.func.lower(sa.cast(one, sa.Text)) for one in columns]
    key = list(table.__table__.primary_key.columns)
    query = sa.select(*key, *columns).where(
        sa.or_(*(text.contains(plain, autoescape=True) for text in texts))
    )
    names = Names()
    names.add_words(word)
    return [
        sa.and_(*(one == value for one, value in zip(key, row, strict=False)))
        for row in tx.execute(query).all()
        if names.are_in(list(row[len(key) :]))
    ]
