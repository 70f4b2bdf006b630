"""Checking an Ed25519 signature with the standard library alone (RFC 8032 §5.1.7).

Slow (some milliseconds a signature) and not constant in time, which is no harm: it handles no
secret. Signing is the business of `delivery.seal`.
"""

import hashlib
from typing import TypeAlias

from portal.ledger.chain import Malformed
from portal.ledger.tree import KEY_TYPE, unbase64

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point: TypeAlias = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T


def public_key(text: str) -> bytes:
    """The 32 raw bytes of a key written in hex, in base64, as C2SP verifier key or as PEM."""
    text = text.strip()
    if text.startswith("-----BEGIN PUBLIC KEY-----"):
        packed = unbase64("".join(text.split("\n")[1:-1]).replace("\r", ""))
        text = packed[12:].hex() if packed[:12] == _PEM_HEAD else ""
    elif "+" in text and len(parts := text.split("+", 2)) == 3 and len(parts[1]) == 8:
        packed = unbase64(parts[2])
        text = packed[1:].hex() if packed[:1] == KEY_TYPE else ""
    try:
        found = bytes.fromhex(text) if len(text) == 64 else unbase64(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise Malformed("the public key is not an Ed25519 key (hex, base64, PEM or name+id+key)")
    return found


_PEM_HEAD = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo of Ed25519


def is_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this Ed25519 signature of the message is the key's; False for anything malformed."""
    if len(public) != 32 or len(signature) != 64:
        return False
    point, commitment = _decompress(public), _decompress(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or commitment is None or scalar >= _L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % _L
    left, right = _times(scalar, _BASE), _add(commitment, _times(challenge, point))
    same_x = (left[0] * right[2] - right[0] * left[2]) % _P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % _P == 0


def _add(one: _Point, two: _Point) -> _Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % _P
    b = (one[1] + one[0]) * (two[1] + two[0]) % _P
    c = 2 * one[3] * two[3] * _D % _P
    d = 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _decompress(packed: bytes) -> _Point | None:
    y = int.from_bytes(packed, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


def _base() -> _Point:
    found = _decompress((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    assert found is not None
    return found


_BASE = _base()
