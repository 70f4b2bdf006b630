"""Appending to the ledger: ``record.open_chain(tx, process_id).add(event, actor=…)``.

The head row is locked first, so that one process has one writer at a time. Hashes are made at
once, for receipts; rows are buffered and written in one statement per table just before the
commit. Whether something may happen once only is decided by the database (``UNIQUE(log, once)``)
and by nothing else.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import fault
from portal.actor import Actor, in_place
from portal.db import Tx
from portal.errors import AlreadyRecorded, Faulty, Unknown
from portal.ledger import chain, outbox
from portal.ledger.catalogue import ENDS, Event
from portal.ledger.tables import Disclosure, Entry, Head
from portal.prepared import prepared

# Where an actor's own private facts stand among an event's commitments.
ACTOR_PREFIX = "actor."
_NEWS = -1  # of a head with events that no checkpoint covers
_SALT = 32  # bytes of chance that hide each value
_NO_ZONE = -len("+00:00")


# Made once: building a statement costs more than running it.
_HEAD = Head.__table__
_LOCK_HEAD = prepared(sa.select(_HEAD).where(_HEAD.c.log == sa.bindparam("its")).with_for_update())
_LOCK_FREE_HEADS = (
    sa.select(_HEAD)
    .where(_HEAD.c.log.in_(sa.bindparam("these", expanding=True)))
    .with_for_update(skip_locked=True)
)
_MOVE_HEAD = prepared(sa.update(Head).where(Head.log == sa.bindparam("its")))
_GIVE_HEAD = (
    sa.update(Head).where(Head.log == sa.bindparam("its")).values(owner_id=sa.bindparam("owner"))
)
_ADD_HEAD, _ADD_DISCLOSURES = prepared(sa.insert(Head)), prepared(sa.insert(Disclosure))
_ADD_ENTRIES = prepared(sa.insert(Entry).inline())  # nobody asks for the ids


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a receipt carries: the event's number in its process, its hash, its moment."""

    seq: int
    hash: str
    at: datetime


class Chain:
    """The open end of one process's ledger, inside one transaction.

    ``events`` are those added in it, each with its number.
    """

    def __init__(self, tx: Tx, head: dict[str, Any], *, is_new: bool = False) -> None:
        self._tx = tx
        self._head = head
        self.log = str(head["log"])  # the process id
        self._is_new = is_new
        self.events: list[tuple[int, Event]] = []
        self._entries: list[dict[str, Any]] = []
        self._disclosures: list[dict[str, Any]] = []

    @property
    def head(self) -> Recorded:
        """The last event, those not yet written included."""
        return Recorded(self._head["seq"], self._head["hash"], self._head["at"])

    def add(
        self, event: Event, *, actor: Actor, once: str | None = None, cause: str | None = None
    ) -> Recorded:
        """Append an event; ``once`` names what may be recorded one time only in this process.

        A second one with the same ``once`` raises AlreadyRecorded, at the latest when the
        transaction is written. ``cause`` is the request or event that led to it. A value that
        has no canonical spelling (half a character, a number past 2^53) raises Faulty.
        """
        try:
            return self._add(event, actor, once, cause)
        except chain.Malformed as fault:
            raise Faulty([], f"This can't be recorded: {fault}.") from fault

    def _add(self, event: Event, actor: Actor, once: str | None, cause: str | None) -> Recorded:
        if once is not None and any(row["once"] == once for row in self._entries):
            raise _already()
        for place in (event.task, self.log) if actor.stands_for else ():
            actor = self._tx.kept.get(in_place(actor, place or ""), actor)
        head = self._head
        seq, prev = head["seq"] + 1, head["hash"]
        at = max(self._tx.now, head["at"])  # a clock set back must not turn time around
        commitments, disclosures = _commit(self.log, seq, _private(event, actor))
        body = chain.canonical(
            {
                "v": 1, "log": self.log, "seq": seq, "prev": prev, "at": moment(at),
                "type": event.TYPE, "actor": _public(actor), "cause": cause,
                "data": event.public(), "priv": commitments,
            }
        )  # fmt: skip
        self._disclosures += disclosures
        self.events.append((seq, event))
        head.update(seq=seq, hash=chain.event_hash(body), at=at)
        self._entries.append(
            {
                "log": self.log, "seq": seq, "prev": prev, "hash": head["hash"], "at": at,
                "type": event.TYPE, "version": event.VERSION, "actor_kind": actor.kind,
                "actor_ref": actor.id, "step": event.step, "task": event.task, "once": once,
                "team_id": head["team_id"], "owner_id": head["owner_id"],
                "definition": head["definition"], "body": body.decode(),
            }
        )  # fmt: skip
        if type(event) in ENDS:  # how it ended is soon known outside as well
            self.send("ledger.checkpoint", {}, once="checkpoint:end")
        return self.head

    def give_to(self, owner_id: str) -> None:
        """Have later events count as this owner's in the combined timeline."""
        self._head["owner_id"] = owner_id
        self._tx.execute(_GIVE_HEAD, {"its": self.log, "owner": owner_id})

    def send(self, kind: str, ref: dict[str, Any], *, once: str, at: datetime | None = None) -> str:
        """Owe an effect to the outside world (``outbox``), from ``at`` on; its id.

        ``ref`` holds ids, never an address or a token. The same ``once`` again is one effect.
        """
        row = outbox.row(kind, ref, once=once, process_id=self.log, now=self._tx.now, at=at)
        _owed(self._tx).append(row)
        return str(row["id"])

    def write(self) -> None:
        """Write what was added. Called once, last in the transaction."""
        fault.at("F2")
        if self._entries:
            self._write_entries()

    def _write_entries(self) -> None:
        self._tx.run(_ADD_ENTRIES, self._entries)
        if self._disclosures:
            self._tx.run(_ADD_DISCLOSURES, self._disclosures)
        if self._is_new:
            self._tx.run(_ADD_HEAD, self._head)
        else:
            moved = {name: self._head[name] for name in ("seq", "hash", "at")}
            if self._head["anchored"] != _NEWS:
                moved["anchored"] = _NEWS
            self._tx.run(_MOVE_HEAD, {"its": self.log, **moved})


