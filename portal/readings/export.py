"""The ledger of one process as JSON lines, as ``portal verify`` takes it (LEDGER.md)."""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger import checkpoints
from portal.ledger.tables import Checkpoint
from portal.readings import timeline
from portal.readings.entries import Told

_BATCH = 500


def lines(conn: Connection, process_id: str, *, upto: int | None = None) -> Iterator[str]:
    """One line an event in order, then the lines of the newest checkpoint over it.

    Read in batches, so that a long ledger never stands in memory as a whole.
    """
    after = -1
    while batch := timeline.of_process(conn, process_id, after=after, upto=upto, limit=_BATCH):
        for entry in batch:
            yield line(entry)
        after = batch[-1].seq
    yield from checkpoints.export(conn, process_id, upto=upto)


def line(entry: Told) -> str:
    """``{seq, hash, body, disclosed}`` of one event; ``body`` is the exact bytes as text."""
    told = {
        "seq": entry.seq,
        "hash": entry.hash,
        "body": entry.body,
        "disclosed": entry.disclosed,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def newest_checkpoint(conn: Connection) -> str | None:
    """The newest signed note over the whole site; ``None`` before the first."""
    query = sa.select(Checkpoint.note).order_by(Checkpoint.size.desc()).limit(1)
    return conn.execute(query).scalar()
