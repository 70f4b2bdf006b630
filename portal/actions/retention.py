"""Retention: what has been kept long enough after its end, by its definition or the house's rule.

``schedule`` only reads: the dry run shows just what the run of that moment would erase.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import db
from portal.access import holds
from portal.actions import erasures
from portal.clock import now as moment
from portal.definition.retention import Retention
from portal.errors import wrong_cursor
from portal.models import DefinitionRow, Erasure, ErasurePart, Process, trees
from portal.models.house import retention_days

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Rule:
    """How long one definition's processes are kept; ``by`` is ``definition``, ``house`` or none.

    ``closed`` ended and are not erased; of those ``due`` have been kept long enough, ``held`` are
    due and on hold. ``running`` have not ended. ``before``: what ended then or earlier is due.
    """

    key: str
    name: str
    keep: Retention | None
    by: str
    before: datetime | None
    closed: int
    due: int
    held: int
    running: int


@dataclass(frozen=True, slots=True)
class Due:
    """A process whose time is over; ``hold`` says why it stays all the same."""

    process_id: str
    key: str
    ended_at: datetime
    hold: str | None


def rules(conn: Connection, now: datetime) -> list[Rule]:
    """Each definition with what became of its processes, by name."""
    found = []
    for key, name, keep, by in _keeps(conn):
        before = keep.before(now) if keep else None
        counted = _counted(conn, key, before)
        held = sum(1 for one in due(conn, now, key) if one.hold) if counted.due else 0
        found.append(
            Rule(key, name, keep, by, before, counted.closed, counted.due - held, held,
                 counted.running)
        )  # fmt: skip
    return found


def due(
    conn: Connection, now: datetime, key: str | None = None, *, after_process: str | None = None
) -> Iterator[Due]:
    """What has been kept long enough and was not erased, longest ago first for each definition.

    All of it, some at a time, or that of one definition; or what comes after one process: Faulty at
    ``cursor`` where there is no such process, or it runs.
    """
    since, after = _place(conn, after_process) if after_process else (None, None)
    for its, _, keep, _ in _keeps(conn):
        if since not in (None, its):
            continue
        since, (place, after) = None, (after, None)
        if keep is None or key not in (None, its):
            continue
        while rows := _some_due(conn, its, keep.before(now), place):
            standing = holds.on_processes(conn, [row.id for row in rows])
            for row in rows:
                hold = standing.get(row.id)
                yield Due(row.id, its, row.ended_at, hold.reason if hold else None)
            place = rows[-1].ended_at, rows[-1].id


def _place(conn: Connection, process_id: str) -> tuple[str, tuple[datetime, str]]:
    """The definition that a process is of, and where in its order it stands."""
    query = sa.select(Process.key, Process.ended_at, Process.id).where(
        Process.id == process_id, Process.ended_at.is_not(None)
    )
    row = conn.execute(query).first()
    if row is None:
        raise wrong_cursor()
    return row.key, (row.ended_at, row.id)


def run() -> int:
    """Have all of it erased; how many processes that is. Once a night, and safe to repeat."""
    with db.reading() as conn:
        ids = [one.process_id for one in due(conn, moment()) if one.hold is None]
    for at in range(0, len(ids), _AT_ONCE):
        erasures.of_due(ids[at : at + _AT_ONCE])
    return len(ids)


def _keeps(conn: Connection) -> list[tuple[str, str, Retention | None, str]]:
    """Key, name, how long and by whose rule: of the newest version, else the house's."""
    days = retention_days(conn)
    house = Retention(days, "day") if days else None
    query = (
        sa.select(DefinitionRow.id, DefinitionRow.key, DefinitionRow.name)
        .where(DefinitionRow.is_current)
        .order_by(DefinitionRow.name, DefinitionRow.key)
    )
    rows = conn.execute(query).all()
    known = trees.trees(conn, [row.id for row in rows])
    return [_keep(row, known[row.id].retention, house) for row in rows]


def _keep(
    row: Any, own: Retention | None, house: Retention | None
) -> tuple[str, str, Retention | None, str]:
    if own is not None:
        return row.key, row.name, own, "definition"
    return row.key, row.name, house, "house" if house else ""


def _whole() -> "sa.ColumnElement[bool]":
    """Whether a process was erased as a whole, or is about to be."""
    part = (
        sa.select(ErasurePart.process_id)
        .join(Erasure, Erasure.id == ErasurePart.erasure_id)
        .where(
            ErasurePart.process_id == Process.id,
            Erasure.kind == "process",
            ErasurePart.state != "left",
        )
    )
    return part.correlate(Process).exists()


def _counted(conn: Connection, key: str, before: datetime | None) -> Any:
    ended = sa.and_(Process.state != "running", ~_whole())
    is_due = Process.ended_at <= before if before is not None else sa.false()
    query = sa.select(
        sa.func.count().filter(ended).label("closed"),
        sa.func.count().filter(ended, is_due).label("due"),
        sa.func.count().filter(Process.state == "running").label("running"),
    ).where(Process.key == key)
    return conn.execute(query).one()


def _some_due(
    conn: Connection, key: str, before: datetime, after: tuple[datetime, str] | None
) -> Sequence[Any]:
    query = sa.select(Process.id, Process.ended_at).where(
        Process.key == key, Process.state != "running", Process.ended_at <= before, ~_whole()
    )
    if after is not None:
        query = query.where(sa.tuple_(Process.ended_at, Process.id) > after)
    return conn.execute(query.order_by(Process.ended_at, Process.id).limit(_AT_ONCE)).all()
