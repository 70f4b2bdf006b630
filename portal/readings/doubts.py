"""What people say does not match reality, by definition. The words come from the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger.tables import Entry
from portal.models import Doubt, Process, Task, sights
from portal.readings.entries import ERASED, Told, query, told
from portal.readings.words import iso

MOST = 50


@dataclass(frozen=True, slots=True)
class Raised:
    """One thing that was said, and the answer to it where there is one."""

    id: str
    key: str
    version: int
    process: str
    process_title: str
    task: str
    step: str
    task_name: str
    by: str
    is_outside: bool
    text: str
    at: datetime
    answer: str | None = None
    answered_by: str | None = None
    settled_at: datetime | None = None


_ROWS = (
    sa.select(
        *Doubt.__table__.columns,
        Task.step,
        Task.name.label("task_name"),
        Process.title.label("process_title"),
    )
    .join(Task, Task.id == Doubt.task_id)
    .join(Process, Process.id == Doubt.process_id)
)


def of_definition(conn: Connection, key: str) -> list[Raised]:
    """What was said of a definition: what waits for an answer first, each the newest first."""
    is_settled = sa.case((Doubt.settled_at.is_(None), 0), else_=1)
    its = sights.only_seen(_ROWS.where(Doubt.key == key))
    return _filled(conn, its.order_by(is_settled, Doubt.raised_at.desc(), Doubt.id).limit(MOST))


def one(conn: Connection, doubt_id: str) -> Raised | None:
    """One of them; ``None`` where there is none."""
    return next(iter(_filled(conn, _ROWS.where(Doubt.id == doubt_id))), None)


def shape(found: Raised) -> dict[str, Any]:
    """One of them as programs are given it."""
    return {
        "id": found.id,
        "definition": found.key,
        "version": found.version,
        "process": found.process,
        "task": found.task,
        "step": found.step,
        "by": found.by,
        "text": found.text,
        "at": iso(found.at),
        "answer": found.answer,
        "answered_by": found.answered_by,
        "settled_at": found.settled_at and iso(found.settled_at),
    }


def _filled(conn: Connection, wanted: "sa.Select[*tuple[Any, ...]]") -> list[Raised]:
    rows = conn.execute(wanted).all()
    said = _said(conn, rows)
    return [_raised(row, said) for row in rows]


def _said(conn: Connection, rows: Sequence[Any]) -> dict[tuple[str, int], Told]:
    places = [
        (row.process_id, seq)
        for row in rows
        for seq in (row.raised_seq, row.settled_seq)
        if seq is not None
    ]
    if not places:
        return {}
    found = conn.execute(query().where(sa.tuple_(Entry.log, Entry.seq).in_(places))).all()
    return {(entry.process, entry.seq): entry for entry in told(conn, found)}


def _raised(row: Any, said: Mapping[tuple[str, int], Told]) -> Raised:
    raised = said[row.process_id, row.raised_seq]
    settled = said.get((row.process_id, row.settled_seq))
    return Raised(
        id=row.id,
        key=row.key,
        version=row.version,
        process=row.process_id,
        process_title=row.process_title,
        task=row.task_id,
        step=row.step,
        task_name=row.task_name,
        by=raised.who,
        is_outside=row.participant_id is not None,
        text=raised.data.get("text") or ERASED,
        at=row.raised_at,
        answer=(settled.data.get("answer") or ERASED) if settled else None,
        answered_by=settled.actor_name if settled else None,
        settled_at=row.settled_at,
    )
