"""Effects owed to the outside world: written with the events, done by the night shift.

A row is taken for a while (a lease) under a fencing number. Whoever finishes late, after somebody
else took the row, holds an old number and is refused. Attempts count when a row is taken, so
that an effect which kills its worker still runs out of them. Delivery is at least once; the row's
id is the same on every attempt and names the effect to its receiver.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal import db
from portal.db import Tx
from portal.ledger.tables import Outgoing
from portal.prepared import prepared


def _silent() -> None:
    """Nobody is listening: the next sweep finds the row."""


# Rings the doorbell after a commit that owes something; `app.py` puts the relay's here. It must
# not block and may fail silently: the row is safe.
nudge: Callable[[], None] = _silent


@dataclass(frozen=True, slots=True)
class Claimed:
    """An effect in somebody's hands: ``attempts`` counts this one, ``fence`` proves the hold."""

    id: str
    process_id: str | None
    kind: str
    ref: dict[str, Any]
    fence: int
    attempts: int
    made_at: datetime


def row(
    kind: str,
    ref: dict[str, Any],
    *,
    once: str,
    process_id: str | None,
    now: datetime,
    at: datetime | None = None,
) -> dict[str, Any]:
    """A row to ``put``; it may be taken from ``at`` on (now, if not given)."""
    return {
        "id": db.new_id(), "process_id": process_id, "kind": kind, "ref": ref,
        "once": f"{process_id or 'portal'}/{once}", "state": "pending",
        "due_at": at or now, "made_at": now, "fence": 0, "attempts": 0,
    }  # fmt: skip


_ADD = prepared(
    {
        "sqlite": sqlite.insert(Outgoing).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(Outgoing).on_conflict_do_nothing(),
    }
)


def put(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows in one statement; one whose ``once`` is there already is passed over."""
    if not rows:
        return
    tx.run(_ADD, rows)
    tx.after_commit(_ring)


def _ring() -> None:
    nudge()


def claim(tx: Tx, limit: int, lease_seconds: float, *, kinds: Sequence[str] = ()) -> list[Claimed]:
    """Take due rows, earliest first, for some seconds; ``kinds`` narrows to those named.

    Two claimers never get the same row: SQLite has one writer, PostgreSQL skips locked rows.
    """
    due = (
        sa.select(Outgoing.id)
        .where(Outgoing.state == "pending", Outgoing.due_at <= tx.now)
        .order_by(Outgoing.due_at, Outgoing.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if kinds:
        due = due.where(Outgoing.kind.in_(kinds))
    ids = tx.execute(due).scalars().all()
    return _take(tx, ids, lease_seconds)


def postpone(tx: Tx, kinds: Sequence[str], until: datetime) -> int:
    """Have due effects of these kinds wait until a moment; how many. It is no attempt at them.

    What is in somebody's hands is not due, and stays there.
    """
    due = sa.and_(Outgoing.state == "pending", Outgoing.due_at <= tx.now, Outgoing.kind.in_(kinds))
    return tx.execute(sa.update(Outgoing).where(due).values(due_at=until)).rowcount


def claim_one(tx: Tx, id_: str, fence: int, lease_seconds: float) -> Claimed | None:
    """Renew one's own hold just before the effect; None if somebody else has it or it ended.

    Does not count as another attempt.
    """
    held = _held(id_, fence)
    until = tx.now + timedelta(seconds=lease_seconds)
    found = tx.execute(
        sa.update(Outgoing).where(held).values(due_at=until).returning(*_CLAIMED)
    ).first()
    return Claimed(**found._asdict()) if found else None


_CLAIMED = (
    Outgoing.id, Outgoing.process_id, Outgoing.kind, Outgoing.ref, Outgoing.fence,
    Outgoing.attempts, Outgoing.made_at,
)  # fmt: skip


def _take(tx: Tx, ids: Sequence[str], lease_seconds: float) -> list[Claimed]:
    if not ids:
        return []
    taken = tx.execute(
        sa.update(Outgoing)
        .where(Outgoing.id.in_(ids))
        .values(
            due_at=tx.now + timedelta(seconds=lease_seconds),
            fence=Outgoing.fence + 1,
            attempts=Outgoing.attempts + 1,
        )
        .returning(*_CLAIMED)
    ).all()
    order = {id_: place for place, id_ in enumerate(ids)}
    return sorted((Claimed(**found._asdict()) for found in taken), key=lambda one: order[one.id])


def settle(tx: Tx, id_: str, fence: int) -> bool:
    """The effect happened. False for a late finisher, whose result must not be recorded."""
    return _end(tx, id_, fence, state="done", error=None)


def give_up(tx: Tx, id_: str, fence: int, error: str) -> bool:
    """The effect will not happen; the caller makes that visible. False for a late finisher."""
    return _end(tx, id_, fence, state="dead", error=error)


def retry(tx: Tx, id_: str, fence: int, error: str, backoff: timedelta) -> bool:
    """Try again after ``backoff``, with the reason of this failure kept."""
    values = {"due_at": tx.now + backoff, "error": error}
    return _changed(tx, id_, fence, values)


def is_held(tx: Tx, id_: str, fence: int) -> bool:
    """Whether the effect is still in the hands of that fence."""
    return tx.execute(sa.select(Outgoing.id).where(_held(id_, fence))).first() is not None


def _end(tx: Tx, id_: str, fence: int, *, state: str, error: str | None) -> bool:
    return _changed(tx, id_, fence, {"state": state, "error": error, "ended_at": tx.now})


def _changed(tx: Tx, id_: str, fence: int, values: dict[str, Any]) -> bool:
    done = tx.execute(sa.update(Outgoing).where(_held(id_, fence)).values(values))
    return done.rowcount == 1


def _held(id_: str, fence: int) -> sa.ColumnElement[bool]:
    return sa.and_(Outgoing.id == id_, Outgoing.fence == fence, Outgoing.state == "pending")


def pending_age(conn: sa.Connection, now: datetime) -> timedelta:
    """How long the oldest due effect has been waiting; zero when none is."""
    due = sa.select(Outgoing.due_at).where(Outgoing.state == "pending", Outgoing.due_at <= now)
    oldest = conn.execute(due.order_by(Outgoing.due_at, Outgoing.id).limit(1)).scalar()
    return now - oldest if oldest else timedelta()


def prune(tx: Tx, before: datetime, limit: int = 1000) -> int:
    """Delete effects done before a moment, some at a time; dead ones stay to be seen."""
    old = (
        sa.select(Outgoing.id)
        .where(Outgoing.state == "done", Outgoing.ended_at < before)
        .limit(limit)
    )
    return tx.execute(sa.delete(Outgoing).where(Outgoing.id.in_(old))).rowcount
