"""Under which texts a process ran, and from which event on each.

They are the versions of its definition, with the steps that were added to this process alone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.definition.tree import Definition
from portal.ledger.tables import Entry
from portal.models import DefinitionRow, trees
from portal.models.definitions import own_key

_SET = ("process.started", "process.migrated", "step.added")


@dataclass(frozen=True, slots=True)
class Version:
    """A text and the number of the first event that is told under it."""

    seq: int
    tree: Definition


def of_process(conn: Connection, process_id: str, upto: int) -> list[Version]:
    """The texts up to an event, oldest first. Three statements, and one for those not known."""
    entries = sa.select(Entry.seq, Entry.type, Entry.body).where(
        Entry.log == process_id, Entry.seq <= upto, Entry.type.in_(_SET)
    )
    told = [
        (row.seq, row.type, json.loads(row.body)["data"])
        for row in conn.execute(entries.order_by(Entry.seq))
    ]
    key = told[0][2]["definition"]
    numbers = {data["version"] for _, _, data in told if "version" in data}
    rows = conn.execute(
        sa.select(DefinitionRow.id, DefinitionRow.version).where(
            DefinitionRow.key == key, DefinitionRow.version.in_(numbers)
        )
    )
    ids: dict[int | str, str] = {row.version: row.id for row in rows}
    own = sa.select(DefinitionRow.id, DefinitionRow.digest)
    ids |= {
        row.digest: row.id
        for row in conn.execute(own.where(DefinitionRow.key == own_key(key, process_id)))
    }
    known = trees.trees(conn, ids.values())
    return [Version(seq, known[ids[_which(type_, data)]]) for seq, type_, data in told]


def _which(type_: str, data: Mapping[str, Any]) -> int | str:
    """The version, or the digest of a text of the process's own."""
    which: int | str = data["digest"] if type_ == "step.added" else data["version"]
    return data.get("under") or which
