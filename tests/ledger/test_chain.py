"""Bytes, hashes and commitments: compared with an independent RFC 8785 library."""

import contextlib
import hashlib
import hmac
import json
import random
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


def _thrown(dice: random.Random, depth: int = 0) -> Any:
    """Any value of a ledger, its texts of every kind of sign."""
    kind = dice.randrange(9 if depth < 4 else 6)
    if kind < 3:
        pools = (
            "aZ09 _.-",
            '\x00\x08\t\n\x1f\x7f"\\/',
            "äß€Ωש中\u2028\ufeff",
            "\U0001f600\U0010ffff",
        )
        return "".join(dice.choice(dice.choice(pools)) for _ in range(dice.randrange(12)))
    if kind < 6:
        return dice.choice([None, True, False, 0, -1, dice.randrange(-(2**53) + 1, 2**53)])
    if kind == 6:
        return [_thrown(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {
        "".join(dice.choice('aAzZ_.09 \x01~"') for _ in range(dice.randrange(6))): _thrown(
            dice, depth + 1
        )
        for _ in range(dice.randrange(5))
    }


def _event(dice: random.Random, seq: int) -> dict[str, Any]:
    names = ("actor.name", "text", "answers")
    return {
        "v": 1, "log": "0197a1b2-0000-7000-8000-000000000001", "seq": seq, "prev": "0" * 64,
        "at": "2026-11-21T05:07:31.123456Z", "type": "noun.verbed", "cause": _thrown(dice, 4),
        "actor": {"kind": "staff", "ref": _thrown(dice, 4)}, "data": {"any": _thrown(dice)},
        "priv": {name: f"{dice.getrandbits(256):064x}" for name in names},
    }  # fmt: skip


def _agree(seed: int, many: int) -> None:
    dice = random.Random(seed)
    for seq in range(many):
        event = _event(dice, seq)
        raw = chain.canonical(event)
        assert raw == rfc8785.dumps(event), (seed, seq)
        assert chain.parse_canonical(raw.decode()) == (event, raw), (seed, seq)


def test_e11_events_thrown_with_dice_are_rfc_8785() -> None:
    _agree(seed=11, many=2000)


@pytest.mark.slow
def test_e11_a_hundred_thousand_events_are_rfc_8785() -> None:
    _agree(seed=12, many=100_000)


@pytest.mark.parametrize(
    "text",
    ["1.5", "1e2", "-0.0", "NaN", "Infinity", "9007199254740992", '{"a":9007199254740992}',
     '"\\ud800"', '["\\udfff"]', '{"a":1,"a":1}', '{"ä":1}', '{"b":1,"a":1}', "[1 ]", '"\\u0041"',
     "[" * 65 + "]" * 65, "[" * 100_000, "{", "", "nul"],
)  # fmt: skip
def test_e11_what_is_not_the_one_spelling_is_refused(text: str) -> None:
    with pytest.raises(chain.Malformed):
        chain.parse_canonical(text)


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
