"""The entry of every API call: who asks, how often, what was sent, and how it is described.

``@call`` hangs a function under its address and puts its description into ``CALLS``, from
which ``openapi.json`` is made: what is not described can't be called, and the other way round.
"""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from flask import Blueprint, Response, g, jsonify, request

from portal import clock, db
from portal.access import seats
from portal.actor import Actor
from portal.definition.values import holds_control, is_storable
from portal.errors import Faulty, NotSignedIn, NotYours, TooFast, TooLarge
from portal.web import reads, sights

api = Blueprint("api", __name__, url_prefix="/api/v1")

LARGEST_BODY = 2_000_000  # bytes of a JSON or YAML body; uploads are streamed and not meant
LONGEST_PAGE = 1000
_RATE = 25.0  # calls a second and token for each web process; the contract promises 20
_BURST = 100.0

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Call:
    """One API call as ``openapi.json`` describes it."""

    method: str
    path: str
    summary: str
    query: Sequence[str] = ()
    takes: str | None = None
    gives: str | None = None
    status: int = 200
    also: Sequence[int] = ()
    media: str = "application/json"

    @property
    def scope(self) -> str:
        """Which scope a token needs for it."""
        return _OWN_SCOPES.get((self.method, self.path), "read" if self.method == "GET" else "act")


# What is neither a mere reading nor the doing of what there is to do.
_OWN_SCOPES = {
    ("POST", "/processes"): "start",
    ("POST", "/requests"): "start",
    ("POST", "/processes/<process_id>/trail"): "read",
    ("POST", "/packs"): "read",
    ("POST", "/definitions"): "admin",
    ("POST", "/definitions/<key>/migrate"): "admin",
    ("POST", "/definitions/<key>/review"): "admin",
    ("POST", "/definitions/<key>/sight"): "admin",
    ("POST", "/definitions/<key>/sight/grants"): "admin",
    ("POST", "/definitions/<key>/sight/grants/<grant_id>/withdraw"): "admin",
    ("POST", "/privacy/holds"): "admin",
    ("POST", "/privacy/holds/<hold_id>/lift"): "admin",
    ("POST", "/privacy/person"): "admin",
    ("POST", "/privacy/person/copy"): "admin",
    ("POST", "/privacy/person/erasure"): "admin",
    ("POST", "/processes/<process_id>/erasure"): "admin",
    ("POST", "/processes/<process_id>/holds"): "admin",
}
_SCOPES: dict[str, str] = {}
CALLS: list[Call] = []


def call(method: str, path: str, summary: str, **described: Any) -> Callable[[F], F]:
    """Hang a function under ``METHOD /api/v1/path`` and describe it."""

    def hang(function: F) -> F:
        CALLS.append(Call(method, path, summary, **described))
        _SCOPES[function.__name__] = CALLS[-1].scope
        api.add_url_rule(path, function.__name__, function, methods=[method])
        return function

    return hang


# Descriptions, which say nothing of anybody.
OPEN = ("api.openapi_json", "api.definition_schema")


@api.before_request
def _know_the_caller() -> None:
    if request.endpoint in OPEN:
        return
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    with db.reading() as conn:
        program = seats.program(conn, secret.strip()) if kind.lower() == "bearer" else None
    if program is None:
        raise NotSignedIn("Send a valid API token: Authorization: Bearer TOKEN.")
    known = program.actor
    _spend(known.id)
    asked = _SCOPES.get((request.endpoint or "").removeprefix("api."))
    if asked is not None and asked not in program.scopes:
        raise NotYours(f"This token is not good for that: it lacks the scope “{asked}”.")
    g.caller = replace(
        known, ip=request.remote_addr, agent=request.headers.get("User-Agent", "")[:300] or None
    )
    sights.enter(g.caller)


@api.after_request
def _write_down(response: Response) -> Response:
    """That a program read what people sent is written down before it is handed out."""
    reads.note(response, g.get("caller"))
    return response


def caller() -> Actor:
    """Whoever the token belongs to."""
    actor: Actor = g.caller
    return actor


def on_behalf(body: dict[str, Any]) -> Actor:
    """The caller, in the assignee's place where the body says ``on_behalf`` with a reason."""
    if body.get("on_behalf") is not True:
        return caller()
    reason = body.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise Faulty.one("reason", "Say why you do this in the assignee's place.")
    return caller().acting_on_behalf(reason.strip())


