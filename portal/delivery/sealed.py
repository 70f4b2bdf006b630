"""A file that carries the portal's signature over all its own bytes.

Whoever writes the file leaves a slot in it: the words ``portal-seal/v1``, the public key and 128
zeros, all in plain ASCII. The signature of everything, the slot with its zeros included, then
takes their place. So there is nothing in the file that could be changed: no page, no title, no
byte that only some readers look at.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.errors import PortalError

if TYPE_CHECKING:
    from portal.delivery.seal import Seal

_PURPOSE = b"portal-trail/v1\0"  # no note and no event begins like this
_WORDS = b"portal-seal/v1"
_SLOT = re.compile(_WORDS + rb" ([0-9a-f]{64}) ([0-9a-f]{128})(?![0-9a-f])")
_EMPTY = b"0" * 128


class NotSealed(PortalError):
    """The file bears no seal, or more than one."""

    code, title = "not-sealed", "This file bears no seal"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a seal says: whose it is, what was signed, and the signature."""

    key: bytes
    message: bytes
    signature: bytes


def slot(seal: "Seal") -> str:
    """What to write into a file where its seal shall be."""
    return f"{_WORDS.decode()} {seal.public_key.raw.hex()} {_EMPTY.decode()}"


def fill(raw: bytes, seal: "Seal") -> bytes:
    """The file with the signature in its slot. Raises NotSealed where there is not one slot."""
    before, after, found = _around(raw)
    signature = seal.sign(found.message).hex().encode()
    return b"".join((before, signature, after))


def read(raw: bytes) -> Sealed:
    """The seal of a file, its signature not judged yet. Raises NotSealed."""
    return _around(raw)[2]


def _around(raw: bytes) -> tuple[bytes, bytes, Sealed]:
    """What stands before and behind the signature, and the seal."""
    found = list(_SLOT.finditer(raw))
    if len(found) != 1:
        count = "more than one seal" if found else "no seal"
        raise NotSealed(f"The file bears {count} of a portal over its bytes.")
    key, signature = (bytes.fromhex(part.decode()) for part in found[0].groups())
    before, after = raw[: found[0].start(2)], raw[found[0].end(2) :]
    digest = hashlib.sha256(before)
    digest.update(_EMPTY)
    digest.update(after)
    return before, after, Sealed(key, _PURPOSE + digest.digest(), signature)
