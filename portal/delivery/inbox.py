"""The catcher's inbox: a small web server on loopback, without scripts, that shows kept mail.

Mail is hostile until shown otherwise. Its HTML goes into a sandboxed frame under a policy of its
own, which runs nothing and loads nothing; only its links work, each in a new tab.
"""

import json
import re
import socket
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

_PAGES = Path(__file__).parent / "pages"
_PER_PAGE = 50
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a list shows of a kept message; ``recipients`` are those of the envelope."""

    id: int
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    size: int

    @property
    def searched(self) -> str:
        """The text that a search looks through."""
        return "\n".join((*self.recipients, self.sender, self.subject)).casefold()


class Box(Protocol):
    """The mailbox, as far as the inbox needs it."""

    def newest(self, about: str = "", before: int | None = None, limit: int = 50) -> list[Letter]:
        """Letters, newest first."""

    def content(self, number: int) -> bytes | None:
        """A letter's bytes."""

    def letter(self, number: int) -> Letter | None:
        """A letter's summary."""

    def clear(self) -> None:
        """Forget all."""


@dataclass(frozen=True)
class Opened:
    """A kept message, taken apart."""

    content: bytes

    @cached_property
    def mime(self) -> EmailMessage:
        """The parsed message; damaged mail parses too, as far as it goes."""
        return message_from_bytes(self.content, policy=policy.default)

    @cached_property
    def text(self) -> str:
        """The plain part, or nothing."""
        return self._part("plain")

    @cached_property
    def html(self) -> str:
        """The HTML part, or nothing."""
        return self._part("html")

    @cached_property
    def headers(self) -> list[tuple[str, str]]:
        """Every header, in order, in readable letters."""
        return [(name, str(value)) for name, value in self.mime.items()]

    @cached_property
    def links(self) -> list[str]:
        """The web addresses of the plain part, in order, each once."""
        return list(dict.fromkeys(_LINK.findall(self.text)))

    def _part(self, kind: str) -> str:
        part = self.mime.get_body(preferencelist=(kind,))
        if part is None:
            return ""
        raw = cast("bytes", part.get_payload(decode=True) or b"")
        try:
            return raw.decode(part.get_content_charset() or "utf-8", "replace")
        except LookupError:  # a character set nobody knows
            return raw.decode("utf-8", "replace")


