"""The portal's own signature: one Ed25519 key in a file outside the database.

Checkpoints are signed notes as C2SP describes them (https://c2sp.org/signed-note): a text, an
empty line, and one line ``— NAME BASE64`` per signature, where the base64 holds four bytes that
name the key and then the 64 bytes of the signature. The public key is written in the same
document's form, ``NAME+KEYID+BASE64``, and is what an auditor keeps.
"""

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from portal.errors import PortalError

KEY_FILE = Path("keys/ledger.ed25519")
_PUT_BACK = "Put the file back from a backup, readable for the portal's own user."
_ALGORITHM = b"\x01"  # Ed25519, in the table of the signed-note document


class SealBroken(PortalError):
    """The key file can't be used, or a signature isn't what it says."""

    status, code, title = 500, "seal-broken", "The portal's signing key can't be used"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A verifying key: its name, and its 32 bytes."""

    name: str
    raw: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key in a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ALGORITHM + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_base64(_ALGORITHM + self.raw)}"


class Seal:
    """The signing key. Load one with ``Seal.of(data_dir)``."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes_raw()
        # The name stays with the key for good: taken from the base address it would change
        # when a portal moves, and older checkpoints would name a key nobody can find.
        self.name = f"portal-ledger/{hashlib.sha256(raw).hexdigest()[:16]}"
        self.public_key = PublicKey(self.name, raw)

    @classmethod
    def of(cls, data_dir: Path) -> "Seal":
        """The key of this data directory, made on first use; raises SealBroken."""
        path = data_dir / KEY_FILE
        try:
            if not path.exists():
                keep(path, _fresh())
            return cls.from_pem(path.read_bytes(), path)
        except OSError as error:
            raise SealBroken(f"The signing key {path} can't be read.", _PUT_BACK) from error

    @classmethod
    def from_pem(cls, pem: bytes, path: Path) -> "Seal":
        """The key that a file at ``path`` holds; raises SealBroken."""
        try:
            private = load_pem_private_key(pem, password=None)
        except ValueError as error:
            raise SealBroken(f"The signing key {path} can't be read.", _PUT_BACK) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise SealBroken(f"The signing key {path} is not an Ed25519 key.")
        return cls(private)

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature over the exact bytes given."""
        return self._private.sign(message)

    def sign_note(self, text: str) -> str:
        """The text as a signed note. It ends with a newline, as C2SP asks; raises ValueError."""
        if not text.endswith("\n") or any(ord(sign) < 32 and sign != "\n" for sign in text):
            raise ValueError("a note is lines of printable text, each with its newline")
        signature = _base64(self.public_key.key_id + self.sign(text.encode()))
        return f"{text}\n— {self.name} {signature}\n"


def keep(path: Path, pem: bytes) -> None:
    """Write a fresh key so that two processes starting at once end with the same file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(descriptor)
    try:
        os.link(draft, path)  # fails where the other process was first; its key then counts
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _fresh() -> bytes:
    private = Ed25519PrivateKey.generate()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _base64(blob: bytes) -> str:
    return base64.b64encode(blob).decode()
