"""Magic links: made and read with keys that the database never sees.

A token is base64url of ``kid(1) ‖ link id(16) ‖ generation(2) ‖ tag(17)``, 36 bytes and so 48
characters without padding. The tag is HMAC-SHA256 cut to 136 bits. Every key given in the
settings opens links; the newest makes them, so that keys can be changed without breaking any.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass

_PURPOSE = b"portal-link/v1\0"
_ID, _TAG = 16, 17
_LENGTH, _BYTES = 48, 36
_BREAK = re.compile(r"=?\r?\n")
_GENERATIONS = 2**16


@dataclass(frozen=True, slots=True)
class _Keys:
    """The name and key that make links, all keys newest first and by name, where links lead.

    A name has one byte, so that two keys may share one: each then opens the links it made.
    """

    newest: tuple[int, bytes]
    all: tuple[bytes, ...]
    by_name: dict[int, list[bytes]]
    base_url: str


_keys: _Keys | None = None


def configure(keys: tuple[str, ...], base_url: str) -> None:
    """Take the keys, newest first, and the address of the portal; once in every process."""
    global _keys
    by_name: dict[int, list[bytes]] = {}
    for key in keys:
        by_name.setdefault(_name(key), []).append(_secret(key))
    newest = (_name(keys[0]), _secret(keys[0]))
    every = tuple(_secret(key) for key in keys)
    _keys = _Keys(newest, every, by_name, base_url.rstrip("/"))


def mint(link_id: str, generation: int) -> str:
    """The token of a link (32 hex digits) in a generation."""
    return _token(*_configured().newest, bytes.fromhex(link_id), generation)


def read(token: str) -> tuple[str, int] | None:
    """Link id and generation of a true token, ``None`` for any other; asks no database.

    Only the one spelling that ``mint`` makes is taken: base64 has others for the same bytes.
    """
    if len(token) != _LENGTH or not token.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(token)
    except (binascii.Error, ValueError):
        return None
    # Foreign signs are passed over in decoding, so 48 of them may be fewer bytes, or none.
    if len(raw) != _BYTES:
        return None
    link_id, generation = raw[1 : 1 + _ID], int.from_bytes(raw[1 + _ID : 3 + _ID])
    for key in _configured().by_name.get(raw[0], ()):
        if hmac.compare_digest(_token(raw[0], key, link_id, generation), token):
            return link_id.hex(), generation
    return None


def mended(text: str) -> str:
    """A token as mail programs and hurried fingers leave it, without what they put around it.

    Trailing punctuation, line breaks wherever they fell and percent signs go; what remains is
    judged by ``read`` as strictly as ever.
    """
    whole = _BREAK.sub("", text).strip().replace("%2D", "-").replace("%5F", "_")
    return whole.rstrip("=.,;:)]}>\"'&\\")


def url(link_id: str, generation: int) -> str:
    """The address that a mail carries."""
    return f"{base_url()}/t/{mint(link_id, generation)}"


def room_url(room_id: str, generation: int) -> str:
    """The address that the mail to an outside auditor carries."""
    return f"{base_url()}/a/{mint(room_id, generation)}"


def secrets_for(purpose: bytes) -> tuple[bytes, ...]:
    """Keys for something else than links, the newest first: none tells anything of another."""
    return tuple(hmac.digest(key, purpose, "sha256") for key in _configured().all)


def base_url() -> str:
    """Where the portal is, without a slash at the end."""
    return _configured().base_url


def short(link_id: str) -> str:
    """How logs and the ledger name a link: enough to tell it apart, too little to guess it."""
    return link_id[:8]


def _token(name: int, key: bytes, link_id: bytes, generation: int) -> str:
    head = bytes([name]) + link_id + (generation % _GENERATIONS).to_bytes(2)
    tag = hmac.digest(key, _PURPOSE + head, "sha256")[:_TAG]
    return base64.urlsafe_b64encode(head + tag).decode()


def _name(key: str) -> int:
    return hashlib.sha256(key.encode()).digest()[0]


def _secret(key: str) -> bytes:
    return hashlib.sha256(b"portal-link-key\0" + key.encode()).digest()


def _configured() -> _Keys:
    if _keys is None:
        raise RuntimeError("access.links was not configured")
    return _keys
