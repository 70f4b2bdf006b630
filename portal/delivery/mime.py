"""A message as bytes: plain text and HTML, the same bytes for the same message every time.

A repeated sending after a crash must be recognisable as the same mail, so nothing here is
random: the Message-ID and the date are given, the part boundaries follow from the Message-ID.
"""

import email.policy
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import css_inline

from portal.errors import PortalError

_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,253}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
_LONGEST_LINE = 900  # RFC 5321 lets 998 through; quoted-printable takes over well before


class _Policy(email.policy.EmailPolicy):
    """SMTP's, with a subject that starts on its own line and keeps its single spaces.

    The library's newer folding breaks right after the colon, and doubles the space before a
    word that it encodes.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """One header as it goes over the wire."""
        if name != "Subject" or self.utf8:
            return super().fold_binary(name, value)
        text = str(value)
        longest = max(map(len, text.split()), default=0)
        is_plain = text.isascii() and "=?" not in text and longest < 60
        header = Header(text, "us-ascii" if is_plain else "utf-8", header_name=name)
        return f"{name}: {header.encode(linesep=self.linesep)}{self.linesep}".encode("ascii")


_POLICY = _Policy(linesep="\r\n")


class BadAddress(PortalError):
    """The text isn't one e-mail address."""

    status, code, title = 422, "bad-address", "This is not an e-mail address"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person.

    ``message_id`` has its angle brackets; ``date`` is aware. ``from_name`` is shown in place of
    the name in ``PORTAL_MAIL_FROM``; the address stays. ``html`` may carry ``<style>``, which is
    laid onto the elements; rules that can't be, such as dark mode, stay in the head. It shows
    the ``pictures`` as ``cid:NAME`` (RFC 2392).
    """

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    to_name: str = ""
    reply_to: tuple[str, ...] = ()
    from_name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    pictures: tuple[Attachment, ...] = ()


def address(text: str) -> Address:
    """One address; raises BadAddress for a list, a header in disguise, or no address at all."""
    stripped = text.strip()
    if not _ADDRESS.fullmatch(stripped) or not stripped.isprintable():
        raise BadAddress(f"“{one_line(text)[:100]}” is not an e-mail address.")
    local, _, domain = stripped.rpartition("@")
    try:
        encoded = domain.encode("idna").decode()
        return Address(username=local, domain=encoded)
    except (UnicodeError, ValueError):
        raise BadAddress(f"“{one_line(text)[:100]}” is not an e-mail address.") from None


def one_line(text: str) -> str:
    """Text fit for a header: no line ends, no control signs, nothing that turns letters around."""
    spaced = (" " if sign.isspace() else sign for sign in text)
    kept = (sign for sign in spaced if unicodedata.category(sign) not in {"Cc", "Cf", "Cs"})
    return " ".join("".join(kept).split())


def as_bytes(message: Message, mail_from: str) -> bytes:
    """The whole message with CRLF line ends, ready for DATA.

    ``mail_from`` is ``NAME <ADDRESS>`` or an address. Raises BadAddress, and ValueError where
    a header name or the Message-ID is none.
    """
    recipient = address(message.to)
    wide = not recipient.username.isascii()  # such an address needs a server with SMTPUTF8
    mime = EmailMessage(policy=_POLICY.clone(utf8=wide))
    _set_headers(mime, message, recipient, mail_from)
    text = _paragraphs(message.text)
    mime.set_content(text, cte=_transfer(text))
    html = css_inline.inline(message.html, load_remote_stylesheets=False, keep_at_rules=True)
    mime.add_alternative(html, subtype="html", cte="quoted-printable")
    for picture in message.pictures:
        _show(mime, picture)
    for item in message.attachments:
        main, _, sub = item.media_type.partition("/")
        name = one_line(item.name)
        params = {"charset": "utf-8"} if main == "text" else None
        mime.add_attachment(item.content, maintype=main, subtype=sub, filename=name, params=params)
    _set_boundaries(mime, message.message_id)
    return mime.as_bytes()


def _show(mime: EmailMessage, picture: Attachment) -> None:
    """Lay a picture beside the HTML that shows it."""
    main, _, sub = picture.media_type.partition("/")
    html = mime.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(
        picture.content, maintype=main, subtype=sub, cid=f"<{picture.name}>", disposition="inline"
    )


def sender(mail_from: str) -> Address:
    """The sender's name and address from ``PORTAL_MAIL_FROM``."""
    name, _, rest = mail_from.rpartition("<")
    bare = address(rest.removesuffix(">"))
    return Address(one_line(name).strip('" '), bare.username, bare.domain)


def _set_headers(mime: EmailMessage, message: Message, to: Address, mail_from: str) -> None:
    if not _MESSAGE_ID.fullmatch(message.message_id):
        raise ValueError("a Message-ID is <LEFT@RIGHT> in plain ASCII")
    origin = sender(mail_from)
    shown = one_line(message.from_name) if message.from_name else origin.display_name
    mime["From"] = Address(shown, origin.username, origin.domain)
    mime["To"] = Address(one_line(message.to_name), to.username, to.domain)
    if message.reply_to:
        mime["Reply-To"] = [address(one) for one in message.reply_to]
    mime["Subject"] = one_line(message.subject)
    mime["Date"] = format_datetime(message.date)
    mime["Message-ID"] = message.message_id
    mime["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps out-of-office answers away
    for name, value in message.headers.items():
        if not _HEADER.fullmatch(name) or name in mime:
            raise ValueError(f"{name!r} can't be added as a header")
        mime[name] = one_line(value)


def _paragraphs(text: str) -> str:
    lines = (line.rstrip() for line in text.replace("\0", "").splitlines())
    return "\n".join(lines).strip("\n") + "\n"


def _transfer(text: str) -> str:
    """7bit wherever it can be, so that a link stands in the raw mail in one piece."""
    short = all(len(line) <= _LONGEST_LINE for line in text.splitlines())
    return "7bit" if text.isascii() and short else "quoted-printable"


def _set_boundaries(mime: EmailMessage, message_id: str) -> None:
    for depth, part in enumerate(part for part in mime.walk() if part.is_multipart()):
        seed = f"{depth}:{message_id}".encode()
        part.set_boundary(f"=_{hashlib.sha256(seed).hexdigest()[:40]}")
