"""The arithmetic of the ledger: canonical bytes, event hashes, commitments.

Standard library only and no import from the rest of the house, so that a verifier can run from
this file and its neighbour alone. Every constant here is written down in LEDGER.md and can never
change: ledgers of today must verify in twenty years.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"

_EVENT = b"portal-ledger/v1/event\0"
_GENESIS = b"portal-ledger/v1/genesis\0"
_COMMIT = b"portal-ledger/v1/commit\0"
_MAX_INT = 2**53  # exclusive, both signs: beyond it JSON readers disagree
_MAX_DEPTH = 64
_PLAIN = frozenset((str, bool, type(None)))
_BIG = "a whole number is 2^53 or more; write it as text"
_HALF = "a text holds half a surrogate pair, which is no character"

EVENT_KEYS = frozenset(("v", "log", "seq", "prev", "at", "type", "actor", "cause", "data", "priv"))


class Malformed(ValueError):
    """Something is not ledger JSON; the message says what, in plain words."""


# --- canonical JSON (RFC 8785, without floats) --------------------------------------------------

_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
).encode


def canonical(value: Json) -> bytes:
    """The one spelling of a value, as UTF-8.

    Allowed are null, booleans, integers below 2^53, strings, lists, and objects with ASCII keys.
    Raises Malformed for anything else: floats, big integers, lone surrogates, foreign types.
    """
    if type(value) not in _PLAIN:
        _require_plain(value, 0)
    try:
        return _encode(value).encode()
    except UnicodeEncodeError:
        raise Malformed(_HALF) from None


def _require_plain(value: object, depth: int) -> None:
    if isinstance(value, dict | list | tuple):
        _require_plain_inside(value, depth + 1)
    elif value is None or isinstance(value, str | bool):
        return
    elif isinstance(value, int):
        if not -_MAX_INT < value < _MAX_INT:
            raise Malformed(_BIG)
    elif isinstance(value, float):
        raise Malformed("a number has a fraction or an exponent; write it as text")
    else:
        raise Malformed(f"{type(value).__name__} is not a ledger value")


def _require_plain_inside(
    value: "dict[Any, Any] | list[Any] | tuple[Any, ...]", depth: int
) -> None:
    if depth > _MAX_DEPTH:
        raise Malformed(f"lists and objects are nested deeper than {_MAX_DEPTH}")
    if isinstance(value, dict):
        if not _are_ascii(value):
            raise Malformed("a key is not plain ASCII text")
        value = tuple(value.values())
    for item in value:
        kind = type(item)
        if kind in _PLAIN:  # nearly all there is; a kind of str takes the longer way
            continue
        if kind is dict or kind is list:
            _require_plain_inside(item, depth + 1)
        else:
            _require_plain(item, depth)


def _are_ascii(keys: "dict[Any, Any]") -> bool:
    try:
        return "".join(keys).isascii()  # all at once: every event comes through here
    except TypeError:
        return False


def _no_float(text: str) -> float:
    raise Malformed(f"the number {text[:20]} has a fraction or an exponent; write it as text")


def _distinct(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("an object names the same key twice")
    return found


_decode = json.JSONDecoder(
    parse_float=_no_float, parse_constant=_no_float, object_pairs_hook=_distinct
).decode


def parse(text: str) -> Json:
    """Strict JSON: no floats, no key twice, nothing but JSON. Raises Malformed."""
    try:
        value: Json = _decode(text)
    except RecursionError:
        raise Malformed(f"lists and objects are nested deeper than {_MAX_DEPTH}") from None
    except Malformed:
        raise
    except ValueError as fault:
        raise Malformed(f"not JSON ({str(fault)[:80]})") from None
    return value


def _small(text: str) -> int:
    number = int(text)
    if not -_MAX_INT < number < _MAX_INT:
        raise Malformed(_BIG)
    return number


_decode_quickly = json.JSONDecoder(
    parse_float=_no_float, parse_constant=_no_float, parse_int=_small
).decode


def parse_canonical(text: str) -> tuple[Json, bytes]:
    """What a text says that must be canonical JSON, and its bytes. Raises Malformed if it is not.

    Encoding it again and comparing finds a key named twice, too: only one of the two is left.
    """
    try:
        value: Json = _decode_quickly(text)
        if text.isascii() and text.count("{") + text.count("[") <= _MAX_DEPTH:
            raw = _encode(value).encode()  # no key but an ASCII one, nothing deep
        else:
            raw = canonical(value)
    except RecursionError:
        raise Malformed(f"lists and objects are nested deeper than {_MAX_DEPTH}") from None
    except Malformed:
        raise
    except UnicodeEncodeError:
        raise Malformed(_HALF) from None
    except ValueError as fault:
        raise Malformed(f"not JSON ({str(fault)[:80]})") from None
    if raw != text.encode(errors="replace"):
        raise Malformed("the event is not in its canonical spelling")
    return value, raw


# --- the chain ----------------------------------------------------------------------------------


def genesis(log: str, definition_digest: str) -> str:
    """`prev` of event 0, which ties the chain to its process and its exact definition."""
    return hashlib.sha256(
        b"%b%b\0%b" % (_GENESIS, log.encode(), definition_digest.encode())
    ).hexdigest()


def event_hash(body: bytes) -> str:
    """The hash of an event: SHA-256 over its exact bytes, in lower-case hex."""
    return hashlib.sha256(_EVENT + body).hexdigest()


def commit(salt: bytes, field: str, value: Json) -> str:
    """The commitment that stands in an event for a value kept beside it (salt: 32 bytes)."""
    return commit_bytes(salt, field, canonical(value))


def commit_bytes(salt: bytes, field: str, value: bytes) -> str:
    """`commit` for a value that is canonical already."""
    message = b"%b%b\0%b" % (_COMMIT, field.encode(), value)
    return hmac.digest(salt, message, "sha256").hex()


def follows(log: str, seq: int, prev: str, body: str) -> bool:
    """Whether a stored event says the log, place and predecessor it is filed under.

    Quick: the keys of an event are sorted, so `log`, `prev` and `priv` are neighbours and `seq`
    stands near its end, and no quote inside a text is unescaped.
    """
    here = f',"log":"{log}","prev":"{prev}","priv":{{'
    return here in body and f'}},"seq":{seq},"type":"' in body


def erased(data: dict[str, Any]) -> set[tuple[Any, str]]:
    """What an erasure names: the fields of one event, and those of others by their numbers.

    What is no number of an event names nothing.
    """
    first, also = data.get("seq"), data.get("also")
    gone = {(first, str(name)) for name in data["fields"]} if type(first) is int else set()
    for seq, names in also.items() if isinstance(also, dict) else ():
        if seq.isdecimal() and len(seq) < 17 and isinstance(names, list):
            gone |= {(int(seq), str(name)) for name in names}
    return gone
