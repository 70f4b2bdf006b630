"""Slow senders: they hold no place at work, and none stays that sends next to nothing.

The server gives every request a thread, and reading a body holds it for as long as the sender
likes; it has no time limit of its own for that. So there are many threads and few places: a
request gives its place back while it waits for bytes. And a connection over which nothing was
sent back, and next to nothing came in, for half a minute is cut.
"""

import contextlib
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import structlog

from portal import clock
from portal.errors import Unavailable
from portal.language import gettext as _

log = structlog.get_logger(__name__)

PLACES = 16  # requests at work at once; SQLite has one writer anyhow
_KEPT_FREE = 2 * PLACES  # threads that no sender ever gets
_LOOK_EVERY, _PATIENCE = 5.0, 30.0
_LEAST_BYTES = 3000  # that have to come meanwhile: 100 a second
_TCP_INFO = (socket.IPPROTO_TCP, 11)
_COUNTS = slice(120, 136)  # of Linux's tcp_info: bytes acknowledged, bytes received

_DESCRIPTORS = Path("/proc/self/fd")

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Gate:
    """The application behind so many places, in a server of so many ``threads``."""

    def __init__(self, app: Wsgi, threads: int, places: int = PLACES) -> None:
        self._app = app
        self._places = threading.BoundedSemaphore(places)
        self._waiting = threading.BoundedSemaphore(threads - _KEPT_FREE)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Handle one request in a place of its own."""
        environ["wsgi.input"] = _Body(environ["wsgi.input"], self._places, self._waiting)
        with self._places:
            return self._app(environ, start_response)


class _Body:
    """What is sent with a request; whoever reads it leaves their place meanwhile."""

    def __init__(
        self, stream: Any, places: threading.Semaphore, waiting: threading.Semaphore
    ) -> None:
        self._stream, self._places, self._waiting = stream, places, waiting

    def read(self, size: int = -1) -> bytes:
        """The next bytes, up to ``size`` where one is given. Raises Unavailable in a crowd."""
        return self._wait(lambda: self._stream.read(size) if size >= 0 else self._stream.read())

    def readline(self, size: int = -1) -> bytes:
        """The next line."""
        return self._wait(self._stream.readline)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _wait(self, read: Callable[[], bytes]) -> bytes:
        if not self._waiting.acquire(blocking=False):
            raise Unavailable(
                _("Too much is being sent here just now."), _("Try again in a minute.")
            )
        self._places.release()
        try:
            return read()
        finally:
            self._waiting.release()
            self._places.acquire()


class _Seen(NamedTuple):
    """A connection when something last moved on it, and how much had by then."""

    peer: Any
    at: float
    sent: int
    received: int


class Watch:
    """Looks over the connections of this process to one port, and cuts those that stand still."""

    def __init__(self, port: int, patience: float = _PATIENCE) -> None:
        self._port, self._patience = port, patience
        self._seen: dict[int, _Seen] = {}

    def begin(self) -> None:
        """Look from now on, beside everything else; only Linux tells how much has moved."""
        if sys.platform != "linux":
            return
        threading.Thread(target=self._looking, name="patience", daemon=True).start()

    def look(self, now: float) -> int:
        """Cut whatever stood still for too long by the moment ``now``; how many those were."""
        cut, here = 0, {}
        for fd in [int(entry.name) for entry in _DESCRIPTORS.iterdir()]:
            with _connection(fd, self._port) as one:
                seen = None if one is None else self._seen_moving(fd, one, now)
                if one is not None and seen is not None and now - seen.at >= self._patience:
                    one.shutdown(socket.SHUT_RDWR)
                    cut += 1
                elif seen is not None:
                    here[fd] = seen
        self._seen = here
        return cut

    def _seen_moving(self, fd: int, one: socket.socket, now: float) -> _Seen:
        """When something last moved on this connection, this moment included."""
        sent, received = struct.unpack("QQ", one.getsockopt(*_TCP_INFO, _COUNTS.stop)[_COUNTS])
        fresh = _Seen(one.getpeername(), now, sent, received)
        before = self._seen.get(fd)
        if before is None or before.peer != fresh.peer or before.sent != sent:
            return fresh
        return fresh if received - before.received >= _LEAST_BYTES else before

    def _looking(self) -> None:
        while True:
            clock.sleep(_LOOK_EVERY)
            with contextlib.suppress(OSError, struct.error):  # closed while it was looked at
                if cut := self.look(monotonic()):
                    log.info("connections.cut", count=cut)


@contextlib.contextmanager
def _connection(fd: int, port: int) -> Iterator[socket.socket | None]:
    """A connection to the port by its descriptor, or ``None`` where that is something else.

    A copy: the number may belong to another connection at any moment, the copy never does.
    """
    try:
        copy = os.dup(fd)
    except OSError:
        yield None
        return
    try:
        one = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        yield None
        return
    with one:
        yield one if _is_to(one, port) else None


def _is_to(one: socket.socket, port: int) -> bool:
    try:
        one.getpeername()
        return one.family in (socket.AF_INET, socket.AF_INET6) and one.getsockname()[1] == port
    except OSError:
        return False
