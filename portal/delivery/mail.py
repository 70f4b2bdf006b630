"""Mail out: one kept connection for a batch, and three plain endings for each message.

Accepted (the server answered 250 and the message is its own now), refused (its answer says so,
for good or for the time being), or unreachable (no answer that counts; the same message, with
the same Message-ID, is to be tried again).
"""

import json
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from portal.delivery.mime import (
    Attachment,
    BadAddress,
    Message,
    address,
    as_bytes,
    one_line,
    sender,
)
from portal.errors import PortalError, Unavailable
from portal.settings import Settings

__all__ = ["Accepted", "Attachment", "BadAddress", "Mailer", "Message", "Refused", "Unreachable"]

CATCHER_FILE = "catcher.json"
CONNECT_SECONDS = 10.0
# A slow server may take a minute over each command and is still a server that works.
ANSWER_SECONDS = 90.0
# Many servers end a connection after some hundred messages; leaving first loses nothing.
MESSAGES_PER_CONNECTION = 100
_TOO_BUSY = 421


class Refused(PortalError):
    """The mail server refused this message; ``permanent`` where trying again is of no use."""

    status, code, title = 502, "mail-refused", "The mail was refused"

    def __init__(self, smtp_code: int, sentence: str, *, permanent: bool) -> None:
        super().__init__(sentence)
        self.smtp_code = smtp_code
        self.permanent = permanent


