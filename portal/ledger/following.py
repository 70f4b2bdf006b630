"""Going through all ledgers in turn, by the one cursor that orders them."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

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
    """
    if conn.dialect.name != "postgresql":
        return sa.true()
    return sa.literal_column(
        "ledger_entries.xmin::text::bigint"
        " < pg_snapshot_xmin(pg_current_snapshot())::text::bigint % 4294967296",
        sa.Boolean(),
    )
