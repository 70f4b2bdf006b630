"""Under which versions of its definition a process ran, and from which event on each."""

import json
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.definition.tree import Definition
from portal.ledger.tables import Entry
from portal.models import DefinitionRow, trees

_SET = ("process.started", "process.migrated")


@dataclass(frozen=True, slots=True)
class Version:
    """A version and the number of the first event that is told under it."""

    seq: int
    tree: Definition


def of_process(conn: Connection, process_id: str, upto: int) -> list[Version]:
    """The versions up to an event, oldest first. Two statements, and one for those not known."""
    entries = sa.select(Entry.seq, Entry.body).where(
        Entry.log == process_id, Entry.seq <= upto, Entry.type.in_(_SET)
    )
    told = [
        (row.seq, json.loads(row.body)["data"]) for row in conn.execute(entries.order_by(Entry.seq))
    ]
    key = told[0][1]["definition"]
    numbers = {data["version"] for _, data in told}
    rows = conn.execute(
        sa.select(DefinitionRow.id, DefinitionRow.version).where(
            DefinitionRow.key == key, DefinitionRow.version.in_(numbers)
        )
    )
    ids = {row.version: row.id for row in rows}
    known = trees.trees(conn, ids.values())
    return [Version(seq, known[ids[data["version"]]]) for seq, data in told]
