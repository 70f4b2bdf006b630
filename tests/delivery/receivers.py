"""Real HTTP servers that misbehave on purpose, each on a loopback port of its own."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from portal import clock

Talk = Callable[["Got", socket.socket], None]


@dataclass(frozen=True)
class Got:
    """One request as it came; names of headers in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def method(self) -> str:
        return self.line.split()[0]

    @property
    def path(self) -> str:
        return self.line.split()[1]


@dataclass
class Receiver:
    """What a server has seen: connections, and the requests in order."""

    port: int
    connections: int = 0
    requests: list[Got] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def allow(self) -> tuple[str, ...]:
        """The setting that admits it."""
        return (f"127.0.0.1:{self.port}",)


def answering(status: int = 200, body: bytes = b"{}", **headers: str) -> Talk:
    """What to say to every request."""

    def talk(_got: Got, wire: socket.socket) -> None:
        wire.sendall(answer(status, body, **headers))

    return talk


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """An answer as it goes over the wire; ``content_type`` is the header Content-Type."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    named = {"Content-Length": str(len(body)), **named}
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{k}: {v}" for k, v in named.items()), "", ""]
    return "\r\n".join(lines).encode() + body


@contextmanager
def receiver(
    talk: Talk | None = None, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[Receiver]:
    """A server that lets ``talk`` answer each request, and then hangs up."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)
    seen = Receiver(listener.getsockname()[1])
    work = (listener, talk or answering(), tls, seen)
    threading.Thread(target=_accept, args=work, daemon=True).start()
    try:
        yield seen
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        listener.close()


def _accept(
    listener: socket.socket, talk: Talk, tls: ssl.SSLContext | None, seen: Receiver
) -> None:
    with suppress(OSError):
        while True:
            wire, _ = listener.accept()
            seen.connections += 1
            threading.Thread(target=_serve, args=(wire, talk, tls, seen), daemon=True).start()


def _serve(wire: socket.socket, talk: Talk, tls: ssl.SSLContext | None, seen: Receiver) -> None:
    with suppress(OSError, ValueError):
        if tls is not None:
            wire = tls.wrap_socket(wire, server_side=True)
        with wire, wire.makefile("rb") as lines:
            got = _request(lines)
            if got.line:
                seen.requests.append(got)
                talk(got, wire)


def _request(lines) -> Got:  # type: ignore[no-untyped-def]
    line = lines.readline().decode().strip()
    headers: dict[str, str] = {}
    while text := lines.readline().decode().strip():
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    return Got(line, headers, lines.read(int(headers.get("content-length", 0))))


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for a name or an address, and the file of whoever vouches for it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    made = (
        x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=3650))
        .not_valid_after(clock.now() + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.pem", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public
