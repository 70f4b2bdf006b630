"""Structured logs: one JSON object a line on standard error, without secrets.

Everything passes one filter, the lines of the libraries too: a link's token becomes
``link:<8 hex>``, passwords in addresses and the values of secret keys become ``[hidden]``.
"""

import base64
import hashlib
import logging
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
TOKEN_BYTES = 36
_LINK = re.compile(r"/t/([A-Za-z0-9_.~%=\r\n-]+)")  # a mail program may have broken the line
_LOGIN_IN_ADDRESS = re.compile(r"(?<=://)[^/\s@]*:[^/\s]*(?=@)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_SECRET_NAME = re.compile(r"(?i)passw|secret|token|authorization|cookie|api_?key|\bcode\b|^code$")
_NOISY = {
    "rq": "WARNING",
    "mail.log": "WARNING",
    "pikepdf": "WARNING",
    "weasyprint": "ERROR",
    "fontTools": "ERROR",
    "alembic": "WARNING",
}


def configure(level: str = "info") -> None:
    """Send the logs of the portal and its libraries to standard error, from ``level`` upwards."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            without_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _NOISY.items():
        logging.getLogger(name).setLevel(least)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def without_secrets(_logger: "WrappedLogger", _method: str, event: "EventDict") -> "EventDict":
    """The one filter: the event with everything secret replaced."""
    return {name: _clean(name, value) for name, value in event.items()}


def scrub(text: str) -> str:
    """A text for a log or an error, with tokens and logins replaced."""
    text = _LINK.sub(lambda match: f"link:{link_mark(match[1])}", text)
    text = _LOGIN_IN_ADDRESS.sub(HIDDEN, text)
    return _BEARER.sub(lambda match: f"{match[1]} {HIDDEN}", text)


def link_mark(token: str) -> str:
    """Eight hex digits that tell links apart in logs and open nothing.

    Of a token of ours the first of the link's id (key byte, then the id: access/links.py); of
    anything else a digest of what was tried.
    """
    try:
        raw = base64.urlsafe_b64decode(token)
    except ValueError:
        raw = b""
    if len(raw) == TOKEN_BYTES:
        return raw[1:5].hex()
    return hashlib.sha256(token.encode()).hexdigest()[:8]


def _clean(name: str, value: Any) -> Any:
    if _SECRET_NAME.search(name) and isinstance(value, str | bytes):
        return HIDDEN
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {str(key): _clean(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(name, inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return scrub(str(value))
