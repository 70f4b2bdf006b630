"""A sign-in provider as there are many outside: it speaks OpenID Connect over HTTP on loopback."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from portal import clock

CLIENT, SECRET = "portico", "a secret of the provider’s"
Change = Callable[[dict[str, Any]], None]


class Provider:
    """One provider; ``person`` is who sits before it, ``change`` spoils what its tokens say."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.person: dict[str, Any] = {}
        self.change: Change = lambda claims: None
        self.alg = "RS256"
        self.calls = 0
        self._asked: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.issuer = f"http://{self.host}"

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def sign_in(self, url: str, **person: Any) -> str:
        """What somebody’s browser brings back to the portal, who signed in at ``url``."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = f"code-{len(self._asked)}"
        self._asked[code] = {**asked, "person": json.dumps(person)}
        return f"code={code}&state={asked['state']}"

    def token(self, sent: dict[str, str]) -> dict[str, Any]:
        """The answer at the token endpoint: to the right client, secret, verifier and address."""
        asked = self._asked.pop(sent["code"], None)
        proof = hashlib.sha256(sent["code_verifier"].encode()).digest()
        challenge = _text(proof)
        known = (sent["client_id"], sent["client_secret"]) == (CLIENT, SECRET)
        if asked is None or not known or challenge != asked["code_challenge"]:
            return {"error": "invalid_grant"}
        if sent["redirect_uri"] != asked["redirect_uri"]:
            return {"error": "invalid_grant"}
        now = int(clock.now().timestamp())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "nonce": asked["nonce"], "iat": now,
            "exp": now + 300, **json.loads(asked["person"]),
        }  # fmt: skip
        self.change(claims)
        return {"id_token": self._signed(claims), "access_token": "x", "token_type": "Bearer"}

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.alg in ("none", "HS256"):
            parts = ({"alg": self.alg, "kid": "one"}, claims)
            told = ".".join(_text(json.dumps(one).encode()) for one in parts)
            public = self.key.as_pem(private=False)
            seal = b"" if self.alg == "none" else hmac.digest(public, told.encode(), "sha256")
            return f"{told}.{_text(seal)}"
        header = {"alg": self.alg, "kid": "one"}
        return jwt.encode(header, claims, self.key, algorithms=[self.alg])

    def _described(self) -> dict[str, Any]:
        at = {name: f"{self.issuer}/{name}" for name in ("authorize", "token", "keys")}
        return {
            "issuer": self.issuer, "authorization_endpoint": at["authorize"],
            "token_endpoint": at["token"], "jwks_uri": at["keys"],
        }  # fmt: skip

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.calls += 1
                keys = {"keys": [provider.key.as_dict(private=False)]}
                self._tell(keys if self.path == "/keys" else provider._described())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                sent = {name: values[0] for name, values in parse_qs(body).items()}
                self._tell(provider.token(sent))

            def _tell(self, what: dict[str, Any]) -> None:
                raw = json.dumps(what).encode()
                self.send_response(400 if "error" in what else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
