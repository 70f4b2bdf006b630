"""A time-stamp service (RFC 3161) on a real socket, which answers truly or as badly as told."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from asn1crypto import cms, keys, tsp
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from portal import clock
from portal.delivery.stamps import Answer, der
from tests import seals

Bad = Callable[["Service", tsp.TimeStampReq], bytes]
LISTS = "/revoked.crl"


class Service:
    """Stamps as ``name`` of the authority ``by``; ``behave`` is how, None when truly."""

    def __init__(self, name: str = "Sea Time", by: str = "Time CA") -> None:
        self.name, self.by = name, by
        self.behave: Bad | None = None
        self.asked = 0
        self.url = ""
        self.lists = True

    def certificate(self) -> Any:
        return seals.issued(
            self.name, by=self.by, stamps=True, lists=self.url + LISTS if self.lists else None
        )

    def answer(self, raw: bytes) -> bytes:
        self.asked += 1
        request = tsp.TimeStampReq.load(raw)
        return self.behave(self, request) if self.behave else self.stamped(request)

    def stamped(self, request: tsp.TimeStampReq, at: datetime | None = None) -> bytes:
        private = seals.key(self.name).private_bytes(
            Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
        )
        stamper = DummyTimeStamper(
            tsa_cert=der(self.certificate()),
            tsa_key=keys.PrivateKeyInfo.load(private),
            certs_to_embed=SimpleCertificateStore.from_certs(  # type: ignore[no-untyped-call]
                [der(seals.issued(self.by, by=self.by, ca=True))]
            ),
            fixed_dt=at or clock.now(),
        )
        return bytes(stamper.request_tsa_response(request).dump())


def wrong_nonce(service: Service, request: tsp.TimeStampReq) -> bytes:
    request["nonce"] = cms.Integer(request["nonce"].native + 1)
    return service.stamped(tsp.TimeStampReq.load(request.dump(force=True)))


def wrong_imprint(service: Service, request: tsp.TimeStampReq) -> bytes:
    request["message_imprint"]["hashed_message"] = bytes(32)
    return service.stamped(tsp.TimeStampReq.load(request.dump(force=True)))


def wrong_time(service: Service, request: tsp.TimeStampReq) -> bytes:
    return service.stamped(request, clock.now() - timedelta(days=365))


def refusing(service: Service, request: tsp.TimeStampReq) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "status_string": ["not today"]})
    return bytes(Answer({"status": status}).dump())


def forged(service: Service, request: tsp.TimeStampReq) -> bytes:
    """The signature of the stamp is turned by one bit."""
    raw = bytearray(service.stamped(request))
    raw[-5] ^= 1
    return bytes(raw)


def nonsense(service: Service, request: tsp.TimeStampReq) -> bytes:
    return b"<html>404</html>"


def slow(service: Service, request: tsp.TimeStampReq) -> bytes:
    time.sleep(3)
    return service.stamped(request)


def somebody_else(service: Service, request: tsp.TimeStampReq) -> bytes:
    """A sound stamp of a service that nobody pinned."""
    return Service("Mallory Time", by="Mallory CA").stamped(request)


@contextmanager
def running(service: Service) -> Iterator[Service]:
    """The service on a port of its own."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = service.answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.told(body, "application/timestamp-reply")

        def do_GET(self) -> None:
            if self.path != LISTS:
                self.send_error(404)
                return
            listed = seals.revoked(service.by, now=clock.now())
            self.told(listed.public_bytes(Encoding.DER), "application/pkix-crl")

        def told(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    service.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
