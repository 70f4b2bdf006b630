"""Our verification against the vectors of RFC 8032 and against an independent library."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.ledger import chain, ed25519, tree

# RFC 8032 §7.1, tests 1 to 3: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_rfc_8032(public: str, message: str, signature: str) -> None:
    parts = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert ed25519.is_signature(*parts)
    assert not ed25519.is_signature(parts[0], parts[1] + b"x", parts[2])


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 511))
def test_a_signature_holds_and_one_bit_breaks_it(seed: bytes, message: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), bytearray(key.sign(message))
    assert ed25519.is_signature(public, message, bytes(signature))
    signature[bit // 8] ^= 1 << bit % 8
    assert not ed25519.is_signature(public, message, bytes(signature))


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=40), st.binary(max_size=70))
def test_garbage_is_no_signature(public: bytes, signature: bytes) -> None:
    assert not ed25519.is_signature(public, b"", signature)


def test_a_signature_shifted_by_the_order_is_refused() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
    signature = key.sign(b"x")
    order = 2**252 + 27742317777372353535851937790883648493
    shifted = int.from_bytes(signature[32:], "little") + order
    forged = signature[:32] + shifted.to_bytes(32, "little")
    assert not ed25519.is_signature(key.public_key().public_bytes_raw(), b"x", forged)


def test_a_key_is_read_in_every_common_spelling() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"\2" * 32).public_key()
    raw = key.public_bytes_raw()
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    packed = base64.b64encode(b"\x01" + raw).decode()
    named = f"portal+{tree.key_id('portal', raw).hex()}+{packed}"
    for text in (raw.hex(), base64.b64encode(raw).decode(), pem.decode(), named, f" {named}\n"):
        assert ed25519.public_key(text) == raw


@pytest.mark.parametrize("text", ["", "x", "00" * 31, "a+b+c", "a+00000000+AAAA", "é" * 64, "+++"])
def test_what_is_no_key_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(chain.Malformed, match="public key"):
        ed25519.public_key(text)
