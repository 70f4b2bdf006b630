"""A file that carries the portal's signature over all its own bytes: how one comes to bear it.

What a seal is, and how it is read, stands in ``ledger.seals``, which runs without the portal.
"""

import hashlib
import os
from typing import IO, TYPE_CHECKING

from portal.ledger import seals

if TYPE_CHECKING:
    from portal.delivery.seal import Seal

_PIECE = 1024 * 1024
_SIGNATURE = 128  # bytes, in hex


def slot(seal: "Seal") -> bytes:
    """What has to stand, in hex, where the seal shall be: 111 bytes."""
    return seals.WORDS + seal.public_key.raw + bytes(64)


def fill(file: IO[bytes], seal: "Seal") -> None:
    """Put the signature into the slot of a file, piece by piece. Raises NotSealed without one."""
    wanted = slot(seal).hex().upper().encode()
    at = _last(file, wanted) + len(wanted) - _SIGNATURE
    # The zeros of the slot are signed with the rest: it is signed as it lies.
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]
    file.seek(at)
    file.write(seal.sign(seals.PURPOSES[2] + digest).hex().upper().encode())
    file.flush()


def _last(file: IO[bytes], wanted: bytes) -> int:
    """Where it stands last, looked for from behind: the seal's revision was appended last."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - _PIECE)
        file.seek(start)
        place = file.read(end - start).rfind(wanted)
        if place >= 0:
            return start + place
        end = start and start + len(wanted)  # it may stand across the border
    raise seals.NotSealed("The file has no place for a seal.")
