"""Calls out of the house: what is never reached (W01, W02), and where an answer is cut (W03)."""

import gzip
import socket
import time
import zlib
from pathlib import Path

import pytest

from portal.delivery import http
from portal.delivery.http import Forbidden, NoAnswer, Request, send
from tests.delivery.receivers import Got, answer, answering, certificate, receiver


def _has_name() -> bool:
    """Whether this machine knows itself by a name; one with no ``/etc/hosts`` does not."""
    try:
        return bool(socket.getaddrinfo("localhost", None))
    except OSError:
        return False


# Spellings of the port's own machine and of nets that are nobody's business outside. Some are
# names, some numbers in other clothes: whatever the resolver makes of them is what is judged.
PRIVATE = [
    "127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001",
    "0x7f.0.0.1", "0x7f.1", "017700000001", "0177.0.0.1", "0177.1", "00000177.0.0.1",
    "127.0.0.1.", "0", "0.0.0.0", "0x0", "00", "localhost", "LOCALHOST", "localhost.",
    "１２７.０.０.１", "127。0。0。1", "⑫⑦.0.0.1", "ⓛocalhost",
    "10.0.0.1", "10.255.255.255", "0xa000001",
    "167772161", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.1", "3232235777",
    "0xc0.0xa8.1.1", "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376",
    "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.0.9", "192.0.0.170", "192.0.2.1",
    "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "4294967295", "0.1.2.3",
    "[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[0000::0001]", "[::127.0.0.1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::FFFF:10.0.0.1]", "[0:0:0:0:0:ffff:169.254.169.254]",
    "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]",
    "[100::1]", "[fc00::1]", "[fd00:ec2::254]", "[fdff:ffff::1]", "[fe80::1]", "[fec0::1]",
    "[ff02::1]", "[ff0e::1]", "[2001::1]", "[2001:0:7f00:1::]", "[2001:10::1]", "[2001:20::1]",
    "[2001:db8::1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[3fff::1]", "[3fff:fff::1]",
    "[4000::1]", "[::8.8.8.8]",
]  # fmt: skip
# What is no sound address at all, or what two readers would read in two ways.
CROOKED = [
    "ftp://a.example/", "file:///etc/passwd", "gopher://127.0.0.1/", "//127.0.0.1/", "127.0.0.1",
    "http:///x", "http://", "", "http://a.example@127.0.0.1/", "http://me:word@a.example/",
    "http://127.0.0.1\\@a.example/", "http://a.example\\.b/", "http://127%2e0%2e0%2e1/",
    "http://[fe80::1%25eth0]/", "http://a.example:99999/", "http://a.example:x/", "http://[::1/",
    "http://a b.example/", "http://a.example/\r\nX: y", "http://a.example/\tx", "http://a..b/",
    "http://127.0.0.1\t.a.example/", "http://" + "a" * 64 + ".example/", "http://a\x00.example/",
    "http://\u2100.example/",
]  # fmt: skip


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every connection that is begun, for tests that expect none."""
    begun: list[object] = []
    connect = socket.create_connection

    def watching(address, *args, **named):  # type: ignore[no-untyped-def]
        begun.append(address)
        return connect(address, *args, **named)

    monkeypatch.setattr(socket, "create_connection", watching)
    return begun


def test_there_are_enough_of_them() -> None:
    assert len(set(PRIVATE)) == len(PRIVATE) >= 60


@pytest.mark.parametrize("host", PRIVATE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_spelling_of_a_private_address_is_connected_to(
    scheme: str, host: str, watched: list[object]
) -> None:
    with pytest.raises(NoAnswer) as refused:
        send(Request("GET", f"{scheme}://{host}:9/x"))
    assert refused.value.word in ("address", "dns")
    assert watched == []


@pytest.mark.parametrize("url", CROOKED)
def test_a_crooked_address_is_connected_to_by_nobody(url: str, watched: list[object]) -> None:
    with pytest.raises(Forbidden):
        send(Request("GET", url), resolve=lambda *_: ["8.8.8.8"])
    assert watched == []


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "100.63.0.1", "100.128.0.1", "172.32.0.1", "2606:4700::1",
                "2001:4860::8888", "2003::1", "2400::1", "3ffe::1"]
)  # fmt: skip
def test_what_is_public_may_be_called(address: str) -> None:
    assert http.is_public(http.ip_address(address))


def test_the_answer_is_read_and_the_request_says_what_it_should() -> None:
    talk = answering(201, '{"id": "ä"}'.encode(), content_type="application/json", x_id="7")
    with receiver(talk) as there:
        request = Request(
            "POST", f"{there.url}/a/ä?q=ü#part", [("X-A", "ß"), ("Accept", "text/x")], b"body"
        )
        got = send(request, there.allow)
    assert (got.status, got.text) == (201, '{"id": "ä"}')
    assert got.headers["x-id"] == "7"
    [sent] = there.requests
    assert (sent.method, sent.path, sent.body) == ("POST", "/a/%C3%A4?q=%C3%BC", b"body")
    assert sent.headers["host"] == f"127.0.0.1:{there.port}"
    assert sent.headers["x-a"] == "ß"
    assert sent.headers["accept"] == "text/x"
    assert sent.headers["accept-encoding"] == "identity"
    assert sent.headers["user-agent"] == "Portico"


def test_networks_and_hosts_with_ports_are_admitted_on_purpose_and_nothing_beside() -> None:
    with receiver() as there:
        for allow in (["127.0.0.0/8"], ["127.0.0.1"], [f"127.0.0.1:{there.port}"]):
            assert send(Request("GET", there.url), allow).status == 200
        for allow in (["10.0.0.0/8"], ["127.0.0.1:1"], [f"localhost:{there.port}"], ["::1/128"]):
            with pytest.raises(Forbidden):
                send(Request("GET", there.url), allow)
    assert there.connections == 3


@pytest.mark.skipif(not _has_name(), reason="this machine has no name for itself")
def test_a_host_is_admitted_by_its_name_and_port() -> None:
    with receiver() as there:
        url = f"http://localhost:{there.port}/"
        assert send(Request("GET", url), [f"localhost:{there.port}"]).status == 200
        with pytest.raises(Forbidden):
            send(Request("GET", url), ["localhost:1"])
    assert there.connections == 1


def test_ipv6_is_spelt_in_brackets() -> None:
    with receiver(host="::1") as there:
        url = f"http://[::1]:{there.port}/"
        assert send(Request("GET", url), [f"[::1]:{there.port}"]).status == 200
    assert there.requests[0].headers["host"] == f"[::1]:{there.port}"


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with receiver() as inside, receiver(answering(302, b"", location=inside.url)) as there:
        got = send(Request("GET", there.url), there.allow)
    assert (got.status, got.headers["location"]) == (302, inside.url)
    assert inside.connections == 0


def test_a_name_is_asked_once_and_the_judged_address_is_the_one_called() -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with receiver() as there:
        url = f"http://hooks.example:{there.port}/"
        assert send(Request("GET", url), ["127.0.0.1/32"], resolve=rebinding).status == 200
        assert there.requests[0].headers["host"] == f"hooks.example:{there.port}"
        with pytest.raises(Forbidden):
            send(Request("GET", url), ["127.0.0.1/32"], resolve=rebinding)
    assert asked == ["hooks.example"] * 2
    assert there.connections == 1


def test_of_mixed_addresses_only_those_that_may_be_are_called(watched: list[object]) -> None:
    with receiver() as there:
        mixed = ["10.0.0.1", "::1", "127.0.0.1", "169.254.169.254"]
        url = f"http://hooks.example:{there.port}/"
        got = send(Request("GET", url), ["127.0.0.1/32"], resolve=lambda *_: mixed)
    assert got.status == 200
    assert watched == [("127.0.0.1", there.port)]


def test_where_one_address_does_not_take_a_connection_the_next_one_is_called() -> None:
    with receiver() as there:
        url = f"http://hooks.example:{there.port}/"
        both = ["127.0.0.2", "127.0.0.1"]
        assert send(Request("GET", url), ["127.0.0.0/8"], resolve=lambda *_: both).status == 200


def silent(host: str, port: int) -> list[str]:
    time.sleep(5)
    return ["127.0.0.1"]


def broken(host: str, port: int) -> list[str]:
    raise socket.gaierror(socket.EAI_AGAIN, "no answer")


@pytest.mark.parametrize("resolve", [silent, broken, lambda *_: [], lambda *_: ["no address"]])
def test_a_resolver_that_fails_is_no_address(resolve, watched: list[object]) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NoAnswer) as failed:
        send(Request("GET", "http://a.example/"), ["0.0.0.0/0"], resolve=resolve, seconds=0.3)
    assert failed.value.word == "dns"
    assert not failed.value.is_final
    assert watched == []


def test_a_certificate_must_be_the_names_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, vouching = certificate(tmp_path, "hooks.example")
    with receiver(tls=tls) as there:

        def call(name: str) -> int:
            url, here = f"https://{name}:{there.port}/", ["127.0.0.1"]
            return send(Request("GET", url), ["127.0.0.1/32"], resolve=lambda *_: here).status

        with pytest.raises(NoAnswer) as unknown:
            call("hooks.example")
        monkeypatch.setenv("SSL_CERT_FILE", str(vouching))
        with pytest.raises(NoAnswer) as other:
            call("other.example")
        assert {unknown.value.word, other.value.word} == {"tls"}
        assert there.requests == []
        assert call("hooks.example") == 200


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def endless(start: bytes, piece: bytes, pause: float = 0.0):  # type: ignore[no-untyped-def]
    """A server that never ends what it has begun to say."""

    def talk(_got: Got, wire: socket.socket) -> None:
        wire.sendall(start)
        while True:
            wire.sendall(piece)
            time.sleep(pause)

    return talk


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 5000),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", b"a" * 5000),
        (CHUNKED, b"1000\r\n" + b"a" * 0x1000 + b"\r\n"),
    ],
)
def test_a_body_without_end_is_cut(start: bytes, piece: bytes) -> None:
    with receiver(endless(start, piece)) as there:
        got = send(Request("GET", there.url), there.allow)
    assert got.text == "a" * http.MOST_BYTES


def test_tiny_chunks_are_cut_where_too_much_stands_on_the_wire() -> None:
    with receiver(endless(CHUNKED, b"1\r\na\r\n" * 500)) as there:
        got = send(Request("GET", there.url), there.allow)
    assert set(got.text) == {"a"}
    assert len(got.text) < http.MOST_BYTES


@pytest.mark.parametrize(
    "talk",
    [
        endless(b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"a" * 5000 + b"\r\n"),
        endless(b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 5000),
        endless(b"", b"a" * 5000),
        endless(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        endless(CHUNKED, b"f" * 5000),
        answering(200, b"half", content_length="10"),
        lambda _got, wire: wire.sendall(CHUNKED + b"5\r\nab"),
        lambda _got, wire: wire.sendall(b"SSH-2.0-OpenSSH\r\n"),
        lambda _got, wire: None,
        answering(200, b"no gzip", content_encoding="gzip"),
    ],
)
def test_what_is_no_whole_answer_is_none(talk) -> None:  # type: ignore[no-untyped-def]
    with receiver(talk) as there, pytest.raises(NoAnswer) as failed:
        send(Request("GET", there.url), there.allow, seconds=5)
    assert failed.value.word in ("answer", "connection")


@pytest.mark.parametrize(
    "talk",
    [
        endless(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", b"a", 0.05),
        endless(b"HTTP/1.1 200 OK\r\n\r\n", b"a", 0.05),
        endless(CHUNKED, b"1\r\na\r\n", 0.05),
        endless(b"HTTP/1.1 200 OK\r\nX-A: ", b"a", 0.05),
        lambda _got, wire: time.sleep(5),
    ],
)
def test_who_drips_is_left_when_the_time_is_over(talk) -> None:  # type: ignore[no-untyped-def]
    before = time.monotonic()
    with receiver(talk) as there, pytest.raises(NoAnswer) as failed:
        send(Request("GET", there.url), there.allow, seconds=0.6)
    assert time.monotonic() - before < 2
    assert failed.value.word == "timeout"


def test_a_handshake_that_does_not_end_is_left_too() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    before = time.monotonic()
    with listener, pytest.raises(NoAnswer) as failed:
        send(Request("GET", f"https://127.0.0.1:{port}/"), ["127.0.0.1"], seconds=0.5)
    assert time.monotonic() - before < 2
    assert failed.value.word == "timeout"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_packed_bomb_is_cut_like_any_long_answer(pack) -> None:  # type: ignore[no-untyped-def]
    packed = pack(b"0" * 50_000_000)
    encoding = "gzip" if pack is gzip.compress else "deflate"
    with receiver(answering(200, packed, content_encoding=encoding)) as there:
        got = send(Request("GET", there.url), there.allow)
    assert got.text == "0" * http.MOST_BYTES


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("ä".encode("latin-1"), "text/plain; charset=ISO-8859-1", "ä"),
        ("ä".encode("latin-1"), "text/plain", "\ufffd"),
        (b"\xef\xbb\xbf{}", "application/json", "{}"),
        (b"ab", "text/plain; charset=hex", "ab"),
        (b"", "text/plain", ""),
    ],
)
def test_a_text_is_read_in_the_signs_it_names(body: bytes, kind: str, text: str) -> None:
    with receiver(answering(200, body, content_type=kind)) as there:
        assert send(Request("GET", there.url), there.allow).text == text


def test_an_answer_without_a_body_is_one() -> None:
    with receiver(lambda _got, wire: wire.sendall(answer(204, b""))) as there:
        assert send(Request("HEAD", there.url), there.allow).status == 204


@pytest.mark.parametrize("headers", [[("X-A", "a\r\nX-B: c")], [("X-A", "\udc80")], [("", "x")]])
def test_nothing_is_smuggled_into_a_request(headers: list[tuple[str, str]]) -> None:
    with receiver() as there, pytest.raises(NoAnswer) as refused:
        send(Request("GET", there.url, headers), there.allow)
    assert refused.value.word == "request"
    assert there.requests == []


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with receiver() as there:
        assert send(Request("GET", there.url), there.allow).status == 200
