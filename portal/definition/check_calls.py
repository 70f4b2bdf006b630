"""`call`, checked: the request, its secret, how often it is repeated, what is saved of the answer.

A secret stands nowhere in the document. Its name says where it is kept, and `{{ secret }}` in a
header where it goes.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from portal.definition.blocks import Block, Scope
from portal.definition.calls import RESPONSE
from portal.definition.durations import Duration
from portal.definition.expressions import Expression
from portal.definition.outlines import KINDS, Outline, World
from portal.definition.shapes import TEXT
from portal.definition.text import Text
from portal.definition.tree import CallStep, Step

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
SECRET = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
MOST_REPEATS = 20
_TIMES, _FIRST = 5, Duration.parse("30 seconds")
_LONGEST_WAIT = 366  # days
_OURS = frozenset(
    {
        "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer",
        "expect", "accept-encoding", "idempotency-key",
    }
)  # fmt: skip
# PORTAL_SECRET_KEYS holds what links are made with: no definition may have it sent anywhere.
_RESERVED_SECRETS = frozenset({"keys"})


def read_call(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    """The whole step."""
    own.only(KINDS["call"])
    own.require("url")
    json = own.node("json")
    if json is not None and json.value is None:
        own.fault("json", "is empty, expected what is sent")
    secret = _secret(own)
    times, first = _retry(own)
    return CallStep(
        method=own.choice("method", METHODS) or ("POST" if json else "GET"),
        url=_url(own, world.scope) or Text(""),
        headers=_headers(own, world.scope, has_secret="secret" in own),
        json=own.json("json", json, world.scope) if json else None,
        secret=secret,
        times=times,
        first=first,
        save=_save(own, world.scope),
        **common,
    )


def _url(own: Block, scope: Scope) -> Text | None:
    """An address of http or https; one that is a single placeholder is judged when called."""
    url = own.template("url", scope)
    if url is None or url.sole is not None:
        return url
    begins = str(url).lower().startswith(("http://", "https://"))
    if not begins or re.search(r"\s|\\", _without_placeholders(url)):
        own.fault("url", f"is {str(url)[:60]!r}, expected an address with http:// or https://")
    elif "@" in _host_of(url):
        own.fault("url", "holds a name or a password, expected them in a secret")
    return url


def _without_placeholders(url: Text) -> str:
    return "".join(part if isinstance(part, str) else "x" for part in url.parts)


def _host_of(url: Text) -> str:
    try:
        return urlsplit(_without_placeholders(url)).netloc
    except ValueError:
        return ""


def _headers(own: Block, scope: Scope, *, has_secret: bool) -> tuple[tuple[str, Text], ...]:
    node = own.node("headers")
    if node is None:
        return ()
    block = Block(node, "headers", own.faults, own.items["headers"].line)
    scope = {**scope, "secret": TEXT} if has_secret else scope
    found: dict[str, tuple[str, Text]] = {}
    for name in block.items:
        value = block.template(name, scope)
        wrong = _wrong_header(name, found, value)
        if wrong:
            block.faults.add(block.items[name].line, name, wrong)
        elif value is not None:
            found[name.lower()] = (name, value)
    _require_secret_in(block, found, has_secret=has_secret)
    return tuple(found.values())


def _wrong_header(name: str, found: dict[str, tuple[str, Text]], value: Text | None) -> str | None:
    if not HEADER.fullmatch(name):
        return "is not the name of a header, expected one such as X-Request-Source"
    if name.lower() in _OURS:
        return "is set by the portal itself, expected the headers without it"
    if name.lower() in found:
        return f"is given twice (beside {found[name.lower()][0]}), expected it once"
    parts = value.parts if value is not None else ()
    bent = [p for p in parts if isinstance(p, Expression) and "secret" in p.names and not p.is_path]
    return "computes with the secret, expected {{ secret }} as it is" if bent else None


def _require_secret_in(
    block: Block, found: dict[str, tuple[str, Text]], *, has_secret: bool
) -> None:
    """With a secret that no header names, Authorization is where it goes."""
    if has_secret and "authorization" in found and not uses_secret(found.values()):
        name = found["authorization"][0]
        block.fault(name, "stands beside a secret, expected {{ secret }} in it")


def uses_secret(headers: Any) -> bool:
    """Whether a header says where the secret goes."""
    return any(
        isinstance(part, Expression) and "secret" in part.names
        for _, value in headers
        for part in value.parts
    )


def _secret(own: Block) -> str | None:
    name = own.text("secret")
    if name is None:
        return None
    if not SECRET.fullmatch(name):
        own.fault("secret", f"is {name[:60]!r}, expected its name: letters, digits and _")
    elif name.lower() in _RESERVED_SECRETS:
        own.fault("secret", f"{name!r} is a reserved word, expected another name")
    return name


def _retry(own: Block) -> tuple[int, Duration]:
    node = own.node("retry")
    if node is None:
        return _TIMES, _FIRST
    block = Block(node, "retry", own.faults, own.items["retry"].line)
    block.only(("times", "first"))
    given = block.whole("times", 0, MOST_REPEATS)
    times = _TIMES if given is None else given
    first = block.duration("first") or _FIRST
    if times and first.days * 2 ** (times - 1) > _LONGEST_WAIT:
        key = "times" if "times" in block else "first"
        block.fault(key, "would have the last repeat wait for more than a year, expected less")
    return times, first


def _save(own: Block, scope: Scope) -> tuple[tuple[str, Expression], ...]:
    node = own.node("save")
    if node is None:
        return ()
    block = Block(node, "save", own.faults, own.items["save"].line)
    if block.is_mapping and not block.items:
        own.fault("save", "is empty, expected {name: expression over response}")
    return block.computed({**scope, "response": RESPONSE})
