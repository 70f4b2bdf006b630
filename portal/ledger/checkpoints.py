"""Anchoring: heads appended to the site tree, its root signed, and the proofs for an export.

Signing is handed in by the caller (`delivery.seal`), whose key lies outside the database.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import fault
from portal.db import Tx
from portal.errors import Unknown
from portal.ledger import tree
from portal.ledger.record import moment
from portal.ledger.tables import Checkpoint, Entry, Head, Leaf, Node

_ONE_AT_A_TIME = 0x706F7274  # the number of PostgreSQL's advisory lock on the tree


class _Last(NamedTuple):
    """An event that is the last of its log at this time."""

    log: str
    seq: int
    hash: str
    at: datetime


class Signer(Protocol):
    """Whoever signs: a name, a public key that reads as `name+key id+base64`, and the act."""

    @property
    def name(self) -> str:
        """The checkpoint's origin."""

    @property
    def public_key(self) -> object:
        """Its text is the C2SP verifier key."""

    def sign_note(self, text: str) -> str:
        """The text as a C2SP signed note."""


def publish(tx: Tx, signer: Signer, *, limit: int = 1000) -> int:
    """Anchor up to `limit` processes that have news, in one checkpoint; how many those were.

    Heads that are being written to just now are left for the next time.
    """
    _lock_tree(tx)
    news = (
        sa.select(Head.log, Head.seq, Head.hash, Head.at)
        .where(Head.anchored < sa.literal_column("0"))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    heads = [_Last(*tuple(row)) for row in tx.execute(news)]
    if heads:
        _append(tx, signer, _without_leaf(tx, heads))
        moved = sa.update(Head).where(Head.log == sa.bindparam("its"))
        rows = [{"its": head.log, "upto": head.seq} for head in heads]
        tx.execute(moved.values(anchored=sa.bindparam("upto")), rows)
    return len(heads)


def anchor(tx: Tx, signer: Signer, log: str, seq: int | None = None) -> int:
    """Have a checkpoint say that `log` has just this event last (the newest, if not given).

    For an export or a trail, which must stand on a checkpoint over exactly what it holds: up to
    the event whose `seq` is returned. Writes nothing where there is one; Unknown without events.
    """
    _lock_tree(tx)
    entries = sa.select(Entry.log, Entry.seq, Entry.hash, Entry.at).where(Entry.log == log)
    if seq is not None:
        entries = entries.where(Entry.seq == seq)
    found = tx.execute(entries.order_by(Entry.seq.desc()).limit(1)).first()
    if found is None:
        raise Unknown("There is no such process.")
    last = _Last(*tuple(found))
    _append(tx, signer, _without_leaf(tx, [last]))
    return last.seq


def anchor_heads(tx: Tx, signer: Signer, logs: Sequence[str]) -> None:
    """Have one checkpoint say what these logs have last at this time.

    Waits for nobody who writes to one of them: what they add has its turn with the next.
    """
    _lock_tree(tx)
    heads = sa.select(Head.log, Head.seq, Head.hash, Head.at).where(Head.log.in_(logs))
    found = [_Last(*tuple(row)) for row in tx.execute(heads)]
    _append(tx, signer, _without_leaf(tx, found))


def export(conn: Connection, process_id: str, upto: int | None = None) -> Iterator[str]:
    """The checkpoint lines of an export that ends with event `upto` (the newest, if not given).

    One line, for the latest anchored event; none before the first checkpoint. The same events
    always give the same line, as long as the portal signs with the same key.
    """
    leaves = sa.select(Leaf.place, Leaf.seq).where(Leaf.log == process_id)
    if upto is not None:
        leaves = leaves.where(Leaf.seq <= upto)
    leaf = conn.execute(leaves.order_by(Leaf.seq.desc()).limit(1)).first()
    if leaf is None:
        return
    point = _over(conn, leaf.place)
    told = {
        "checkpoint": {
            "note": point.note,
            "key": point.public_key,
            "seq": leaf.seq,
            "index": leaf.place,
            "proof": [part.hex() for part in _proof(conn, leaf.place, point.size)],
        }
    }
    yield json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _over(conn: Connection, place: int) -> Any:
    """The first checkpoint over a leaf, by the key of today where there is one by it.

    Each covers all that is older, so whoever knows the key of today needs no older one.
    """
    newest = sa.select(Checkpoint.public_key).order_by(Checkpoint.size.desc()).limit(1)
    signed = (
        sa.select(
            Checkpoint.size,
            Checkpoint.note,
            Checkpoint.public_key,
            newest.scalar_subquery().label("of_today"),
        )
        .where(Checkpoint.size > place)
        .order_by(Checkpoint.size)
        .limit(1)
    )
    point = conn.execute(signed).one()
    if point.public_key == point.of_today:
        return point
    return conn.execute(signed.where(Checkpoint.public_key == point.of_today)).one()


def note(conn: Connection, size: int | None = None) -> str | None:
    """The signed note over the tree of that size, the newest if not given; None without one."""
    query = sa.select(Checkpoint.note).order_by(Checkpoint.size.desc()).limit(1)
    if size is not None:
        query = query.where(Checkpoint.size == size)
    return conn.execute(query).scalar()


def consistency(conn: Connection, old: int, new: int) -> dict[str, Any] | None:
    """Both notes and the proof that the newer tree only adds to the older (RFC 9162 §2.1.4).

    As LEDGER.md has it; None where there is no checkpoint of one of the sizes, or they are not
    in order.
    """
    notes = [note(conn, size) for size in (old, new)]
    if None in notes or not 0 < old <= new:
        return None
    path = _looked_up(conn, lambda stored: tree.consistency(old, new, stored))
    told = {"old": notes[0], "new": notes[1], "proof": [part.hex() for part in path]}
    return {"consistency": told}


def _lock_tree(tx: Tx) -> None:
    """One at a time: two trees of one size would be two truths."""
    if tx.conn.dialect.name == "postgresql":
        tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))


