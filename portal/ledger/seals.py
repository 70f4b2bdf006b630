"""Check 13: a file bears the portal's signature over all its own bytes. Standard library only.

The file has a slot: some words that say which seal it is, the public key and 128 zeros. The
signature of everything, the slot with its zeros included, then takes the zeros' place. So there
is nothing in the file that could be changed: no page, no title, no byte that only some readers
look at.

``portal-seal/v1`` wrote its slot into the file's own text, once and in plain ASCII. ``v2`` writes
it, in hex, into the one place of a PDF that its PAdES signature leaves out, the signature's own:
so the two cover each other, and every reader of PDFs finds the file whole. The last one counts.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from portal.ledger import chain, ed25519
from portal.ledger.findings import ALTERED, OTHER_KEY, Report
from portal.ledger.keepsakes import Kept, trusted

WORDS = b"portal-seal/v2 "
_PLAIN = re.compile(rb"portal-seal/v1 ([0-9a-f]{64}) ([0-9a-f]{128})(?![0-9a-f])")
_IN_HEX = re.compile(WORDS.hex().upper().encode() + rb"([0-9A-F]{64})([0-9A-F]{128})")
# No note and no event begins like this.
PURPOSES = {1: b"portal-trail/v1\0", 2: b"portal-trail/v2\0"}
_EMPTY = b"0" * 128
_BEGIN, _END = re.compile(rb"stream\r?\n"), b"\nendstream"


class NotSealed(chain.Malformed):
    """The file bears no seal, or more than one."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a seal says: whose it is, what was signed, the signature, and which seal it is.

    ``at`` is where the signature stands in the file.
    """

    key: bytes
    message: bytes
    signature: bytes
    version: int
    at: int


def read(raw: bytes) -> Sealed:
    """The seal of a file, its signature not judged yet. Raises NotSealed."""
    # It stands in the revision that was appended last. Whatever else looks like one came from
    # people, in a file that the document carries: it must not keep the document from being sealed.
    found = [(2, match) for match in _IN_HEX.finditer(raw)][-1:]
    found = found or [(1, match) for match in _PLAIN.finditer(raw)]
    if len(found) != 1:
        count = "more than one seal" if found else "no seal"
        raise NotSealed(f"The file bears {count} of a portal over its bytes.")
    [(version, match)] = found
    key, signature = (bytes.fromhex(part.decode()) for part in match.groups())
    digest = hashlib.sha256(memoryview(raw)[: match.start(2)])
    digest.update(_EMPTY)
    digest.update(memoryview(raw)[match.end(2) :])
    return Sealed(key, PURPOSES[version] + digest.digest(), signature, version, match.start(2))


def is_sealed(raw: bytes) -> bool:
    """Whether a file bears what looks like a seal."""
    return bool(_IN_HEX.search(raw) or _PLAIN.search(raw))


def streams(raw: bytes) -> Iterator[bytes]:
    """What lies between the words that a stream of a PDF stands between, each time.

    Found without reading the file as one, in one walk over it.
    """
    at = 0
    while match := _BEGIN.search(raw, at):
        end = raw.find(_END, match.end())
        if end < 0:  # nor is there an end for any that begins later
            return
        yield raw[match.end() : end].removesuffix(b"\r")
        at = end + len(_END)


def check(report: Report, raw: bytes, key: bytes | None, kept: Kept) -> Sealed | None:
    """Whose the file is, and that it is still what they signed; the seal, where there is one.

    Right after a change of keys the file is signed by the new key, and the checkpoint in it, which
    was there before, by the old one: that is sound where the change, signed by both, is at hand.
    """
    report.done.add(13)
    try:
        seal = read(raw)
    except NotSealed as fault:
        report.find(13, ALTERED, str(fault))
        return None
    if ed25519.is_signature(seal.key, seal.message, seal.signature):
        _judge_key(report, seal, key, kept)
    else:
        report.find(13, ALTERED, "the file was changed after the portal signed it")
    return seal


def _judge_key(report: Report, seal: Sealed, key: bytes | None, kept: Kept) -> None:
    signed = bytes.fromhex(report.key) if report.key else None
    known = trusted(key or signed or seal.key, kept.successions)
    until = known.get(seal.key)
    if until is None:
        two = "the file and the checkpoint in it are signed by two keys, and no change of keys"
        text = "the file was signed by another key" if key else f"{two} ties them"
        report.find(13, OTHER_KEY if key else ALTERED, text)
    elif until and report.signed_at > until:
        text = f"the file is signed by a key that was given up before, {until}"
        report.find(13, OTHER_KEY, text)
    elif signed not in (None, seal.key):
        report.remarks.append(
            f"The file is signed by {seal.key.hex()}, the checkpoint in it by {report.key}: "
            "a change of keys that both signed ties them."
        )
