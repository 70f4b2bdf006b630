"""What other people kept, and how it holds a ledger to its past: check 10. Standard library only.

A receipt, an older copy, a checkpoint, the proof that one checkpoint only adds to another, and
the note by which a key hands over to the next.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from portal.ledger import chain, ed25519, tree
from portal.ledger.findings import ALTERED, INCOMPLETE, OTHER_KEY, Report

HANDOVER = "portal-ledger/v1/key-change"
# Whatever stands around them, in whatever language: a process, a number, a hash.
_RECEIPT = re.compile(
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\W+(?:\w+\W+){0,4}?"
    r"(\d{1,9})\W+(?:\w+\W+){0,4}?([0-9a-f]{64})(?![0-9a-f])"
)
_PLAIN = re.compile(r"\s*(\d{1,9}):([0-9a-f]{64})\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Receipt:
    """An event that somebody was told of; `log` is empty where they do not say the process."""

    seq: int
    hash: str
    log: str = ""
    whence: str = "a receipt"


@dataclass(frozen=True)
class Note:
    """A checkpoint that somebody kept; one of an older export needs no proof, its events do."""

    said: tree.Checkpoint
    whence: str
    needs_proof: bool = True


@dataclass(frozen=True)
class Proof:
    """That the tree of one size begins with the tree of a smaller one."""

    old: int
    new: int
    path: tuple[bytes, ...]


@dataclass(frozen=True)
class Succession:
    """That one key hands over to the next, at a moment, signed by both."""

    old: bytes
    new: bytes
    at: str


@dataclass(frozen=True)
class Kept:
    """All that is held against a ledger."""

    receipts: tuple[Receipt, ...] = ()
    notes: tuple[Note, ...] = ()
    proofs: tuple[Proof, ...] = ()
    successions: tuple[Succession, ...] = ()

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(
            self.receipts + other.receipts,
            self.notes + other.notes,
            self.proofs + other.proofs,
            self.successions + other.successions,
        )


NOTHING = Kept()


# --- reading ------------------------------------------------------------------------------------


def of_text(text: str, whence: str = "a receipt") -> Kept:
    """What a text holds: receipts, a checkpoint, a proof, a change of keys, or a page of them.

    A receipt is `NUMBER:HASH`, or process, number and hash with any words around them. Raises
    Malformed where it is nothing of these.
    """
    text = text.replace("\r\n", "\n")
    if plain := _PLAIN.fullmatch(text):
        return Kept(receipts=(Receipt(int(plain[1]), plain[2].lower(), "", whence),))
    if text.lstrip().startswith("{"):
        return _of_proof(chain.parse(text), whence)
    notes = [_of_note(part, whence) for part in _notes(text)]
    if notes:
        return sum(notes, NOTHING)
    found = tuple(Receipt(int(one[2]), one[3], one[1], whence) for one in _RECEIPT.finditer(text))
    if not found:
        raise chain.Malformed(
            "neither a ledger, a receipt (NUMBER:HASH, or process, number and hash), "
            "a checkpoint nor a proof"
        )
    return Kept(receipts=found)


def is_change(raw: bytes) -> bool:
    """Whether a text begins as a change of keys does."""
    return raw.startswith(f"{HANDOVER}\n".encode())


def _notes(text: str) -> Iterable[str]:
    """The signed notes of a page: each a text, an empty line, and its lines of signatures."""
    parts = text.split("\n\n")
    for head, tail in pairwise(parts):
        signed = [line for line in tail.split("\n") if line.startswith("— ")]
        if signed and not head.startswith("— "):
            lines = head.split("\n")
            start = max((at + 1 for at, line in enumerate(lines) if line.startswith("— ")),
                        default=0)  # fmt: skip
            yield "\n".join(lines[start:]) + "\n\n" + "".join(f"{line}\n" for line in signed)


def _of_note(text: str, whence: str) -> Kept:
    if text.startswith(f"{HANDOVER}\n"):
        return Kept(successions=(_succession(text),))
    return Kept(notes=(Note(tree.read_note(text), whence),))


def _of_proof(item: Any, whence: str) -> Kept:
    try:
        said = item["consistency"]
        old, new = tree.read_note(said["old"]), tree.read_note(said["new"])
        path = tuple(bytes.fromhex(part) for part in said["proof"])
    except (KeyError, TypeError, AttributeError, ValueError):
        raise chain.Malformed("the proof of consistency is damaged") from None
    return Kept(
        notes=(Note(old, whence), Note(new, whence)), proofs=(Proof(old.size, new.size, path),)
    )


def _succession(text: str) -> Succession:
    """Take a change of keys apart; Malformed unless both keys signed it."""
    head, _, tail = text.partition("\n\n")
    said = dict(line.split(" ", 1) for line in head.split("\n")[1:] if " " in line)
    signed = [line.split(" ") for line in tail.splitlines()]
    try:
        keys = [ed25519.public_key(said[which]) for which in ("old", "new")]
        for key in keys:
            [signature] = [
                packed[4:]
                for _, name, text64 in signed
                if (packed := tree.unbase64(text64))[:4] == tree.key_id(name, key)
            ]
            if not ed25519.is_signature(key, f"{head}\n".encode(), signature):
                raise chain.Malformed("the change of keys is not signed by both")
        return Succession(keys[0], keys[1], said["time"])
    except (KeyError, ValueError):
        raise chain.Malformed("the change of keys is not signed by both") from None


# --- holding a ledger to it ---------------------------------------------------------------------


def trusted(key: bytes, successions: Sequence[Succession]) -> dict[bytes, str]:
    """The key, and those it vouches for: each with the last moment it may sign, "" for no end.

    A key vouches for the one it handed over to, and for the one it took over from.
    """
    found = [key]
    for one in found:
        for change in successions:
            for this, other in ((change.old, change.new), (change.new, change.old)):
                if this == one and other not in found:
                    found.append(other)
    ends = {change.old: change.at for change in successions}
    return {one: ends.get(one, "") if one != key else "" for one in found}


def compare(
    report: Report, notes: Sequence[tree.Checkpoint], kept: Kept, keys: dict[bytes, str]
) -> None:
    """Find where the site's tree, as the file's checkpoints say it, breaks with one kept."""
    for older in kept.notes:
        report.done.add(10)
        known = keys or ({bytes.fromhex(report.key): ""} if report.key else {})
        if known and not _is_theirs(report, older, known):
            continue
        if not notes and older.needs_proof:
            text = f"{older.whence} can't be compared: this file holds no checkpoint that is sound"
            report.find(10, INCOMPLETE, text)
        for note in notes:
            _compare(report, older, note, kept.proofs)


def _is_theirs(report: Report, older: Note, keys: dict[bytes, str]) -> bool:
    found = tree.signers(older.said, keys)
    if found and all(ed25519.is_signature(key, older.said.text, one) for key, one in found):
        return True
    text = f"the checkpoint in {older.whence} is not signed by the key: it proves nothing here"
    report.find(10, OTHER_KEY, text)
    return False


def _compare(report: Report, older: Note, note: tree.Checkpoint, proofs: Sequence[Proof]) -> None:
    first, last = sorted((older.said, note), key=lambda one: one.size)
    if first.size == last.size:
        if first.root != last.root:
            text = f"{older.whence} has another tree of {first.size}: two histories were told"
            report.find(10, ALTERED, text)
        return
    if first.at > last.at:
        text = (
            f"the portal's tree was set back: it had {last.size} leaves at {last.at} and "
            f"{first.size} at {first.at} ({older.whence}); an old backup, or a rewritten past"
        )
        report.find(10, ALTERED, text)
        return
    paths = [one.path for one in proofs if (one.old, one.new) == (first.size, last.size)]
    if not paths and not older.needs_proof:
        return
    if not paths:
        text = (
            f"{older.whence} can't be compared without the proof from {first.size} to "
            f"{last.size}: get it from the portal, /.well-known/portal-ledger/consistency/"
            f"{first.size}/{last.size}, and give it with --older"
        )
        report.find(10, INCOMPLETE, text)
    elif not any(tree.extends(first.size, last.size, (first.root, last.root), p) for p in paths):
        text = f"the tree of {last.size} does not continue the one in {older.whence}: rewritten"
        report.find(10, ALTERED, text)
