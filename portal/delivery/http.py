"""Calls out of the house: to public addresses only, cut at 100 KB and 15 seconds.

A name is resolved once, what it leads to is judged, and the connection goes to the address that
was judged: whoever answers the next question of the resolver otherwise gains nothing. Redirects
are an answer like any other and never followed. ``PORTAL_OUTBOUND_ALLOW`` admits internal
receivers on purpose.
"""

import http.client
import io
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from time import monotonic
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from portal.errors import PortalError

SECONDS = 15.0
MOST_BYTES = 100_000
"""Of the body; what else stands on the wire (headers, the frames of chunks) has room beside it."""

_BESIDE = 20_000
_AGENT = "Portico"
_PUBLIC_IPV6 = ip_network("2000::/3")
_NOT_PUBLIC = tuple(
    map(
        ip_network,
        ("192.0.0.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_CHARSETS = frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"})

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Sequence[str]]


class NoAnswer(PortalError):
    """No answer came. ``word`` says why; ``is_final``: another attempt would end the same."""

    status, code, title = 502, "no-answer", "Another system did not answer"
    word: ClassVar[str] = "connection"
    is_final: ClassVar[bool] = False


class Forbidden(NoAnswer):
    """The address is not one that the portal calls."""

    word, is_final = "address", True


class Unsendable(NoAnswer):
    """The request is none that could be sent."""

    word, is_final = "request", True


class Nowhere(NoAnswer):
    """The name leads to no address."""

    word = "dns"


class Unproven(NoAnswer):
    """The other side did not prove who it is."""

    word = "tls"


class TooSlow(NoAnswer):
    """The time was over before the answer was."""

    word = "timeout"


class Unreadable(NoAnswer):
    """What came is no answer in the language of HTTP."""

    word = "answer"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent; ``headers`` may not name what the connection itself says."""

    method: str
    url: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered; names of headers in lower case, the text cut where it is too long.

    ``body`` is the same as bytes.
    """

    status: int
    headers: Mapping[str, str]
    text: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class _Target:
    """Whom an address names. ``host`` is in ASCII, without the brackets of IPv6."""

    is_secure: bool
    host: str
    port: int
    path: str


def addresses(host: str, port: int) -> list[str]:
    """What a name leads to, asked of the system. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def send(
    request: Request,
    allow: Sequence[str] = (),
    *,
    resolve: Resolver = addresses,
    seconds: float = SECONDS,
    most: int = MOST_BYTES,
) -> Response:
    """Send and read the answer, whatever its status. Raises NoAnswer with a sentence.

    No more than ``most`` bytes of the body are read.
    """
    until = monotonic() + seconds
    target = _target(request.url)
    judged = _judged(target, allow, _resolved(target, resolve, seconds))
    try:
        with _connected(target, judged, until, most) as connection:
            _ask(connection, request, target)
            return _answer(connection, most)
    except ssl.SSLError as error:
        raise Unproven(f"{target.host} did not prove who it is: {_reason(error)}.") from None
    except (http.client.HTTPException, ValueError, zlib.error) as error:
        raise Unreadable(f"{target.host} gave no sound answer: {_reason(error)}.") from None
    except TimeoutError:
        raise TooSlow(f"{target.host} took too long.") from None
    except OSError as error:
        raise NoAnswer(f"{target.host} could not be reached: {_reason(error)}.") from None


def is_public(address: Address) -> bool:
    """Whether an address is one of the public net, and none that leads back into a private one."""
    if any(address in network for network in _NOT_PUBLIC):
        return False
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    return address in _PUBLIC_IPV6


def _target(url: str) -> _Target:
    """The parts of an address. Raises Forbidden where it is none of http or https."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii")
    except ValueError:
        raise Forbidden("The address is not one that can be called.") from None
    if parts.scheme not in ("http", "https") or not host or _is_odd(url):
        raise Forbidden("The address is not one of http or https.")
    if parts.username is not None or parts.password is not None:
        raise Forbidden("The address holds a name or a password, which belong in a secret.")
    is_secure = parts.scheme == "https"
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~?[]")
    if port is None:
        port = 443 if is_secure else 80
    return _Target(is_secure, host, port, f"{path}?{query}" if query else path)


def _is_odd(url: str) -> bool:
    """Whether it holds what two readers of an address could read in two ways."""
    host = urlsplit(url).netloc
    return any(sign <= " " or sign == "\x7f" or sign == "\\" for sign in url) or "%" in host


def _resolved(target: _Target, resolve: Resolver, seconds: float) -> list[Address]:
    """What the name leads to, asked once; a resolver that does not answer is no answer."""
    found: list[Address] = []
    fault: list[Exception] = []

    def ask() -> None:
        try:
            found.extend(ip_address(one) for one in resolve(target.host, target.port))
        except (OSError, ValueError) as error:
            fault.append(error)

    asking = threading.Thread(target=ask, name="resolve", daemon=True)
    asking.start()
    asking.join(seconds)
    if asking.is_alive() or fault or not found:
        raise Nowhere(f"The name {target.host} leads to no address.")
    return list(found)


