"""Looking over the stored ledger itself, as the night shift does, for rows that were changed.

Quick enough for millions of events: the stored bytes are hashed as they are, and the copied
columns are compared with them.
"""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger import chain
from portal.ledger.record import moment
from portal.ledger.tables import Entry, Head

_BATCH = 1000
_Row = tuple[int, str, str, datetime | str, str, str, str]
_COLUMNS = (Entry.seq, Entry.prev, Entry.hash, Entry.at, Entry.type, Entry.actor_kind, Entry.body)


def fault_in(conn: Connection, log: str) -> str | None:
    """What is wrong with the ledger of a process, in one sentence; None if all is well."""
    before: str | None = None
    count = 0
    for row in _rows(conn, log):
        if fault := _fault(log, count, before, row):
            return fault
        before, count = row[2], count + 1
    head = conn.execute(sa.select(Head.seq, Head.hash).where(Head.log == log)).first()
    if head is None or (head.seq, head.hash) != (count - 1, before):
        return f"The ledger ends at event {count - 1}, which is not its recorded head."
    return None


def _fault(log: str, expected: int, before: str | None, row: _Row) -> str | None:
    seq, prev, digest, at, type_, actor_kind, text = row
    if seq != expected or (before is not None and prev != before):
        return f"Event {expected} is missing, or another stands in its place."
    if chain.event_hash(text.encode()) != digest or not chain.follows(log, seq, prev, text):
        return f"Event {seq} was changed: its bytes do not give its hash."
    # The keys are sorted: the kind of actor stands before, the moment right after the actor.
    copied = (
        text.endswith(f',"seq":{seq},"type":"{type_}","v":1}}')
        and f'"at":"{_moment(at)}","cause"' in text
        and f'"kind":"{actor_kind}",' in text
    )
    if not copied:
        return f"Event {seq}: a copied column was changed and no longer fits its bytes."
    return None


def _moment(at: datetime | str) -> str:
    """The column as the ledger writes it; SQLite keeps it as text already."""
    return moment(at) if isinstance(at, datetime) else f"{at[:10]}T{at[11:]}Z"


def _rows(conn: Connection, log: str) -> Iterator[_Row]:
    """The rows as the driver gives them: making objects of them would cost five times the rest."""
    after = -1
    query = sa.select(*_COLUMNS).where(Entry.log == log, Entry.seq > sa.bindparam("after"))
    query = query.order_by(Entry.seq).limit(_BATCH)
    while True:
        with conn.execute(query, {"after": after}) as result:
            rows: list[_Row] = list(result.cursor.fetchall()) if result.cursor else []
        yield from rows
        if len(rows) < _BATCH:
            return
        after = rows[-1][0]
