"""What a call sends and what it brings: the request filled in, the answer as expressions see it."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from portal.definition import facts as definition_facts
from portal.definition.expressions import ExpressionFailed
from portal.definition.functions import plain
from portal.definition.operators import Later
from portal.definition.shapes import ANY, NUMBER, TEXT, Shape
from portal.definition.text import Text
from portal.definition.tree import CallStep

REQUEST = "_request"
"""Where an open call keeps its request, among what it saves: no name of a value begins so."""

MARK = "\ue001"
"""Stands in the kept headers of a request for the secret, which is added when it is sent."""

RESPONSE = Shape(
    "record", {"status": NUMBER, "headers": Shape("record"), "json": ANY, "text": TEXT}
)
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MOST_DIGITS = 28


def request(step: CallStep, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The request as it is kept: method, url, headers and the text of the body.

    Raises ExpressionFailed with a sentence.
    """
    return {
        "method": step.method,
        # An address that is one placeholder is not inside of one, so nothing is encoded.
        "url": step.url.render(facts, "plain" if step.url.sole else "url").strip(),
        "headers": [[name, _header(name, value, facts)] for name, value in _all_headers(step)],
        "body": None if step.json is None else as_json(step.json, facts),
    }


def host(url: str | None) -> str:
    """The system that an address is of, by its host."""
    try:
        return urlsplit(url or "").hostname or "another system"
    except ValueError:
        return "another system"


def _all_headers(step: CallStep) -> list[tuple[str, Text]]:
    has_type = any(name.lower() == "content-type" for name, _ in step.headers)
    typed = step.json is not None and not has_type
    return [*step.headers, *([("Content-Type", Text("application/json"))] if typed else [])]


def _header(name: str, value: Text, facts: Mapping[str, Any]) -> str:
    filled = value.render({**facts, "secret": MARK}, "plain").strip()
    if _UNSENDABLE.search(filled):
        raise ExpressionFailed(f"The header {name} would hold a line break, which none can.")
    return filled


def as_json(value: Any, facts: Mapping[str, Any]) -> str:
    """A value of the definition or of an expression as JSON text, its numbers exact.

    A text that is one placeholder becomes the placeholder's value.
    """
    if isinstance(value, Text):
        whole = value.sole.evaluate(facts) if value.sole else value.render(facts, "plain")
        return as_json(whole, facts)
    if isinstance(value, dict):
        pairs = (f"{as_json(str(key), facts)}: {as_json(one, facts)}" for key, one in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_json(one, facts) for one in value) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | timedelta):
        value = plain(value)
    return json.dumps(value, ensure_ascii=False)


def response(status: int, headers: Mapping[str, str], text: str) -> dict[str, Any]:
    """An answer as expressions see it; asking for the ``json`` of one that is none fails.

    The ``json`` of an empty answer is ``null``.
    """
    return {
        "status": Decimal(status),
        "headers": dict(headers),
        "json": Later(lambda: _parsed(text)),
        "text": _storable(text),
    }


def saved(step: CallStep, facts: Mapping[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The values that the step saves of an answer, packed; a later one sees the earlier ones.

    Raises ExpressionFailed with a sentence.
    """
    known, found = {**facts, "response": answer}, {}
    for name, expression in step.save:
        value = expression.evaluate(known)
        found[name] = definition_facts.pack(value)
        known = {**known, "values": {**known["values"], name: value}}
    return found


def _parsed(text: str) -> Any:
    if not text.strip():
        return None
    try:
        read = json.loads(text, parse_float=_number, parse_int=_number, parse_constant=_no_number)
        return _typed(read)
    except (ValueError, RecursionError):
        raise ExpressionFailed(
            "the answer is not JSON, or longer than the 100 KB that are read of it"
        ) from None


def _number(text: str) -> Decimal | str:
    """A number, exact; one that no expression could reckon with stays the text that it was."""
    try:
        number = Decimal(text)
    except ArithmeticError:  # an exponent past all bounds
        return text
    return number if abs(number.adjusted()) <= _MOST_DIGITS else text


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _typed(value: Any) -> Any:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, list):
        return [_typed(one) for one in value]
    if isinstance(value, dict):
        return {_storable(key): _typed(one) for key, one in value.items()}
    return value


def _storable(text: str) -> str:
    """Half a character, or the one of number zero, is nothing that can be kept."""
    return text.encode(errors="replace").decode().replace("\0", "\ufffd")
