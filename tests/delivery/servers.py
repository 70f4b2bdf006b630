"""Real SMTP servers that misbehave on purpose, each on a loopback port of its own."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Answer = Callable[[str], str | None]


@dataclass
class Scripted:
    """What a scripted server has seen: connections, and the bytes of every DATA."""

    port: int
    connections: int = 0
    received: list[bytes] = field(default_factory=list)


@contextmanager
def scripted(answer: Answer) -> Iterator[Scripted]:
    """A server that asks ``answer(command)`` what to say.

    None means the usual yes; an empty string cuts the connection without a word. The end of the
    data is the command ``.``.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    seen = Scripted(listener.getsockname()[1])
    threading.Thread(target=_accept, args=(listener, answer, seen), daemon=True).start()
    try:
        yield seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        listener.close()


def _accept(listener: socket.socket, answer: Answer, seen: Scripted) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            seen.connections += 1
            threading.Thread(target=_talk, args=(connection, answer, seen), daemon=True).start()


def _talk(connection: socket.socket, answer: Answer, seen: Scripted) -> None:
    with suppress(OSError), connection, connection.makefile("rwb", buffering=0) as wire:
        wire.write(b"220 scripted\r\n")
        while line := wire.readline():
            verb, gap, rest = line.decode().strip().partition(" ")
            command = f"{verb.upper()}{gap}{rest}"
            said = answer(command)
            if not _reply(wire, said, _usual(command)) or command == "QUIT":
                return
            if command == "DATA" and said is None:
                data = b""
                while not data.endswith(b"\r\n.\r\n"):
                    data += wire.readline()
                seen.received.append(data[:-3])
                if not _reply(wire, answer("."), "250 taken"):
                    return


def _reply(wire: socket.SocketIO, said: str | None, usual: str) -> bool:
    if said == "":
        return False
    wire.write(f"{usual if said is None else said}\r\n".encode())
    return True


def _usual(command: str) -> str:
    return {"DATA": "354 go on", "QUIT": "221 bye"}.get(command, "250 yes")
