"""Slow senders cost others nothing, and who sends next to nothing is cut."""

import io
import socket
import threading
from collections.abc import Iterator

import pytest

from portal.errors import Unavailable
from portal.web.patience import Gate, Watch
from tests.servers import Portal, portal_on


class Slow(io.BytesIO):
    """A body that comes once somebody allows it."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.asked, self.allowed = threading.Event(), threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        self.asked.set()
        assert self.allowed.wait(20)
        return super().read(size)


def echo(environ: dict[str, object], start_response: object) -> list[bytes]:
    body = environ["wsgi.input"]
    return [body.read(), body.read(3)]  # type: ignore[attr-defined]


def ask(gate: Gate, body: io.BytesIO) -> bytes:
    return b"".join(gate({"wsgi.input": body}, lambda *_: None))


def test_u06_who_waits_for_bytes_holds_no_place() -> None:
    gate = Gate(echo, places=1, threads=40)
    slow = Slow(b"slow")
    waiting = threading.Thread(target=ask, args=(gate, slow))
    waiting.start()
    assert slow.asked.wait(20)
    assert ask(gate, io.BytesIO(b"quick")) == b"quick"
    slow.allowed.set()
    waiting.join(20)
    assert ask(gate, io.BytesIO(b"again")) == b"again"


def test_in_a_crowd_of_senders_the_next_is_refused_and_threads_stay_free() -> None:
    gate = Gate(echo, places=4, threads=34)  # two more than are kept free
    crowd = [Slow(b"slow") for _ in range(2)]
    threads = [threading.Thread(target=ask, args=(gate, one)) for one in crowd]
    for one, thread in zip(crowd, threads, strict=True):
        thread.start()
        assert one.asked.wait(20)
    with pytest.raises(Unavailable, match="Too much is being sent"):
        ask(gate, io.BytesIO(b"one more"))
    for one, thread in zip(crowd, threads, strict=True):
        one.allowed.set()
        thread.join(20)
    assert ask(gate, io.BytesIO(b"one more")) == b"one more"


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket, int]]:
    """A browser's end and our end of a connection, and our port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as theirs:
            ours, _ = server.accept()
            with ours:
                yield theirs, ours, port


Pair = tuple[socket.socket, socket.socket, int]


def test_a_connection_on_which_next_to_nothing_moves_is_cut(pair: Pair) -> None:
    theirs, _, port = pair
    watch = Watch(port, patience=30)
    theirs.sendall(b"POST /login")
    assert watch.look(0) == 0
    theirs.sendall(b"x")
    assert watch.look(29) == 0
    theirs.sendall(b"x")
    assert watch.look(31) == 1
    assert theirs.recv(1) == b""


@pytest.mark.parametrize("who", ["theirs", "ours"])
def test_one_that_moves_either_way_is_left_alone(pair: Pair, who: str) -> None:
    theirs, ours, port = pair
    watch = Watch(port, patience=30)
    watch.look(0)
    sender, reader = (theirs, ours) if who == "theirs" else (ours, theirs)
    for moment in (29, 58, 87):
        sender.sendall(b"x" * 4000)
        assert len(reader.recv(4000, socket.MSG_WAITALL)) == 4000
        assert watch.look(moment) == 0


def test_other_connections_are_none_of_its_business(pair: Pair) -> None:
    theirs, _, port = pair
    watch = Watch(port + 1, patience=30)
    watch.look(0)
    assert watch.look(100) == 0
    theirs.sendall(b"still here")


@pytest.fixture
def portal(tmp_path: object) -> Iterator[Portal]:
    running = portal_on(tmp_path / "data").start()  # type: ignore[operator]
    yield running
    running.stop()


def test_u06_two_hundred_idle_senders_keep_nobody_out(portal: Portal) -> None:
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n1234567"
    idle = [socket.create_connection(("127.0.0.1", portal.port)) for _ in range(200)]
    for one in idle:
        one.sendall(head)
    assert portal.is_ready()
    with socket.create_connection(("127.0.0.1", portal.port), timeout=10) as neighbour:
        sent = b"email=a&password=b"
        form = b"Content-Type: application/x-www-form-urlencoded\r\n"
        length = b"Content-Length: %d\r\n\r\n%b" % (len(sent), sent)
        neighbour.sendall(b"POST /login HTTP/1.1\r\nHost: x\r\n" + form + length)
        assert neighbour.recv(12) == b"HTTP/1.1 403"
    for one in idle:
        one.close()
