"""A file that carries the portal's signature over all its own bytes.

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
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.errors import PortalError

if TYPE_CHECKING:
    from portal.delivery.seal import Seal

WORDS = b"portal-seal/v2 "
_PLAIN = re.compile(rb"portal-seal/v1 ([0-9a-f]{64}) ([0-9a-f]{128})(?![0-9a-f])")
_IN_HEX = re.compile(WORDS.hex().upper().encode() + rb"([0-9A-F]{64})([0-9A-F]{128})")
# No note and no event begins like this.
_PURPOSES = {1: b"portal-trail/v1\0", 2: b"portal-trail/v2\0"}
_EMPTY = b"0" * 128


class NotSealed(PortalError):
    """The file bears no seal, or more than one."""

    code, title = "not-sealed", "This file bears no seal"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a seal says: whose it is, what was signed, the signature, and which seal it is."""

    key: bytes
    message: bytes
    signature: bytes
    version: int = 1


def slot(seal: "Seal") -> bytes:
    """What has to stand, in hex, where the seal shall be: 111 bytes."""
    return WORDS + seal.public_key.raw + bytes(64)


def fill(raw: bytes, seal: "Seal") -> bytes:
    """The file with the signature in its slot. Raises NotSealed where there is not one slot."""
    before, after, found = _around(raw)
    signature = seal.sign(found.message).hex().upper().encode()
    return b"".join((before, signature, after))


def read(raw: bytes) -> Sealed:
    """The seal of a file, its signature not judged yet. Raises NotSealed."""
    return _around(raw)[2]


def _around(raw: bytes) -> tuple[bytes, bytes, Sealed]:
    """What stands before and behind the signature, and the seal."""
    # It stands in the revision that was appended last. Whatever else looks like one came from
    # people, in a file that the document carries: it must not keep the document from being sealed.
    found = [(2, match) for match in _IN_HEX.finditer(raw)][-1:]
    found = found or [(1, match) for match in _PLAIN.finditer(raw)]
    if len(found) != 1:
        count = "more than one seal" if found else "no seal"
        raise NotSealed(f"The file bears {count} of a portal over its bytes.")
    [(version, match)] = found
    key, signature = (bytes.fromhex(part.decode()) for part in match.groups())
    before, after = raw[: match.start(2)], raw[match.end(2) :]
    digest = hashlib.sha256(before)
    digest.update(_EMPTY)
    digest.update(after)
    message = _PURPOSES[version] + digest.digest()
    return before, after, Sealed(key, message, signature, version)