def _without_leaf(tx: Tx, heads: Sequence[_Last]) -> list[_Last]:
    places = sa.tuple_(Leaf.log, Leaf.seq).in_([head[:2] for head in heads])
    known = set(map(tuple, tx.execute(sa.select(Leaf.log, Leaf.seq).where(places))))
    return [head for head in heads if head[:2] not in known]


def _append(tx: Tx, signer: Signer, heads: Sequence[_Last]) -> None:
    """Write leaves, the subtrees they complete, and the checkpoint over them all."""
    if not heads:
        return
    size = tx.execute(sa.select(sa.func.max(Leaf.place))).scalar_one()
    size = 0 if size is None else size + 1
    nodes = _peaks(tx, size)
    leaves, grown = [], []
    for place, head in enumerate(heads, size):
        digest = tree.leaf(head.log, head.seq, head.hash)
        new = tree.grown(place, digest, lambda *where: nodes[where])
        nodes.update({(level, position): hash_ for level, position, hash_ in new})
        grown += [{"level": level, "position": at, "hash": hash_} for level, at, hash_ in new]
        leaves.append({"place": place, "log": head.log, "seq": head.seq})
    tx.execute(sa.insert(Leaf), leaves)
    tx.execute(sa.insert(Node), grown)
    # A clock set back must not sign a time before the events it signs.
    at = max(tx.now, *(head.at for head in heads))
    _sign(tx, signer, size + len(heads), tree.root(size + len(heads), lambda *p: nodes[p]), at)


def _sign(tx: Tx, signer: Signer, size: int, root: bytes, at: datetime) -> None:
    text = tree.note_text(signer.name, size, root, moment(at)).decode()
    row = {"size": size, "at": at, "note": signer.sign_note(text)}
    fault.at("F12")
    tx.execute(sa.insert(Checkpoint), {**row, "public_key": str(signer.public_key)})


def _peaks(tx: Tx, size: int) -> dict[tuple[int, int], bytes]:
    """The complete subtrees that together make the tree of `size` leaves."""
    places, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            places.append((level, start >> level))
            start += 1 << level
    return _nodes(tx.conn, places)


def _proof(conn: Connection, index: int, size: int) -> list[bytes]:
    return _looked_up(conn, lambda stored: tree.proof(index, size, stored))


def _looked_up(conn: Connection, proof: Callable[[tree.Lookup], list[bytes]]) -> list[bytes]:
    """A proof, read in one query: which nodes it needs is known beforehand."""
    needed: list[tuple[int, int]] = []

    def noted(level: int, position: int) -> bytes:
        needed.append((level, position))
        return b""

    proof(noted)
    nodes = _nodes(conn, needed)
    return proof(lambda *place: nodes[place])


def _nodes(conn: Connection, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    if not places:
        return {}
    rows = sa.select(Node.level, Node.position, Node.hash).where(
        sa.tuple_(Node.level, Node.position).in_(places)
    )
    return {(row.level, row.position): row.hash for row in conn.execute(rows)}
