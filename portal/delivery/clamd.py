"""Asking clamd whether a file is malware, over TCP or a Unix socket.

The protocol is that of clamd(8): ``zINSTREAM``, then pieces each led by its length in four bytes,
then a length of zero; the answer is one line: ``stream: OK``, ``stream: NAME FOUND`` or
``… ERROR``. https://docs.clamav.net/manual/Usage/Scanning.html
"""

import select
import socket
import struct
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

from portal.errors import Unavailable

PASSED, REFUSED, NOT_SCANNED = "passed", "refused", "not scanned"
_PIECE = 256 * 1024
_CONNECT, _ANSWER = 5.0, 300.0
_MOST_SAID = 4096


class Readable(Protocol):
    """Anything with a ``read(size)`` that gives bytes and ends with none."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``result`` is ``passed``, ``refused`` or ``not scanned``; ``said`` why it did not pass."""

    result: str
    said: str = ""


def scan(url: str, stream: Readable) -> Verdict:
    """Have clamd look at a stream; raises Unavailable where it gives no verdict.

    What is larger than clamd takes (its ``StreamMaxLength``) is not scanned, and never will be.
    """
    try:
        with _connection(url, _ANSWER) as connection:
            connection.sendall(b"zINSTREAM\0")
            _send(connection, stream)
            answer = _answer(connection)
    except OSError as error:
        raise _away(url, error) from error
    if answer.endswith(" FOUND"):
        return Verdict(REFUSED, answer.removesuffix(" FOUND").partition(": ")[2])
    if answer.endswith(": OK"):
        return Verdict(PASSED)
    if "size limit exceeded" in answer:
        return Verdict(NOT_SCANNED, "it is larger than the scanner takes")
    raise Unavailable(f"The malware scanner gave no verdict: {answer or 'nothing was said'}.")


def probe(url: str) -> str:
    """The version of clamd and its signatures; raises Unavailable."""
    try:
        with _connection(url, _CONNECT) as connection:
            connection.sendall(b"zVERSION\0")
            return _answer(connection)
    except OSError as error:
        raise _away(url, error) from error


def _send(connection: socket.socket, stream: Readable) -> None:
    """Send the pieces; stops early where clamd has answered before the end."""
    try:
        while piece := stream.read(_PIECE):
            if select.select([connection], [], [], 0)[0]:
                return
            connection.sendall(struct.pack("!I", len(piece)) + piece)
        connection.sendall(struct.pack("!I", 0))
    except (BrokenPipeError, ConnectionResetError):
        return  # it says why, or nothing


def _answer(connection: socket.socket) -> str:
    said = b""
    while b"\0" not in said and len(said) < _MOST_SAID:
        piece = connection.recv(_MOST_SAID)
        if not piece:
            break
        said += piece
    return said.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _connection(url: str, patience: float) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_CONNECT)
        connection.connect(unquote(parts.path))
    else:
        connection = socket.create_connection((parts.hostname, parts.port or 3310), _CONNECT)
    connection.settimeout(patience)
    return connection


def _away(url: str, error: OSError) -> Unavailable:
    told = error.strerror or str(error) or type(error).__name__
    return Unavailable(f"The malware scanner at {url} does not answer: {told}.")
