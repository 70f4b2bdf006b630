"""Bytes, hashes and commitments: compared with an independent RFC 8785 library."""

import contextlib
import hashlib
import hmac
import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.ledger import chain

WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=2000, deadline=None)
@given(VALUES)
def test_e11_our_bytes_are_rfc_8785(value: Any) -> None:
    assert chain.canonical(value) == rfc8785.dumps(value)
    assert chain.parse(chain.canonical(value).decode()) == value


@given(VALUES, VALUES)
def test_equal_bytes_mean_equal_values(one: Any, two: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    assert (chain.canonical(one) == chain.canonical(two)) is same


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        2**53,
        -(2**53),
        "\ud800",
        ["\udfff"],
        {"é": 1},
        {1: 2},
        b"x",
        {1, 2},
        1e99,
    ],
)
def test_e11_what_has_no_one_spelling_is_refused(value: Any) -> None:
    with pytest.raises(chain.Malformed):
        chain.canonical(value)


def test_nesting_has_an_end() -> None:
    value: Any = []
    for _ in range(100):
        value = [value]
    with pytest.raises(chain.Malformed, match="nested"):
        chain.canonical(value)


@pytest.mark.parametrize(
    "text",
    ["1.0", "1e3", "NaN", "Infinity", "-Infinity", '{"a":1,"a":2}', "", "{", "01", "[1,]", '"\t"',
     "[" * 100_000, "{" * 5, "9" * 5000],
)  # fmt: skip
def test_strict_parsing_refuses(text: str) -> None:
    with pytest.raises(chain.Malformed):
        chain.parse(text)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_parsing_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(chain.Malformed):
        chain.parse(text)


@given(st.binary(min_size=32, max_size=32), KEYS, VALUES)
def test_a_commitment_is_an_hmac(salt: bytes, field: str, value: Any) -> None:
    message = b"portal-ledger/v1/commit\0" + field.encode() + b"\0" + rfc8785.dumps(value)
    assert chain.commit(salt, field, value) == hmac.new(salt, message, hashlib.sha256).hexdigest()


@settings(max_examples=300)
@given(st.binary(min_size=32, max_size=32), KEYS, VALUES, VALUES)
def test_a_commitment_opens_for_one_value(salt: bytes, field: str, one: Any, two: Any) -> None:
    opens = chain.commit(salt, field, one) == chain.commit(salt, field, two)
    assert opens is (chain.canonical(one) == chain.canonical(two))


@given(TEXT, KEYS)
def test_stored_bytes_follow_their_place_only(text: str, kind: str) -> None:
    """No text inside an event can pretend to be its place in the chain."""
    other, prev = "b" * 64, "a" * 64
    forged = f',"log":"L","prev":"{other}","priv":{{}},"seq":9,"type":"{text}'
    body = chain.canonical(
        {"v": 1, "log": "L", "seq": 3, "prev": prev, "at": "", "type": "x.y", "actor": {},
         "cause": forged, "data": {"note": forged, kind: text}, "priv": {}}
    ).decode()  # fmt: skip
    assert chain.follows("L", 3, prev, body)
    assert not chain.follows("L", 3, other, body)
    assert not chain.follows("L", 9, prev, body)
    assert not chain.follows("M", 3, prev, body)
