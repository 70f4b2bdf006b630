"""The ledger of one process as JSON lines, as ``portal verify`` takes it (LEDGER.md)."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy.engine import Connection

from portal.ledger import checkpoints
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
    """``{seq, hash, body, disclosed}`` of one event; ``body`` is the exact bytes as text.

    What is disclosed stands in the order of its names: a database gives it in any.
    """
    told = {
        "seq": entry.seq,
        "hash": entry.hash,
        "body": entry.body,
        "disclosed": dict(sorted(entry.disclosed.items())),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


class Last:
    """What an export ends with, noted while its lines go by: how many events, and the last's hash.

    ``note`` is the checkpoint that signs it.
    """

    def __init__(self) -> None:
        self.events = 0
        self.head = ""
        self.note = ""

    def noted(self, lines: Iterator[str]) -> Iterator[str]:
        """The same lines."""
        for text in lines:
            told = json.loads(text)
            if "checkpoint" in told:
                self.note = told["checkpoint"]["note"]
            else:
                self.events, self.head = self.events + 1, told["hash"]
            yield text


def checkpoint(conn: Connection, size: int | None = None) -> str | None:
    """The signed note over the site at that size, the newest if not given; ``None`` without."""
    return checkpoints.note(conn, size)


def consistency(conn: Connection, old: int, new: int) -> dict[str, Any] | None:
    """The proof that the newer of two checkpoints only adds to the older; ``None`` without one."""
    return checkpoints.consistency(conn, old, new)