def open_chain(tx: Tx, process_id: str) -> Chain:
    """The chain of a process, its head locked until the commit; Unknown if there is none."""
    kept = tx.kept.get((Chain, process_id))
    if kept is not None:
        return kept  # type: ignore[no-any-return]
    head = tx.first(_LOCK_HEAD, its=process_id)
    if head is None:
        raise Unknown("There is no such process.")
    return _keep(tx, Chain(tx, head._asdict()))


def open_chains(tx: Tx, process_ids: Sequence[str]) -> dict[str, Chain]:
    """The chains of several processes, by their ids; of those that nobody writes to just now.

    Never waits: whoever holds many heads while waiting for one more would hold up everybody.
    """
    heads = tx.execute(_LOCK_FREE_HEADS, {"these": list(process_ids)}).mappings()
    return {str(head["log"]): take_chain(tx, dict(head)) for head in heads}


def take_chain(tx: Tx, head: Mapping[str, Any]) -> Chain:
    """The chain of a head row that the caller has read and locked together with others."""
    kept = tx.kept.get((Chain, head["log"]))
    return kept if kept is not None else _keep(tx, Chain(tx, dict(head)))


def begin_chain(
    tx: Tx,
    process_id: str,
    definition_digest: str,
    *,
    team_id: str | None = None,
    owner_id: str | None = None,
    definition: str | None = None,
) -> Chain:
    """The chain of a new process, tied to its definition by the digest (SHA-256 in hex).

    The first event must be ``process.started`` with that ``digest``: the verifier starts there.
    """
    head = {
        "log": process_id, "seq": -1, "hash": chain.genesis(process_id, definition_digest),
        "at": tx.now, "anchored": _NEWS, "team_id": team_id, "owner_id": owner_id,
        "definition": definition,
    }  # fmt: skip
    return _keep(tx, Chain(tx, head, is_new=True))


def owe(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Owe effects (rows of ``outbox``) in the one statement for all that the transaction owes."""
    if rows:
        _owed(tx).extend(rows)


def erase(tx: Tx, process_id: str, seq: int, fields: list[str]) -> list[str]:
    """Delete the values of an event's fields for good; the names of those that were there.

    The caller records ``disclosure.erased`` in the same transaction, and has what the process is
    found by made anew.
    """
    table = Disclosure.__table__
    which = sa.and_(
        Disclosure.log == process_id, Disclosure.seq == seq, Disclosure.field.in_(fields)
    )
    found = tx.execute(sa.select(table.c.field).where(which)).scalars().all()
    tx.execute(sa.delete(Disclosure).where(which))
    return sorted(found)


def moment(at: datetime) -> str:
    """A moment as the ledger writes it: ``2026-11-21T05:07:31.123456Z``."""
    there = at if at.tzinfo is UTC else at.astimezone(UTC)
    return f"{there.isoformat('T', 'microseconds')[:_NO_ZONE]}Z"


def _keep(tx: Tx, opened: Chain) -> Chain:
    tx.kept[Chain, opened.log] = opened
    tx.explain(_as_already)
    tx.before_commit(opened.write, last=True)
    return opened


def _owed(tx: Tx) -> list[dict[str, Any]]:
    """The effects that this transaction owes, of all its chains; written in one statement."""
    rows: list[dict[str, Any]] | None = tx.kept.get(_owed)
    if rows is None:
        rows = tx.kept[_owed] = []
        tx.before_commit(lambda: outbox.put(tx, rows), last=True)
    return rows


def _commit(
    log: str, seq: int, values: dict[str, Any]
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """The commitments that go into an event, and the rows that keep what they hide."""
    commitments, rows, salts = {}, [], os.urandom(_SALT * len(values))
    for place, (name, value) in enumerate(values.items()):
        salt, text = salts[_SALT * place : _SALT * (place + 1)], chain.canonical(value)
        commitments[name] = chain.commit_bytes(salt, name, text)
        rows.append({"log": log, "seq": seq, "field": name, "salt": salt, "value": text.decode()})
    return commitments, rows


def _public(actor: Actor) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "kind": actor.kind, "ref": actor.id, "auth": actor.auth, "via": actor.via,
    }  # fmt: skip
    if actor.link is not None:
        facts["link"] = actor.link[:8]  # enough to tell links apart, too little to guess one
    if actor.on_behalf:
        facts["on_behalf"] = True
    return facts


def _private(event: Event, actor: Actor) -> dict[str, Any]:
    if actor.kind == "system":
        return event.private()
    facts = {
        "name": actor.name, "email": actor.email, "ip": actor.ip, "agent": actor.agent,
        "handed_by": actor.handed_by_name,
    }  # fmt: skip
    if actor.on_behalf:
        facts["reason"] = actor.reason
    own = {ACTOR_PREFIX + key: value for key, value in facts.items() if value is not None}
    return {**event.private(), **own}


def _as_already(refused: IntegrityError) -> AlreadyRecorded | None:
    """What it means where the ledger has an event that may be there once only."""
    text = str(refused.orig)
    is_ours = "ledger_entries_once" in text or "second log, once" in text
    return _already() if is_ours else None


def _already() -> AlreadyRecorded:
    return AlreadyRecorded("This was recorded already; nothing was done a second time.")
