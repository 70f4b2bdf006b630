"""How often something may be tried: counted in the database, so that limits hold without Redis."""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

import sqlalchemy as sa

from portal import clock, db
from portal.errors import TooFast
from portal.language import gettext as _
from portal.models import Attempt


def place(ip: str | None) -> str:
    """The address by which tries are counted: of IPv6 the network, for it is given as a whole.

    Whoever has one address there has 2^64, and would else have as many first tries.
    """
    try:
        found = ip_address(ip or "")
    except ValueError:
        return str(ip)
    if not isinstance(found, IPv6Address):
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped or ip_network((int(found) >> 64 << 64, 64)))


def spend(what: str, limit: int, seconds: int, sentence: str = "") -> None:
    """Count one attempt at ``what``; TooFast beyond ``limit`` in a window of ``seconds``.

    An attempt counts even where what it was for fails.
    """
    with db.transaction() as tx:
        n, ends_at = _count(tx, what, seconds)
    if n > limit:
        wait = max(1, int((ends_at - clock.now()).total_seconds()))
        raise TooFast(sentence or _("Too many attempts. Wait a little and try again."), wait)


def count(what: str, seconds: int) -> int:
    """Count one attempt at ``what``; how many those are in its window of ``seconds``."""
    with db.transaction() as tx:
        return _count(tx, what, seconds)[0]


def note_failure(what: str, limit: int, seconds: int) -> bool:
    """Count one more failure; whether it is the one that fills its window of ``seconds``.

    Failures alone are counted, so that nobody can shut out whoever does it right. Once the
    window is full nothing more is written: failing on costs the house one look each.
    """
    is_full = sa.select(Attempt.n).where(
        Attempt.what == what, Attempt.n >= limit, Attempt.window_ends_at > clock.now()
    )
    with db.reading() as conn:
        if conn.execute(is_full).first() is not None:
            return False
    with db.transaction() as tx:
        n, _ = _count(tx, what, seconds)
    return n == limit


def forget(tx: db.Tx, what: str) -> None:
    """Start counting anew, for instance after a right password."""
    tx.execute(sa.delete(Attempt).where(Attempt.what == what))


def prune(tx: db.Tx) -> None:
    """Drop windows that have ended."""
    tx.execute(sa.delete(Attempt).where(Attempt.window_ends_at <= tx.now))


def _count(tx: db.Tx, what: str, seconds: int) -> tuple[int, datetime]:
    ends_at = tx.now + timedelta(seconds=seconds)
    fresh = tx.insert(Attempt).values(what=what, n=1, window_ends_at=ends_at)
    is_over = Attempt.window_ends_at <= tx.now
    counted = fresh.on_conflict_do_update(
        index_elements=["what"],
        set_={
            "n": sa.case((is_over, 1), else_=Attempt.n + 1),
            "window_ends_at": sa.case((is_over, ends_at), else_=Attempt.window_ends_at),
        },
    ).returning(Attempt.n, Attempt.window_ends_at)
    row = tx.execute(counted).one()
    return row.n, row.window_ends_at
