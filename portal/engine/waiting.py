"""Waiting: for a time, until a moment, or for a signal that something outside has happened."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.definition.tree import WaitStep
from portal.engine import closing
from portal.engine.rows import Round
from portal.engine.running import ENGINE, Running
from portal.ledger import record
from portal.ledger.catalogue import WaitBegan
from portal.models import Signal


def begin(running: Running, step: WaitStep, scope: str) -> None:
    """Begin to wait; what it waits for may be there already.

    Raises ExpressionFailed, with nothing changed, where `until` gives no moment.
    """
    until = _until(running, step, scope)
    begun = running.new_round(step.id, "open", scope)
    began = WaitBegan(
        step=step.id,
        scope=scope or None,
        round=begun.round,
        signal=step.signal,
        ends_at=record.moment(until) if until else None,
    )
    running.chain.add(began, actor=ENGINE)
    kept = _kept(running, step.signal) if step.signal else None
    if kept is not None:
        end(running, begun, "succeeded", kept.data)
    elif until is not None and until <= running.now:
        end(running, begun, "timed_out" if step.signal else "succeeded")
    elif until is not None:
        running.timers.append(_timer(running, begun, until))


def end(
    running: Running, begun: Round, outcome: str, brought: dict[str, Any] | None = None
) -> None:
    """Go on after a wait; ``brought`` holds under ``data`` what a signal came with."""
    running.end_timers(begun)
    closing.end_round(running, begun, outcome, brought or {})


def _until(running: Running, step: WaitStep, scope: str) -> datetime | None:
    """The moment at which the wait is over by itself; ``None`` for a signal without timeout."""
    zone = running.calendar.timezone
    span = step.span or step.timeout
    if span is not None:
        return span.after(running.now, running.calendar, zone)
    return step.until.moment(running.facts(scope)) if step.until else None


def _kept(running: Running, name: str) -> Any:
    """A signal that came before anybody waited for it, taken; ``None`` where there is none."""
    table = Signal.__table__
    oldest = (
        sa.select(table)
        .where(table.c.process_id == running.id, table.c.name == name, table.c.taken_at.is_(None))
        .order_by(table.c.came_at, table.c.id)
        .limit(1)
    )
    found = running.tx.execute(oldest).first()
    if found is not None:
        taken = sa.update(Signal).where(Signal.id == found.id).values(taken_at=running.now)
        running.tx.execute(taken)
    return found


def _timer(running: Running, begun: Round, at: datetime) -> dict[str, Any]:
    return {
        "id": db.new_id(), "process_id": running.id, "run_id": begun.id, "task_id": None,
        "kind": "wait", "rung": 0, "rings_at": at, "what": {},
    }  # fmt: skip
