"""Looking over the site tree and its checkpoints as they are stored, some at a time.

Every leaf is the event that it names, every subtree what its halves give, every checkpoint signed
by its key over just the tree of its size.
"""

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger import chain, ed25519, tree
from portal.ledger.tables import Checkpoint, Entry, Leaf, Node


class Looked(NamedTuple):
    """How far it was looked (``None``: to the end), at how many, and the first fault found."""

    upto: int | None
    many: int
    fault: str | None


def leaves(conn: Connection, start: int, limit: int = 1000) -> Looked:
    """Look at the leaves from place ``start`` on, and at the subtrees that each completes."""
    joined = (
        sa.select(Leaf.place, Leaf.log, Leaf.seq, Entry.hash)
        .outerjoin(Entry, sa.and_(Entry.log == Leaf.log, Entry.seq == Leaf.seq))
        .where(Leaf.place >= start)
        .order_by(Leaf.place)
        .limit(limit)
    )
    rows = conn.execute(joined).all()
    nodes = _nodes(conn, start, start + limit)
    for expected, row in enumerate(rows, start):
        if fault := _leaf_fault(expected, row, nodes):
            return Looked(row.place, len(rows), fault)
    if len(rows) < limit:
        return Looked(None, len(rows), None if rows or start else _cut_off(conn))
    return Looked(rows[-1].place + 1, len(rows), None)


def notes(conn: Connection, after: int, limit: int = 200) -> Looked:
    """Look at the checkpoints over more than ``after`` leaves."""
    query = sa.select(Checkpoint.size, Checkpoint.note, Checkpoint.public_key)
    query = query.where(Checkpoint.size > after).order_by(Checkpoint.size).limit(limit)
    rows = conn.execute(query).all()
    for row in rows:
        if fault := _note_fault(conn, row):
            return Looked(row.size, len(rows), fault)
    return Looked(rows[-1].size if len(rows) == limit else None, len(rows), None)


def _leaf_fault(expected: int, row: Any, nodes: dict[tuple[int, int], bytes]) -> str | None:
    place, log, seq, digest = row
    if place != expected:
        return f"Leaf {expected} of the site tree is gone."
    if digest is None:
        return f"Event {seq} of process {log} is gone, which the site tree has as leaf {place}."
    found = tree.leaf(log, seq, digest)
    for level in range(64):
        at = place >> level
        if nodes.get((level, at)) != found:
            what = "is not the event that was signed" if not level else "does not fit its halves"
            return f"The site tree was changed: node {at} of level {level} {what} (process {log})."
        if not at & 1:
            return None
        found = tree.node(nodes.get((level, at - 1), b""), found)
    return None


def _nodes(conn: Connection, start: int, end: int) -> dict[tuple[int, int], bytes]:
    """All subtrees that leaves of these places complete, and what stands left of them."""
    ranges = [
        sa.and_(Node.level == level, Node.position.between((start >> level) - 1, end >> level))
        for level in range(end.bit_length() + 1)
    ]
    query = sa.select(Node.level, Node.position, Node.hash).where(sa.or_(*ranges))
    return {(row.level, row.position): _raw(row.hash) for row in conn.execute(query)}


def _raw(stored: Any) -> bytes:
    """What stands where bytes belong; SQLite keeps whatever somebody put there."""
    return bytes(stored) if isinstance(stored, bytes | memoryview) else b""


def _cut_off(conn: Connection) -> str | None:
    """Whether there are checkpoints, and not one leaf."""
    signed = conn.execute(sa.select(sa.func.max(Checkpoint.size))).scalar()
    return f"The site tree is gone: {signed} leaves of it were signed." if signed else None


def _note_fault(conn: Connection, row: Any) -> str | None:
    try:
        said = tree.read_note(row.note)
        key = ed25519.public_key(row.public_key)
        signed = tree.signers(said, [key])
        fits = signed and all(ed25519.is_signature(one, said.text, its) for one, its in signed)
        known = _tree_of(conn, row.size)
    except (chain.Malformed, KeyError):
        return f"The checkpoint over {row.size} leaves, or the tree under it, is damaged."
    if not fits or said.size != row.size:
        return f"The checkpoint over {row.size} leaves was changed: it is not as it was signed."
    if said.root != known:
        return f"The site tree is not the one that the checkpoint over {row.size} leaves signed."
    return None


def _tree_of(conn: Connection, size: int) -> bytes:
    needed: list[tuple[int, int]] = []

    def noted(level: int, position: int) -> bytes:
        needed.append((level, position))
        return b""

    tree.root(size, noted)
    which = sa.tuple_(Node.level, Node.position).in_(needed)
    query = sa.select(Node.level, Node.position, Node.hash).where(which)
    nodes = {(row.level, row.position): _raw(row.hash) for row in conn.execute(query)}
    return tree.root(size, lambda *place: nodes[place])