class InboxServer(ThreadingHTTPServer):
    """Serves one mailbox on a socket that already listens."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, mailbox: Box, zone: ZoneInfo) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__((host, port), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.url = f"http://{host}:{port}"
        self.mailbox = mailbox
        self.pages = Environment(loader=FileSystemLoader(_PAGES), autoescape=True)
        self.pages.filters["moment"] = lambda at: f"{at.astimezone(zone):%a %-d %b %Y, %H:%M}"
        self.pages.filters["linked"] = _linked
        self.pages.globals["zone"] = zone.key

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that went away; anything else is told as usual."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(cast("socket.socket", request), client_address)


class _Handler(BaseHTTPRequestHandler):
    """One request; the addresses are told apart in ``do_GET`` and ``do_POST``."""

    server: InboxServer
    protocol_version = "HTTP/1.1"
    server_version = "PorticoInbox"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        """List, one letter, its parts."""
        url = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        if not self._is_ours():
            self._fail(HTTPStatus.FORBIDDEN, "Open the inbox at its own address.")
        elif url.path == "/":
            self._list(query)
        elif url.path == "/messages.json":
            self._list_as_json(query)
        elif url.path == "/inbox.css":
            self._answer((_PAGES / "inbox.css").read_bytes(), "text/css; charset=utf-8")
        elif match := re.fullmatch(r"/messages/(\d{1,12})(\.json|\.eml|/html)?", url.path):
            self._letter(int(match[1]), match[2] or "", query.get("view", ""))
        else:
            self._fail(HTTPStatus.NOT_FOUND, "There is no such page here.")

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        """Clear the inbox."""
        length = self.headers.get("Content-Length", "0")
        self.rfile.read(min(int(length), 65536) if length.isdigit() else 0)
        self.close_connection = True
        if not self._is_ours() or not self._from_here():
            self._fail(HTTPStatus.FORBIDDEN, "Clear the inbox from its own page.")
        elif self.path != "/clear":
            self._fail(HTTPStatus.NOT_FOUND, "There is no such page here.")
        else:
            self.server.mailbox.clear()
            self._answer(b"", "text/plain", HTTPStatus.SEE_OTHER, {"Location": "/"})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: addresses of mail are nobody's business in a log."""

    def _is_ours(self) -> bool:
        """Whether the address asked for is loopback's own; another name is a rebinding trick."""
        return urlsplit(f"//{self.headers.get('Host', '')}").hostname in _LOCAL_NAMES

    def _from_here(self) -> bool:
        return self.headers.get("Sec-Fetch-Site", "none") in {"same-origin", "none"}

    def _list(self, query: dict[str, str]) -> None:
        letters = self._asked_for(query, _PER_PAGE + 1)
        older = letters[_PER_PAGE - 1].id if len(letters) > _PER_PAGE else None
        self._page("list.html", letters=letters[:_PER_PAGE], older=older, about=query.get("q", ""))

    def _list_as_json(self, query: dict[str, str]) -> None:
        limit = query.get("limit", "")
        letters = self._asked_for(query, int(limit) if limit.isdigit() else 2000)
        self._json({"items": [_as_data(letter) for letter in letters]})

    def _asked_for(self, query: dict[str, str], limit: int) -> list[Letter]:
        before = query.get("before", "")
        number = int(before) if before.isdigit() else None
        return self.server.mailbox.newest(query.get("q", ""), number, limit)

    def _letter(self, number: int, form: str, view: str) -> None:
        content = self.server.mailbox.content(number)
        letter = self.server.mailbox.letter(number)
        if content is None or letter is None:
            self._fail(HTTPStatus.NOT_FOUND, "This message is no longer here.")
            return
        opened = Opened(content)
        if form == ".eml":
            self._answer(content, "message/rfc822", extra=_download(f"{number}.eml"))
        elif form == ".json":
            self._json({**_as_data(letter), **_parts(opened)})
        elif form == "/html":
            page = _in_new_tabs(opened.html).encode("utf-8", "replace")
            extra = {"Content-Security-Policy": _FRAME_POLICY}
            self._answer(page, "text/html; charset=utf-8", extra=extra)
        else:
            shown = view if view in {"text", "headers"} else "html" if opened.html else "text"
            self._page("message.html", letter=letter, opened=opened, view=shown)

    def _page(self, name: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> None:
        page = self.server.pages.get_template(name).render(**values)
        self._answer(page.encode("utf-8", "replace"), "text/html; charset=utf-8", status)

    def _json(self, data: object) -> None:
        self._answer(json.dumps(data, indent=1).encode(), "application/json")

    def _fail(self, status: HTTPStatus, sentence: str) -> None:
        self._page("fault.html", status, sentence=sentence)

    def _answer(
        self,
        body: bytes,
        media_type: str,
        status: HTTPStatus = HTTPStatus.OK,
        extra: dict[str, str] | None = None,
    ) -> None:
        headers = {
            "Content-Type": media_type,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
            **(extra or {}),
        }
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _as_data(letter: Letter) -> dict[str, Any]:
    data = asdict(letter)
    data["at"] = letter.at.isoformat()
    data["from"] = data.pop("sender")
    data["to"] = list(data.pop("recipients"))
    return data


def _parts(opened: Opened) -> dict[str, Any]:
    return {
        "headers": [list(pair) for pair in opened.headers],
        "text": opened.text,
        "html": opened.html,
        "links": opened.links,
        "attachments": [
            {"name": part.get_filename(), "type": part.get_content_type()}
            for part in opened.mime.iter_attachments()
        ],
    }


def _download(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _linked(text: str) -> Markup:
    """Plain text with its web addresses made into links; everything else escaped."""
    out, last = Markup(""), 0
    for match in _LINK.finditer(text):
        link = Markup('<a href="{0}" target="_blank" rel="noreferrer">{0}</a>').format(match[0])
        out += escape(text[last : match.start()]) + link
        last = match.end()
    return out + escape(text[last:])


def _in_new_tabs(html: str) -> str:
    """The mail's HTML with every link opening beside the inbox; the first base counts."""
    base = '<base target="_blank">'
    marked, found = re.subn(r"(?i)<head[^>]*>", lambda match: match[0] + base, html, count=1)
    return marked if found else base + html
