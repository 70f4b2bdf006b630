"""A sign-in from outside (OpenID Connect): asked by the code flow with PKCE, its answer judged.

The provider is called like any other address: public ones alone, or what
``PORTAL_OUTBOUND_ALLOW`` names. Its tokens count by the signature of its published keys.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from portal import clock
from portal.delivery import http
from portal.errors import NotSignedIn
from portal.settings import Oidc, Settings

# Signatures alone: "none" proves nothing, and by HS256 whoever knows a public key could sign.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
_LEEWAY = 60
_UNSOUND = "The sign-in’s answer does not hold, so nobody was signed in. Begin again."
_ODD = "The sign-in provider describes itself in a way that can’t be used."


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the provider: where the browser goes, and what its answer has to match."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is; ``email`` where it says that the address was verified."""

    issuer: str
    subject: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider, where the browser comes back to, and what may be called."""

    oidc: Oidc
    back: str
    allow: Sequence[str]

    @classmethod
    def of(cls, settings: Settings) -> "Provider | None":
        """The provider of this installation, if it has one."""
        if settings.oidc is None:
            return None
        back = f"{settings.base_url}/login/outside/back"
        return cls(settings.oidc, back, settings.outbound_allow)

    @property
    def name(self) -> str:
        """What its button is called."""
        return self.oidc.name

    def ask(self) -> Asked:
        """Where the browser goes to sign in. Raises NoAnswer, NotSignedIn."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        told = {
            "response_type": "code",
            "client_id": self.oidc.client_id,
            "redirect_uri": self.back,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": _plain(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        at = self._described()["authorization_endpoint"]
        return Asked(f"{at}{'&' if '?' in at else '?'}{urlencode(told)}", state, nonce, verifier)

    def identity(self, code: str, nonce: str, verifier: str) -> Identity:
        """Who signed in, for the code that the browser brought back.

        Raises NotSignedIn where anything about the answer does not hold, and NoAnswer.
        """
        described = self._described()
        token = self._token(described["token_endpoint"], code, verifier)
        keys = self._read(http.Request("GET", described["jwks_uri"]))
        try:
            read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
            self._judge(read.claims, nonce)
        except (JoseError, ValueError, KeyError, TypeError) as wrong:
            raise NotSignedIn(_UNSOUND) from wrong
        claims = read.claims
        email = claims.get("email") if claims.get("email_verified") is True else None
        told = email.strip().lower() if isinstance(email, str) else None
        return Identity(self.oidc.issuer, claims["sub"], told)

    def _judge(self, claims: dict[str, Any], nonce: str) -> None:
        asked = jwt.JWTClaimsRegistry(
            now=int(clock.now().timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.oidc.issuer},
            aud={"essential": True, "value": self.oidc.client_id},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        asked.validate(claims)
        for_many = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if for_many else self.oidc.client_id) != self.oidc.client_id:
            raise ValueError("the token was made for another")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise ValueError("the token names nobody")

    def _token(self, url: str, code: str, verifier: str) -> str:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "client_id": self.oidc.client_id,
            "client_secret": self.oidc.client_secret,
            "code_verifier": verifier,
        }
        headers = (
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        )
        told = self._read(http.Request("POST", url, headers, urlencode(sent).encode()))
        if not isinstance(told.get("id_token"), str):
            raise NotSignedIn(_UNSOUND)
        return str(told["id_token"])

    def _described(self) -> dict[str, str]:
        at = f"{self.oidc.issuer.rstrip('/')}/.well-known/openid-configuration"
        told = self._read(http.Request("GET", at))
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if told.get("issuer") != self.oidc.issuer:
            raise NotSignedIn(_ODD)
        safe = ("https://", "http://") if self.oidc.issuer.startswith("http://") else ("https://",)
        if not all(str(told.get(name, "")).startswith(safe) for name in wanted):
            raise NotSignedIn(_ODD)
        return {name: str(told[name]) for name in wanted}

    def _read(self, request: http.Request) -> dict[str, Any]:
        answer = http.send(request, self.allow)
        try:
            told = json.loads(answer.text) if answer.status == 200 else None
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise NotSignedIn(_UNSOUND)
        return told


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