# Kept in memory on purpose: a row written for every call would cost more than it protects.
_buckets: dict[str, tuple[float, float]] = {}
_lock = threading.Lock()


def _spend(token_id: str) -> None:
    now = clock.now().timestamp()
    with _lock:
        left, since = _buckets.get(token_id, (_BURST, now))
        left = min(_BURST, left + max(0.0, now - since) * _RATE) - 1
        _buckets[token_id] = (max(left, 0.0), now)
    if left < 0:
        raise TooFast("Too many calls with this token; slow down.", retry_after=1)


def forget_callers() -> None:
    """Let everybody call as if for the first time, for instance with a new database."""
    with _lock:
        _buckets.clear()


def raw_body() -> bytes:
    """The body as sent; TooLarge beyond ``LARGEST_BODY``."""
    if (request.content_length or 0) > LARGEST_BODY:
        raise TooLarge("The body is too large: send at most 2 MB.")
    body = request.stream.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        raise TooLarge("The body is too large: send at most 2 MB.")
    return body


def json_body() -> dict[str, Any]:
    """The body as a JSON object; an empty one counts as ``{}``. Faulty for anything else."""
    return parse_object(raw_body())


def parse_object(raw: bytes) -> dict[str, Any]:
    """A JSON object from bytes; Faulty with where it went wrong."""
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
        unfit = next(_unfit(body), None)
    except json.JSONDecodeError as fault:
        where = f"line {fault.lineno}, column {fault.colno}"
        raise Faulty.one("body", f"The body is not JSON: {fault.msg} at {where}.") from None
    except UnicodeDecodeError:
        raise Faulty.one("body", "The body is not JSON in UTF-8.") from None
    except (ValueError, RecursionError):
        sentence = "The body holds a number that is too long, or is nested too deeply."
        raise Faulty.one("body", sentence) from None
    if not isinstance(body, dict):
        raise Faulty.one("body", "The body is not a JSON object: send {…}.")
    if unfit is not None:
        raise Faulty.one(unfit, "Remove the characters that are none, such as half a character.")
    return body


def _unfit(value: Any, at: str = "") -> Iterator[str]:
    """Where in a body texts stand that nothing can store; ``body`` where a key is such a text."""
    if isinstance(value, str):
        if not is_storable(value):
            yield at or "body"
    elif isinstance(value, dict):
        for key, one in value.items():
            if not is_storable(key):
                yield at or "body"
            yield from _unfit(one, f"{at}.{key}" if at else key)
    elif isinstance(value, list):
        for one in value:
            yield from _unfit(one, at)


def text(body: dict[str, Any], key: str, what: str, *, longest: int = 10_000) -> str:
    """A text that must be there and say something; ``what`` names it in the refusal."""
    value = body.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Faulty.one(key, f"Give {what} as text.")
    if len(value) > longest:
        raise Faulty.one(key, f"Shorten {what} to {longest} characters.")
    if holds_control(value):
        raise Faulty.one(key, f"Remove the control signs from {what}.")
    return value.strip()


def mapping(body: dict[str, Any], key: str) -> dict[str, Any]:
    """An object that may be left out; Faulty where it is something else."""
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Faulty.one(key, f"`{key}` is not an object: send {{…}}.")
    return value


def limit() -> int:
    """How many rows are wanted: 50 by default, at most ``LONGEST_PAGE``."""
    given = request.args.get("limit")
    if given is None:
        return 50
    if not given.isascii() or not given.isdigit() or int(given[:9]) < 1:
        raise Faulty.one("limit", "`limit` is not a whole number from 1 to 1000.")
    return min(int(given[:9]), LONGEST_PAGE)


def one_of(key: str, allowed: Sequence[str]) -> str | None:
    """A query value out of a fixed set, ``None`` where it is left out."""
    value = request.args.get(key) or None
    if value is not None and value not in allowed:
        raise Faulty.one(key, f"`{key}` is not one of {', '.join(allowed)}.")
    return value


def flag(key: str) -> bool | None:
    """A query value ``true`` or ``false``, ``None`` where it is left out."""
    value = one_of(key, ("true", "false", "1", "0"))
    return None if value is None else value in ("true", "1")


def page(items: list[Any], following: str | int | None) -> Response:
    """``{items, next}``."""
    return jsonify(items=items, next=following)