class Unreachable(Unavailable):
    """No mail server took the message, and none refused it; to be tried again as it is."""

    code, title = "mail-unreachable", "The mail server can't be reached"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server's 250 to one message, with its words (often its queue number)."""

    message_id: str
    answer: str


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed in; ``tls`` is ``starttls``, ``implicit`` or ``none``."""

    host: str
    port: int
    tls: str = "none"
    user: str | None = None
    password: str = ""

    @classmethod
    def of(cls, settings: Settings) -> "Server":
        """The server of ``PORTAL_SMTP_URL``, or the running mail catcher; raises Unreachable."""
        if settings.smtp_url is None:
            return cls._catcher(settings)
        parts = urlsplit(settings.smtp_url)
        tls = parse_qs(parts.query).get("tls", ["starttls"])[0]
        port = parts.port or {"starttls": 587, "implicit": 465}.get(tls, 25)
        user = unquote(parts.username) if parts.username else None
        return cls(parts.hostname or "localhost", port, tls, user, unquote(parts.password or ""))

    @classmethod
    def _catcher(cls, settings: Settings) -> "Server":
        try:
            host, port = json.loads((settings.data_dir / CATCHER_FILE).read_text())["smtp"]
            return cls(str(host), int(port))
        except (OSError, ValueError, KeyError, TypeError):
            raise Unreachable(
                "No mail server is set and the mail catcher is not running.",
                "Set PORTAL_SMTP_URL, or start everything with `portal up`.",
            ) from None


class Mailer:
    """Sends messages over one connection, opened for the first and kept for the rest.

    Use as a context manager. After any ending, ``send`` may be called for the next message.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._settings = settings
        self._connect_seconds, self._answer_seconds = connect_seconds, answer_seconds
        self._smtp: smtplib.SMTP | None = None
        self._sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, message: Message) -> Accepted:
        """Hand one message in; raises Refused or Unreachable.

        A kept connection that the server dropped meanwhile is opened once more, as long as the
        message itself has not been sent: past that point nobody knows, and only the caller may
        decide to send it again.
        """
        try:
            content = as_bytes(message, self._settings.mail_from)
        except BadAddress as error:
            raise Refused(553, error.sentence, permanent=True) from error
        kept = self._smtp is not None
        try:
            smtp = self._open_envelope(message)
        except Unreachable:
            if not kept:
                raise
            smtp = self._open_envelope(message)
        return self._hand_over(smtp, message, content)

    def probe(self) -> str:
        """Connect and sign in, send nothing; the server's ``host:port``. Raises Unreachable."""
        self._connection()
        server = Server.of(self._settings)
        return f"{server.host}:{server.port}"

    def close(self) -> None:
        """Take leave of the server; a connection that is broken is simply dropped."""
        smtp, self._smtp, self._sent = self._smtp, None, 0
        if smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def _open_envelope(self, message: Message) -> smtplib.SMTP:
        smtp = self._connection()
        recipient = address(message.to)
        options = []
        if not recipient.username.isascii():
            if not smtp.has_extn("smtputf8"):
                raise Refused(553, f"The mail server can't send to {message.to}.", permanent=True)
            options = ["SMTPUTF8"]
        with self._dropping_broken():
            origin = sender(self._settings.mail_from).addr_spec
            self._require_yes(smtp.mail(origin, options), message)
            self._require_yes(smtp.rcpt(recipient.addr_spec), message)
        return smtp

    def _hand_over(self, smtp: smtplib.SMTP, message: Message, content: bytes) -> Accepted:
        with self._dropping_broken():
            try:
                answer = smtp.data(content)
            except smtplib.SMTPDataError as error:
                answer = (error.smtp_code, _bytes(error.smtp_error))
            self._require_yes(answer, message)
        self._sent += 1
        if self._sent >= MESSAGES_PER_CONNECTION:
            self.close()
        return Accepted(message.message_id, _words(answer[1]))

    def _require_yes(self, answer: tuple[int, bytes], message: Message) -> None:
        """Turn a no into Refused, and leave the connection ready for the next message."""
        code, words = answer[0], _words(answer[1])
        if 200 <= code < 300:
            return
        if code == _TOO_BUSY or code < 400:
            raise smtplib.SMTPServerDisconnected(f"{code} {words}")
        assert self._smtp is not None
        with suppress(smtplib.SMTPException, OSError):
            self._smtp.rset()
        sentence = f"The mail server refused the message to {message.to}: {code} {words}".rstrip()
        raise Refused(code, sentence, permanent=code >= 500)

    def _connection(self) -> smtplib.SMTP:
        if self._smtp is None:
            self._smtp = self._connect(Server.of(self._settings))
        return self._smtp

    def _connect(self, server: Server) -> smtplib.SMTP:
        # The greeting name is given: looking up one's own may wait for a name server.
        own_name = sender(self._settings.mail_from).domain
        where = f"{server.host}:{server.port}"
        try:
            smtp = _dial(server, own_name, self._connect_seconds)
            assert smtp.sock is not None
            smtp.sock.settimeout(self._answer_seconds)
            smtp.ehlo_or_helo_if_needed()
            _secure(smtp, server)
        except smtplib.SMTPAuthenticationError as error:
            raise Unreachable(
                f"The mail server {where} does not take the portal's name and password.",
                "Check PORTAL_SMTP_URL.",
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(
                f"The mail server {where} can't be reached: {_reason(error)}.",
                "Check PORTAL_SMTP_URL, and that the server is running.",
            ) from error
        return smtp

    @contextmanager
    def _dropping_broken(self) -> Iterator[None]:
        try:
            yield
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unreachable(
                f"The mail server broke off: {_reason(error)}.", "The portal tries again by itself."
            ) from error


def _dial(server: Server, own_name: str, seconds: float) -> smtplib.SMTP:
    if server.tls == "implicit":
        return smtplib.SMTP_SSL(
            server.host,
            server.port,
            own_name,
            timeout=seconds,
            context=ssl.create_default_context(),
        )
    return smtplib.SMTP(server.host, server.port, own_name, timeout=seconds)


def _secure(smtp: smtplib.SMTP, server: Server) -> None:
    """Encrypt where that is asked for, before any password; a server that can't is a fault."""
    if server.tls == "starttls":
        smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
    if server.user is not None:
        smtp.login(server.user, server.password)


def _words(answer: bytes) -> str:
    return one_line(answer.decode("utf-8", "replace"))[:300]


def _bytes(answer: bytes | str) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode()


def _reason(error: Exception) -> str:
    """Why, in the words of the system or the server, fit for one line."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_words(_bytes(error.smtp_error))}"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return one_line(text).rstrip(".")[:300]
