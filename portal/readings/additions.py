"""The steps that were added to one process: which, where, by whom and why, as its ledger tells."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger.catalogue import StepAdded
from portal.ledger.tables import Entry
from portal.models import AddedStep
from portal.readings.entries import ERASED, query, told
from portal.readings.words import iso

MOST = 200


@dataclass(frozen=True, slots=True)
class Added:
    """One step that was added beside another."""

    step: str
    name: str
    near: str
    side: str
    by: str
    at: datetime
    reason: str


def of_process(conn: Connection, process_id: str) -> list[Added]:
    """What was added to a process, the oldest first."""
    any_of_it = sa.select(AddedStep.id).where(AddedStep.process_id == process_id).limit(1)
    if conn.execute(any_of_it).first() is None:
        return []
    its = query().where(Entry.log == process_id, Entry.type == StepAdded.TYPE)
    rows = conn.execute(its.order_by(Entry.seq).limit(MOST)).all()
    return [
        Added(
            step=str(event.step),
            name=event.name or str(event.step).replace("_", " "),
            near=event.near,
            side=event.side,
            by=entry.actor_name or entry.who.lower(),
            at=entry.at,
            reason=event.reason or ERASED,
        )
        for entry in told(conn, rows)
        if isinstance(event := entry.event, StepAdded)
    ]


def shape(one: Added) -> dict[str, Any]:
    """An added step as programs are given it."""
    return {
        "step": one.step,
        "name": one.name,
        one.side: one.near,
        "by": one.by,
        "at": iso(one.at),
        "reason": one.reason,
    }
