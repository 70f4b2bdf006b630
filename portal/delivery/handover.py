"""The signing key hands over to a new one, and both say so, so that old checkpoints stay proof.

The note of it is a C2SP signed note that bears the signatures of both keys (LEDGER.md). Whoever
kept either key can tell by it that the other is the same portal's.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from portal import clock
from portal.delivery.seal import KEY_FILE, PublicKey, Seal, SealBroken

NOTES_FILE = Path("keys/ledger.handovers")
_NEXT_FILE = Path("keys/ledger.next")
_PURPOSE = "portal-ledger/v1/key-change"
# Whoever holds the old key in memory just now may still sign what they are at.
_GRACE = timedelta(minutes=5)


def notes(data_dir: Path) -> str:
    """Every change of keys so far, as signed notes; empty before the first."""
    path = data_dir / NOTES_FILE
    return path.read_text(encoding="utf-8") if path.exists() else ""


def hand_over(data_dir: Path) -> PublicKey:
    """Have a new key sign from now on; returns it. The old one is gone after that.

    What was cut off half-way goes on where it stood. Raises SealBroken.
    """
    old = Seal.of(data_dir)
    pem = _next_key(data_dir / _NEXT_FILE)
    new = Seal.from_pem(pem, data_dir / _NEXT_FILE)
    told = notes(data_dir)
    if f"\nnew {new.public_key}\n" not in told:
        said = _note(old, new, clock.now() + _GRACE)
        _write(data_dir / NOTES_FILE, f"{told}\n{said}".lstrip("\n").encode())
    (data_dir / _NEXT_FILE).replace(data_dir / KEY_FILE)
    return new.public_key


def _note(old: Seal, new: Seal, until: datetime) -> str:
    at = until.replace(tzinfo=None).isoformat(timespec="microseconds")
    text = f"{_PURPOSE}\nold {old.public_key}\nnew {new.public_key}\ntime {at}Z\n"
    second = new.sign_note(text).partition("\n\n")[2]
    return old.sign_note(text) + second


def _next_key(path: Path) -> bytes:
    if path.exists():
        return path.read_bytes()
    made = Ed25519PrivateKey.generate()
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(path, pem)
    return pem


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, for the portal's own user alone."""
    draft = path.with_name(f".{path.name}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    except OSError as error:
        raise SealBroken(f"{path} can't be written: {error.strerror}.") from error
