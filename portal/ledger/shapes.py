"""The shapes that the parts of an export must have. Standard library only."""

import re
from typing import Any

from portal.ledger import chain

_HEX = re.compile(r"[0-9a-f]{64}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


def require_event(body: Any) -> None:
    """Raise Malformed unless the parts of an event have their kinds."""
    if not isinstance(body, dict) or body.keys() != chain.EVENT_KEYS or body["v"] != 1:
        raise chain.Malformed("the event does not have the parts of version 1")
    for part in ("log", "prev", "at", "type"):
        if not isinstance(body[part], str):
            raise chain.Malformed("a part of the event is of the wrong kind")
    for part in ("actor", "data", "priv"):
        if not isinstance(body[part], dict):
            raise chain.Malformed("a part of the event is of the wrong kind")
    if type(body["seq"]) is not int or type(body["v"]) is not int:
        raise chain.Malformed("a part of the event is of the wrong kind")
    if not _MOMENT.fullmatch(body["at"]) or not _HEX.fullmatch(body["prev"]):
        raise chain.Malformed("the event's time or predecessor is not in its form")


def opens(commitment: Any, name: str, shown: Any) -> bool:
    """Whether a value with its salt is the one that the commitment stands for."""
    try:
        return bool(chain.commit(digest(shown["salt"]), name, shown["value"]) == commitment)
    except (KeyError, TypeError, chain.Malformed):
        return False


def digest(text: Any) -> bytes:
    """32 bytes written as hex. Raises Malformed."""
    if not (isinstance(text, str) and _HEX.fullmatch(text)):
        raise chain.Malformed("32 bytes in lower-case hex were expected")
    return bytes.fromhex(text)


def number(value: Any) -> int:
    """A whole number from 0 on. Raises Malformed."""
    if type(value) is not int or value < 0:
        raise chain.Malformed("a place in the checkpoint is not a number")
    return value
