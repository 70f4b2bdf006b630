"""A file that carries the portal's signature over all its own bytes: how one comes to bear it.

What a seal is, and how it is read, stands in ``ledger.seals``, which runs without the portal.
"""

from typing import TYPE_CHECKING

from portal.ledger import seals

if TYPE_CHECKING:
    from portal.delivery.seal import Seal


def slot(seal: "Seal") -> bytes:
    """What has to stand, in hex, where the seal shall be: 111 bytes."""
    return seals.WORDS + seal.public_key.raw + bytes(64)


def fill(raw: bytes, seal: "Seal") -> bytes:
    """The file with the signature in its slot. Raises NotSealed where there is not one slot."""
    found = seals.read(raw)
    signature = seal.sign(found.message).hex().upper().encode()
    return raw[: found.at] + signature + raw[found.at + len(signature) :]
