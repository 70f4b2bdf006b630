"""Going through all ledgers in turn, by the one cursor that orders them."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock
from portal.ledger.tables import Entry

_NEWS = sa.select(
    Entry.id, Entry.log, Entry.seq, Entry.at, Entry.type, Entry.body
).order_by(Entry.id)  # fmt: skip


def news(conn: Connection, after: int, limit: int) -> Sequence[Any]:
    """Entries behind ``id`` ``after`` that nothing can come before any more, in their order."""
    return conn.execute(_NEWS.where(Entry.id > after, settled(conn)).limit(limit)).all()


def tail(conn: Connection, told: Mapping[str, int], limit: int) -> Sequence[Any]:
    """What the ledgers of some processes have behind the event that each is told up to."""
    behind = [sa.and_(Entry.log == log, Entry.seq > seq) for log, seq in told.items()]
    return conn.execute(_NEWS.where(sa.or_(*behind)).limit(limit)).all()


def settled(conn: Connection) -> sa.ColumnElement[bool]:
    """Hide what a slower, still open transaction could yet precede.

    PostgreSQL hands out ids before the commit, so a reader who goes on from the highest id it
    saw could miss a lower one that is committed later. SQLite has one writer at a time.
    The order of the transactions' own numbers is no help: they are given when each begins to
    write, and of two that overlap the later one may have the earlier ids.
    """
    if conn.dialect.name != "postgresql":
        return sa.true()
    seen = conn.execute(_SEEN).one()
    until = time.monotonic() + _PATIENCE
    while seen.writers and conn.execute(_AT_WORK, {"those": seen.writers}).scalar():
        if time.monotonic() > until:  # it is told when they are through
            return sa.false()
        clock.sleep(_GLANCE)
    return Entry.id <= (seen.id or 0)


# Whoever has an id holds this lock until the end of their transaction, and had it before the id.
# So behind all who hold it now, none below the highest id that is seen now can appear any more:
# a matter of milliseconds, since entries are what a transaction writes last.
_LOCKS = """
  FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted
  AND relation = 'ledger_entries'::regclass AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_WRITERS = f"ARRAY(SELECT virtualtransaction {_LOCKS})"
_SEEN = sa.text(f"SELECT max(id) AS id, {_WRITERS} AS writers FROM ledger_entries")  # noqa: S608
_AT_WORK = sa.text(f"SELECT count(*) {_LOCKS} AND virtualtransaction = ANY(:those)")
_PATIENCE, _GLANCE = 1.0, 0.002
