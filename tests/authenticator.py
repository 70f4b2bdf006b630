"""An authenticator as a phone has one, in a few lines: it makes a passkey and signs with it."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


class Authenticator:
    """One passkey on one device, which a browser at ``origin`` asks; ``counter`` counts its use."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.id = secrets.token_bytes(16)
        self.counter = 0
        self.user = b""
        self.flags = PRESENT | VERIFIED
        self._key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options: str) -> str:
        """What a browser sends that was asked to make a passkey."""
        asked = json.loads(options)
        self.user = urlsafe_b64decode(asked["user"]["id"] + "==")
        public = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32), -3: public.y.to_bytes(32)}
        told = self._told(asked["rp"]["id"], self.flags | WITH_KEY)
        told += bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(cose)
        stated = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": told})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer(clientDataJSON=client, attestationObject=stated)

    def show(self, options: str) -> str:
        """What a browser sends that was asked to show the passkey."""
        asked = json.loads(options)
        self.counter += 1
        told = self._told(asked["rpId"], self.flags)
        client = self._client("webauthn.get", asked["challenge"])
        signed = self._key.sign(told + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {"authenticatorData": told, "signature": signed, "userHandle": self.user}
        return self._answer(clientDataJSON=client, **parts)

    def _told(self, host: str, flags: int) -> bytes:
        named = hashlib.sha256(host.encode()).digest()
        return named + bytes([flags]) + self.counter.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        told: dict[str, Any] = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(told).encode()

    def _answer(self, **parts: bytes) -> str:
        texts = {name: _text(part) for name, part in parts.items()}
        known = {"id": _text(self.id), "rawId": _text(self.id), "type": "public-key"}
        return json.dumps({**known, "response": texts, "clientExtensionResults": {}})


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
