"""Ledger entries with their disclosed values, as every other reading takes them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger import catalogue
from portal.ledger.record import ACTOR_PREFIX
from portal.ledger.tables import Disclosure, Entry

ERASED = "These words were erased."
"""What stands where words stood that were erased since."""
# Events by which somebody answered a task.
ANSWERS = (
    catalogue.FormSubmitted,
    catalogue.UploadSubmitted,
    catalogue.ApprovalApproved,
    catalogue.ApprovalChangesRequested,
    catalogue.ApprovalRejected,
    catalogue.SignatureMade,
    catalogue.SignatureDeclined,
    catalogue.TaskDone,
)


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of one ledger, readable: who, what, when, where from.

    ``id`` grows over all processes, ``seq`` within one. ``handed_by`` names whoever passed the
    actor's link on by a channel of their own. ``actor_name``, ``ip``, ``agent``
    are ``None`` where they were not recorded or have been erased.
    """

    id: int
    process: str
    seq: int
    at: datetime
    type: str
    hash: str
    actor_kind: str
    actor_ref: str
    auth: str
    via: str
    on_behalf: bool
    actor_name: str | None
    actor_email: str | None
    ip: str | None
    agent: str | None
    behalf_reason: str | None
    handed_by: str | None
    step: str | None
    task: str | None
    data: dict[str, Any]
    event: catalogue.Event
    body: str
    disclosed: dict[str, dict[str, Any]]
    gone: frozenset[str] = frozenset()
    """Names of values that were recorded and have been erased since."""

    @property
    def who(self) -> str:
        """The acting person's name for staff to read, or why there is none."""
        if self.actor_name:
            return self.actor_name
        is_gone = ACTOR_PREFIX + "name" in self.gone
        return f"Somebody whose name {'was erased' if is_gone else 'is not recorded'}"


def query() -> "sa.Select[*tuple[Any, ...]]":
    """The columns of the ledger table that ``told`` needs."""
    return sa.select(Entry.id, Entry.log, Entry.seq, Entry.at, Entry.type, Entry.hash, Entry.body)


def told(conn: Connection, rows: Sequence[sa.Row[Any]]) -> list[Told]:
    """Entries for rows of ``query()``, with one more statement for their disclosures."""
    found = _disclosures(conn, rows)
    bodies = _decoded(row.body for row in rows)
    return [
        _told(row, body, found.get((row.log, row.seq), {}))
        for row, body in zip(rows, bodies, strict=True)
    ]


def _decoded(texts: Iterable[str]) -> list[Any]:
    """Many JSON texts at once: one by one takes twice as long."""
    decoded: list[Any] = json.loads(f"[{','.join(texts)}]")
    return decoded


def _disclosures(
    conn: Connection, rows: Sequence[sa.Row[Any]]
) -> dict[tuple[str, int], dict[str, dict[str, Any]]]:
    """Salt and value by field, for every row: by range for one ledger, by pairs for several."""
    if not rows:
        return {}
    found: dict[tuple[str, int], dict[str, dict[str, Any]]] = {}
    disclosed = _disclosed(conn, rows)
    values = _decoded(row.value for row in disclosed)
    for (log, seq, field, salt, _), value in zip(disclosed, values, strict=True):
        found.setdefault((log, seq), {})[field] = {"salt": salt.hex(), "value": value}
    return found


_COLUMNS = (Disclosure.log, Disclosure.seq, Disclosure.field, Disclosure.salt, Disclosure.value)
_OF_ONE = sa.select(*_COLUMNS).where(
    Disclosure.log == sa.bindparam("log"),
    Disclosure.seq.between(sa.bindparam("first"), sa.bindparam("last")),
)
# By way of the entries: SQLite reads the whole table for pairs in a list.
_OF_SEVERAL = (
    sa.select(*_COLUMNS)
    .join(Entry, sa.and_(Entry.log == Disclosure.log, Entry.seq == Disclosure.seq))
    .where(Entry.id.in_(sa.bindparam("ids", expanding=True)))
)


def _disclosed(
    conn: Connection, rows: Sequence[sa.Row[Any]]
) -> "Sequence[sa.Row[str, int, str, bytes, str]]":
    if len({row.log for row in rows}) > 1:
        return conn.execute(_OF_SEVERAL, {"ids": [row.id for row in rows]}).all()
    seqs = [row.seq for row in rows]
    return conn.execute(_OF_ONE, {"log": rows[0].log, "first": min(seqs), "last": max(seqs)}).all()


def _told(row: sa.Row[Any], body: dict[str, Any], disclosed: dict[str, dict[str, Any]]) -> Told:
    actor, data = body["actor"], body["data"]
    private = {name: shown["value"] for name, shown in disclosed.items()}
    own = {name: value for name, value in private.items() if not name.startswith(ACTOR_PREFIX)}
    values = {**data, **own}
    return Told(
        id=row.id,
        process=row.log,
        seq=row.seq,
        at=row.at,
        type=row.type,
        hash=row.hash,
        actor_kind=actor["kind"],
        actor_ref=actor["ref"],
        auth=actor.get("auth", "none"),
        via=actor.get("via", "worker"),
        on_behalf=bool(actor.get("on_behalf")),
        actor_name=private.get(ACTOR_PREFIX + "name"),
        actor_email=private.get(ACTOR_PREFIX + "email"),
        ip=private.get(ACTOR_PREFIX + "ip"),
        agent=private.get(ACTOR_PREFIX + "agent"),
        behalf_reason=private.get(ACTOR_PREFIX + "reason"),
        handed_by=private.get(ACTOR_PREFIX + "handed_by"),
        step=data.get("step"),
        task=data.get("task"),
        data=values,
        event=catalogue.read(row.type, values),
        body=row.body,
        disclosed=disclosed,
        gone=frozenset(body["priv"].keys() - disclosed.keys()),
    )
