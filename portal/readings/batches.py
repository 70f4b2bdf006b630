"""Batches as their makers see them: how far they are, row by row, and as a table to keep."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.errors import Unknown
from portal.models import Batch, BatchRow, DefinitionRow, Process, User, sights
from portal.models.batches import KINDS
from portal.readings import tables

__all__ = ["KINDS"]

Row = sa.Row[*tuple[Any, ...]]
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows stand how."""

    ready: int = 0
    faulty: int = 0
    left: int = 0
    done: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        """The rows that are done, or are to be."""
        return self.ready + self.done + self.refused

    @property
    def through(self) -> int:
        """Those of them that are through, one way or another."""
        return self.done + self.refused


_BATCHES = (
    sa.select(*Batch.__table__.columns, User.name.label("maker"), DefinitionRow.name.label("of"))
    .join(User, User.id == Batch.made_by)
    .outerjoin(
        DefinitionRow,
        sa.and_(DefinitionRow.key == Batch.key, DefinitionRow.version == Batch.version),
    )
)


def recent(conn: Connection, user_id: str | None) -> Sequence[Row]:
    """The newest batches of a user, or of everybody where ``None``; drafts left lie too."""
    query = _BATCHES.order_by(Batch.id.desc()).limit(_SHOWN)
    return conn.execute(query.where(Batch.made_by == user_id) if user_id else query).all()


def batch(conn: Connection, batch_id: str, user_id: str | None) -> Row:
    """One batch of that user, or of anybody where ``None``; Unknown."""
    query = _BATCHES.where(Batch.id == batch_id)
    row = conn.execute(query.where(Batch.made_by == user_id) if user_id else query).first()
    if row is None:
        raise Unknown("There is no such batch.")
    return row


def tally(conn: Connection, batch_id: str) -> Tally:
    """How many of its rows stand how; a batch has few thousand at the most."""
    some = sa.select(BatchRow.state, sa.func.count()).where(BatchRow.batch_id == batch_id)
    query = _only_seen(some).group_by(BatchRow.state)
    return Tally(**{row[0]: row[1] for row in conn.execute(query)})


def rows(
    conn: Connection, batch_id: str, *states: str, after: int = -1, limit: int = 100
) -> Sequence[Row]:
    """Its rows in those states, by their place, after one of them."""
    query = (
        sa.select(BatchRow.__table__)
        .where(BatchRow.batch_id == batch_id, BatchRow.state.in_(states), BatchRow.n > after)
        .order_by(BatchRow.n)
        .limit(limit)
    )
    return conn.execute(_only_seen(query)).all()


def _only_seen(wanted: "sa.Select[*tuple[Any, ...]]") -> "sa.Select[*tuple[Any, ...]]":
    """Without what is of a process that whoever looks could see once, and may no longer."""
    if not sights.hidden():
        return wanted
    its = sa.func.coalesce(BatchRow.process_id, BatchRow.given["process"].as_string())
    left = sights.only_seen(sa.select(Process.id).where(Process.id == its))
    return wanted.where(sa.or_(its.is_(None), left.exists()))


def as_csv(conn: Connection, found: Row, base_url: str) -> str:
    """What became of each row, beside the cells that were sent; no cell is a formula."""
    query = sa.select(BatchRow.__table__).where(BatchRow.batch_id == found.id)
    lines = conn.execute(_only_seen(query).order_by(BatchRow.n)).all()
    # Of what was erased the cells are gone, and their names with them.
    sent = [line.given.get("cells") or {} for line in lines]
    names = list(dict.fromkeys(name for cells in sent for name in cells))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(["line", "result", "what", "process", "address", "faults", *names])
    for line, typed in zip(lines, sent, strict=True):
        process_id = line.process_id or line.given.get("process", "")
        address = f"{base_url}/processes/{process_id}" if process_id else ""
        faults = " ".join(_told(one) for one in line.faults)
        cells = [typed.get(name, "") for name in names]
        row = [str(line.n), _RESULTS[line.state], line.label, process_id, address, faults, *cells]
        table.writerow([tables.harmless(cell) for cell in row])
    return text.getvalue()


_RESULTS = {
    "ready": "not done yet",
    "faulty": "left out: has faults",
    "left": "left out",
    "done": "done",
    "refused": "refused",
}


def _told(fault: dict[str, str]) -> str:
    return f"{fault['at']}: {fault['message']}" if fault["at"] else fault["message"]