def _judged(target: _Target, allow: Sequence[str], found: Sequence[Address]) -> list[Address]:
    """The addresses that may be called; Forbidden where none may."""
    if f"{target.host.lower()}:{target.port}" in _hosts(allow):
        return list(found)
    networks = list(_networks(allow))
    judged = [one for one in found if is_public(one) or any(one in net for net in networks)]
    if judged:
        return judged
    raise Forbidden(f"{target.host} is not on the public net, so the portal does not call it.")


def _hosts(allow: Sequence[str]) -> set[str]:
    return {entry.lower().replace("[", "").replace("]", "") for entry in allow}


def _networks(allow: Sequence[str]) -> Iterator[Any]:
    for entry in allow:
        try:
            yield ip_network(entry)
        except ValueError:  # a host with its port
            continue


class _TooLong(http.client.HTTPException):
    """More came than is read of any answer."""


class _Budget(io.RawIOBase):
    """A stream that gives out no more than so many bytes."""

    def __init__(self, raw: Any, most: int) -> None:
        self._raw, self._left = raw, most

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int | None:
        if self._left <= 0:
            raise _TooLong("it does not end")
        read: int | None = self._raw.readinto(memoryview(into)[: self._left])
        self._left -= read or 0
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer that is read from a budget, its headers included."""

    def __init__(self, sock: socket.socket, *args: Any, most: int, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        self.fp: Any = io.BufferedReader(_Budget(self.fp.detach(), most + _BESIDE))


@contextmanager
def _connected(
    target: _Target, judged: Sequence[Address], until: float, most: int
) -> Iterator[http.client.HTTPConnection]:
    """A connection to a judged address and no other, which is cut when the time is over."""
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.default_port = 443 if target.is_secure else 80
    connection.response_class = partial(_Answer, most=most)  # type: ignore[assignment]
    raw = _reached(target, judged, until)
    lifeline = raw.dup()  # the same connection, whatever becomes of the first name for it
    is_over = threading.Event()
    cutting = threading.Timer(_left(until), partial(_cut, lifeline, is_over))
    cutting.daemon = True
    cutting.start()
    try:
        connection.sock = _secured(raw, target.host) if target.is_secure else raw
        yield connection
        if is_over.is_set():
            raise TimeoutError
    except (OSError, http.client.HTTPException):
        if is_over.is_set():
            raise TimeoutError from None
        raise
    finally:
        cutting.cancel()
        for one in (connection, raw, lifeline):
            one.close()


def _reached(target: _Target, judged: Sequence[Address], until: float) -> socket.socket:
    """A connection to the first of the addresses that takes one."""
    for address in judged[:-1]:
        try:
            return socket.create_connection((str(address), target.port), timeout=_left(until) / 2)
        except OSError:
            continue
    return socket.create_connection((str(judged[-1]), target.port), timeout=_left(until))


def _left(until: float) -> float:
    return max(0.01, until - monotonic())


def _cut(lifeline: socket.socket, is_over: threading.Event) -> None:
    is_over.set()
    try:
        lifeline.shutdown(socket.SHUT_RDWR)
    except OSError:  # it ended at this very moment
        return


def _secured(raw: socket.socket, host: str) -> ssl.SSLSocket:
    """The connection under TLS: the certificate must be the name's, not the address's."""
    return ssl.create_default_context().wrap_socket(raw, server_hostname=host)


def _ask(connection: http.client.HTTPConnection, request: Request, target: _Target) -> None:
    own = {"user-agent": _AGENT, "accept": "*/*", "accept-encoding": "identity"}
    given = {name.lower() for name, _ in request.headers}
    headers = [*((n, v) for n, v in own.items() if n not in given), *request.headers]
    body = request.body
    if body is None and request.method in ("POST", "PUT", "PATCH"):
        body = b""
    try:
        connection.putrequest(request.method, target.path, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value.encode())
    except (ValueError, http.client.HTTPException):
        raise Unsendable("The request holds signs that can't be sent.") from None
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.putheader("Connection", "close")
    connection.endheaders(body)


def _answer(connection: http.client.HTTPConnection, most: int) -> Response:
    response = connection.getresponse()
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    body = _unpacked(_read(response, most), headers.get("content-encoding", ""), most)
    charset = (response.headers.get_content_charset() or "utf-8").lower()
    text = body.decode(charset if charset in _CHARSETS else "utf-8", errors="replace")
    return Response(response.status, headers, text.removeprefix("\ufeff"), body)


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    """The body, up to the most that is read of it."""
    body = b""
    while len(body) < most:
        try:
            piece = response.read1(most - len(body))
        except _TooLong:
            return body
        if not piece:
            _require_whole(response)
            return body
        body += piece
    return body


def _require_whole(response: http.client.HTTPResponse) -> None:
    """Refuse a body that ended before its announced length."""
    left = response.length
    if left:
        raise http.client.IncompleteRead(b"", left)


def _unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """The body as it was before it was packed; a bomb is cut like any long answer."""
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return body
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, most)


def _reason(error: Exception) -> str:
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(said.split())[:200].rstrip(".") or type(error).__name__
