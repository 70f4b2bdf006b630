"""The site tree over all chains' heads, and the signed notes that carry its root to others.

Standard library and `chain` only: the verifier runs from these files alone. The shape is that of
RFC 6962 (hashes, proofs) and of C2SP (signed-note, tlog-checkpoint); LEDGER.md has test vectors.
"""

import base64
import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from portal.ledger.chain import Malformed

KEY_TYPE = b"\x01"  # C2SP signature type

# --- the site tree (RFC 6962) -------------------------------------------------------------------

Lookup: TypeAlias = Callable[[int, int], bytes]
"""(level, position) of a complete subtree of 2^level leaves → its hash."""


def leaf(log: str, seq: int, head: str) -> bytes:
    """The leaf that says: this log had this many events and this head."""
    return hashlib.sha256(f"\0{log}\n{seq}\n{head}".encode()).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(size: int, stored: Lookup) -> bytes:
    """The root over the first `size` leaves, from the complete subtrees kept."""
    return _subtree(0, size, stored) if size else hashlib.sha256(b"").digest()


def proof(index: int, size: int, stored: Lookup) -> list[bytes]:
    """The inclusion proof of leaf `index` in the tree of `size` leaves, nearest sibling first."""
    path: list[bytes] = []
    start, count = 0, size
    while count > 1:
        left = _split(count)
        if index - start < left:
            path.append(_subtree(start + left, count - left, stored))
            count = left
        else:
            path.append(_subtree(start, left, stored))
            start, count = start + left, count - left
    return path[::-1]


def proven_root(index: int, size: int, leaf_hash: bytes, path: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162 §2.1.3.2). Raises Malformed."""
    if not 0 <= index < size:
        raise Malformed("the proof is for a leaf outside the tree")
    place, last, found = index, size - 1, leaf_hash
    for sibling in path:
        if not last:
            raise Malformed("the proof is longer than the tree is high")
        if place & 1 or place == last:
            found = node(sibling, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = node(found, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise Malformed("the proof is shorter than the tree is high")
    return found


def consistency(old: int, new: int, stored: Lookup) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with the one of `old` (RFC 9162 §2.1.4.1)."""
    path: list[bytes] = []
    start, count, left_of = 0, new, old
    while left_of != count:
        left = _split(count)
        if left_of <= left:
            path.append(_subtree(start + left, count - left, stored))
            count = left
        else:
            path.append(_subtree(start, left, stored))
            start, count, left_of = start + left, count - left, left_of - left
    if start:  # otherwise it is the old root itself, which whoever asks has
        path.append(_subtree(start, count, stored))
    return path[::-1]


def extends(old: int, new: int, roots: tuple[bytes, bytes], path: Sequence[bytes]) -> bool:
    """Whether a proof shows that the tree of `new` leaves only adds to that of `old` leaves.

    `roots` are the old one and the new one (RFC 9162 §2.1.4.2).
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and roots[0] == roots[1]
    parts = list(path) if old & (old - 1) else [roots[0], *path]
    if not parts:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = parts[0]
    for part in parts[1:]:
        if not last:
            return False
        if place & 1 or place == last:
            before, after = node(part, before), node(part, after)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            after = node(after, part)
        place, last = place >> 1, last >> 1
    return not last and (before, after) == roots


def grown(index: int, leaf_hash: bytes, stored: Lookup) -> list[tuple[int, int, bytes]]:
    """The (level, position, hash) of every subtree that leaf `index` completes, itself first."""
    level, found = 0, leaf_hash
    nodes = [(0, index, found)]
    while (index >> level) & 1:
        found = node(stored(level, (index >> level) - 1), found)
        level += 1
        nodes.append((level, index >> level, found))
    return nodes


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def _subtree(start: int, count: int, stored: Lookup) -> bytes:
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return stored(level, start >> level)
    left = _split(count)
    return node(_subtree(start, left, stored), _subtree(start + left, count - left, stored))


# --- checkpoints: C2SP signed notes -------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """What a signed note says, and who signed it: `signatures` are (name, key id, signature)."""

    origin: str
    size: int
    root: bytes
    at: str
    text: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]


def note_text(origin: str, size: int, root_hash: bytes, at: str) -> bytes:
    """The text that is signed: origin, size, root in base64, and the time as an extension line."""
    return f"{origin}\n{size}\n{base64.b64encode(root_hash).decode()}\ntime {at}\n".encode()


def key_id(name: str, public_key: bytes) -> bytes:
    """The four bytes by which a note names an Ed25519 key (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + KEY_TYPE + public_key).digest()[:4]


def read_note(note: str) -> Checkpoint:
    """Take a signed note apart, without judging its signatures. Raises Malformed."""
    head, separator, tail = note.rpartition("\n\n")
    lines = head.split("\n")
    if not separator or len(lines) < 3 or not all(lines) or not tail.endswith("\n"):
        raise Malformed("the checkpoint is not a signed note")
    origin, size, root_text = lines[:3]
    times = [line[5:] for line in lines[3:] if line.startswith("time ")]
    if not (size.isascii() and size.isdigit() and len(size) < 16 and str(int(size)) == size):
        raise Malformed("the checkpoint's size is not a number")
    if len(times) != 1:
        raise Malformed("the checkpoint does not say one time")
    signatures = tuple(_signature(line) for line in tail[:-1].split("\n"))
    root_hash = unbase64(root_text)
    if len(root_hash) != 32:
        raise Malformed("the checkpoint's root is not a hash")
    return Checkpoint(origin, int(size), root_hash, times[0], f"{head}\n".encode(), signatures)


def signers(note: Checkpoint, keys: Collection[bytes]) -> list[tuple[bytes, bytes]]:
    """The signature lines that bear the id of one of the keys: (key, signature), none judged."""
    return [
        (key, signature)
        for key in keys
        for name, kid, signature in note.signatures
        if kid == key_id(name, key)
    ]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—":
        raise Malformed("a signature line of the checkpoint cannot be read")
    packed = unbase64(parts[2])
    return parts[1], packed[:4], packed[4:]


def unbase64(text: str) -> bytes:
    """Strict base64. Raises Malformed, also for a second spelling of the same bytes."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        raise Malformed("base64 was expected") from None
    if base64.b64encode(found).decode() != text:
        raise Malformed("base64 was expected")
    return found
