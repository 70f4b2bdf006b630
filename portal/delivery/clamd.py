"""Asking clamd whether a file is malware, over TCP or a Unix socket.

The protocol is that of clamd(8): ``zINSTREAM``, then pieces each led by its length in four bytes,
then a length of zero; the answer is one line: ``stream: OK``, ``stream: NAME FOUND`` or
``… ERROR``. https://docs.clamav.net/manual/Usage/Scanning.html
"""

import select
import socket
import struct
import time
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
            is_whole = _send(connection, stream)
            answer = _answer(connection, _ANSWER)
    except OSError as error:
        raise _away(error) from error
    if answer.endswith(" FOUND"):
        return Verdict(REFUSED, answer.removesuffix(" FOUND").partition(": ")[2])
    if answer.endswith(": OK") and is_whole:
        return Verdict(PASSED)
    if "size limit exceeded" in answer:
        return Verdict(NOT_SCANNED, "it is larger than the scanner takes")
    raise Unavailable(f"The malware scanner gave no verdict: {answer or 'nothing was said'}.")


def probe(url: str) -> str:
    """The version of clamd and its signatures; raises Unavailable."""
    try:
        with _connection(url, _CONNECT) as connection:
            connection.sendall(b"zVERSION\0")
            return _answer(connection, _CONNECT)
    except OSError as error:
        raise _away(error) from error


def _send(connection: socket.socket, stream: Readable) -> bool:
    """Send the pieces; False where clamd answered, or went away, before it had them all."""
    try:
        while piece := stream.read(_PIECE):
            if select.select([connection], [], [], 0)[0]:
                return False
            connection.sendall(struct.pack("!I", len(piece)) + piece)
        connection.sendall(struct.pack("!I", 0))
    except (BrokenPipeError, ConnectionResetError):
        return False  # it says why, or nothing
    return True


def _answer(connection: socket.socket, patience: float) -> str:
    """What clamd says, within so many seconds in all; nothing where that is no whole answer."""
    said, until = b"", time.monotonic() + patience
    while b"\0" not in said and len(said) < _MOST_SAID:
        connection.settimeout(max(until - time.monotonic(), 0.001))
        piece = connection.recv(_MOST_SAID)
        if not piece:
            break
        said += piece
    told, end, _ = said.partition(b"\0")
    return told.decode("utf-8", "replace").strip() if end else ""


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


def _away(error: OSError) -> Unavailable:
    told = error.strerror or str(error) or type(error).__name__
    # Without its address: owners read this, and whoever the audit trail is given to.
    return Unavailable(f"The malware scanner does not answer: {told}.")
