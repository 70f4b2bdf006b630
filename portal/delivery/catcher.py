"""The mail server of a trial: takes every message over real SMTP and shows it in an inbox.

It listens on loopback alone and passes nothing on. Addresses at ``bounce.example``, and any with
``+refuse`` before the @, are refused with 550, so that a trial can show what a bounce does.
"""

import asyncio
import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from aiosmtpd.smtp import SMTP, Envelope, Session

from portal import clock
from portal.delivery.inbox import InboxServer, Letter
from portal.delivery.mail import CATCHER_FILE
from portal.settings import Settings

KEPT = 2000
LARGEST = 35 * 1024 * 1024
_LOOPBACK = "127.0.0.1"
_NO_SUCH_BOX = "550 5.1.1 No mailbox of this name here"


def run(settings: Settings, port: int = 8025) -> None:
    """Serve until SIGTERM or Ctrl-C; the inbox on ``port``, or a free one where it is taken."""
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    with Catcher(settings.data_dir, inbox_port=port, zone=settings.zone):
        while not done.wait(3600):
            pass


class Catcher:
    """A running mail server and its inbox; a context manager, so that tests can have one too."""

    def __init__(
        self, data_dir: Path, *, inbox_port: int = 0, zone: ZoneInfo | None = None
    ) -> None:
        self._address_file = data_dir / CATCHER_FILE
        self.mailbox = Mailbox(data_dir / "catcher")
        self._smtp_socket = _listen(0)
        self.smtp: tuple[str, int] = (_LOOPBACK, self._smtp_socket.getsockname()[1])
        self._inbox = InboxServer(_listen(inbox_port), self.mailbox, zone or ZoneInfo("UTC"))
        self.inbox_url = self._inbox.url
        self._loop = asyncio.new_event_loop()
        self._threads = [
            threading.Thread(target=self._take_mail, daemon=True),
            threading.Thread(target=self._inbox.serve_forever, args=(0.1,), daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        _write_whole(
            self._address_file, json.dumps({"smtp": self.smtp, "inbox": self.inbox_url}) + "\n"
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._address_file.unlink(missing_ok=True)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._inbox.shutdown()
        for thread in self._threads:
            thread.join(5)
        self._inbox.server_close()

    def _take_mail(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(self._session, sock=self._smtp_socket)
        )
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _session(self) -> SMTP:
        return SMTP(
            _Reception(self.mailbox),
            hostname="catcher.localhost",
            ident="Portico mail catcher",
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,
            loop=self._loop,
        )


def forget(
    data_dir: Path,
    goes: Callable[[Set[str]], Set[str]],
    is_theirs: Callable[[str], bool],
) -> None:
    """Remove kept messages: those to an address that is theirs, and those that are to go.

    ``goes`` is given the ids of the mails that are kept and answers those of which nothing may
    stay, whoever they are to.
    """
    kept = {path: _told_apart(path) for path in (data_dir / "catcher").glob("*.eml")}
    wanted = goes({id_ for id_, _ in kept.values() if id_})
    for path, (id_, to) in kept.items():
        if id_ in wanted or any(map(is_theirs, to)):
            path.unlink(missing_ok=True)


def _told_apart(path: Path) -> tuple[str, list[str]]:
    """The id of a kept message's mail, and the addresses it is to."""
    with suppress(FileNotFoundError):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        to = [address for _, address in getaddresses(message.get_all("To", []))]
        return str(message["Message-ID"]).strip("<> ").partition("@")[0], to
    return "", []


class Mailbox:
    """The kept messages, one ``.eml`` file each, numbered; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        numbers = sorted(int(path.stem) for path in folder.glob("*.eml") if path.stem.isdigit())
        letters = (self._read(number) for number in numbers[-KEPT:])
        self._letters = {letter.id: letter for letter in letters if letter}
        self._last = numbers[-1] if numbers else 0

    def add(self, sender: str, recipients: Iterable[str], content: bytes) -> Letter:
        """Keep a message as it came, below the three headers a mail server puts on top."""
        at = clock.now()
        with self._lock:
            number = self._last = self._last + 1
            top = _trace_headers(sender, recipients, at)
            _write_whole(self._path(number), top + content)
            letter = replace(_summary(number, top + content), at=at)
            self._letters[number] = letter
            for old in list(self._letters)[:-KEPT]:
                self._forget(old)
        return letter

    def newest(self, about: str = "", before: int | None = None, limit: int = 50) -> list[Letter]:
        """Letters, newest first, whose addresses or subject hold ``about``; below ``before``."""
        with self._lock:
            for gone in [one for one in self._letters if not self._path(one).exists()]:
                del self._letters[gone]  # erased, by another process
            letters = list(reversed(self._letters.values()))
        wanted = about.casefold()
        found = [
            letter
            for letter in letters
            if (before is None or letter.id < before) and wanted in letter.searched
        ]
        return found[:limit]

    def content(self, number: int) -> bytes | None:
        """The bytes of a letter as kept, or None."""
        try:
            return self._path(number).read_bytes()
        except FileNotFoundError:
            return None

    def letter(self, number: int) -> Letter | None:
        """What the list shows of one letter, or None."""
        return self._letters.get(number)

    def clear(self) -> None:
        """Forget everything; numbers go on, so that an open page never shows another letter."""
        with self._lock:
            for number in list(self._letters):
                self._forget(number)

    def _forget(self, number: int) -> None:
        self._letters.pop(number, None)
        self._path(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08d}.eml"

    def _read(self, number: int) -> Letter | None:
        content = self.content(number)
        return _summary(number, content) if content else None


@dataclass(frozen=True)  # no slots: aiosmtpd looks at every member, which Python 3.11.2 trips over
class _Reception:
    """What the SMTP server asks of us, in the names aiosmtpd gives its hooks."""

    mailbox: Mailbox

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        local, _, domain = address.lower().rpartition("@")
        if domain == "bounce.example" or "+refuse" in local:
            return _NO_SUCH_BOX
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        letter = self.mailbox.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        return f"250 2.0.0 Kept as {letter.id}"


def _summary(number: int, content: bytes) -> Letter:
    mime = message_from_bytes(content.partition(b"\r\n\r\n")[0], policy=policy.default)
    assert isinstance(mime, EmailMessage)
    return Letter(
        id=number,
        at=_received_at(str(mime.get("Received", ""))),
        sender=str(mime.get("From", "")),
        recipients=tuple(str(line) for line in mime.get_all("Delivered-To", [])),
        subject=str(mime.get("Subject", "")),
        message_id=str(mime.get("Message-ID", "")).strip(),
        size=len(content),
    )


def _trace_headers(sender: str, recipients: Iterable[str], at: datetime) -> bytes:
    lines = [f"Return-Path: <{sender}>"]
    lines += [f"Delivered-To: {recipient}" for recipient in recipients]
    lines.append(f"Received: by catcher.localhost; {format_datetime(at)}")
    return "".join(f"{line}\r\n" for line in lines).encode()


def _received_at(header: str) -> datetime:
    try:
        return parsedate_to_datetime(header.rpartition(";")[2].strip())
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _listen(port: int) -> socket.socket:
    """A listening socket on loopback; on another port where this one is taken."""
    for wanted in (port, 0):
        # Named TCP, or asyncio would leave small answers waiting for the other side (Nagle).
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_LOOPBACK, wanted))
        except OSError:
            listener.close()
            if wanted == 0:
                raise
        else:
            listener.listen(128)
            return listener
    raise AssertionError("unreachable: port 0 either binds or raises")


def _write_whole(path: Path, content: str | bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content if isinstance(content, bytes) else content.encode())
    draft.replace(path)
