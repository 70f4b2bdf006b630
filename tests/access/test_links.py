"""Tokens: one spelling each, made by keys that no database holds."""

import base64
import itertools
import secrets
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.access import links
from tests.access.conftest import NEW, OLD

ID = "9f2b11aa" * 4
ALPHABET = string.ascii_letters + string.digits + "-_"

pytestmark = pytest.mark.usefixtures("keys")


def test_a_token_is_forty_eight_characters_and_opens_its_link() -> None:
    token = links.mint(ID, 3)
    assert len(token) == 48
    assert set(token) <= set(ALPHABET)
    assert links.read(token) == (ID, 3)
    assert links.url(ID, 3) == f"https://portal.example/t/{token}"


@pytest.mark.parametrize("generation", [0, 1, 255, 256, 65_535])
def test_every_generation_has_a_token_of_its_own(generation: int) -> None:
    assert links.read(links.mint(ID, generation)) == (ID, generation)
    assert links.mint(ID, generation) != links.mint(ID, (generation + 1) % 65_536)


def test_l04_no_other_spelling_of_any_character_opens_anything() -> None:
    token = links.mint(ID, 1)
    for place, sign in itertools.product(range(48), ALPHABET):
        if token[place] != sign:
            assert links.read(token[:place] + sign + token[place + 1 :]) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "!" * 48,
        "~" * 47 + "A",
        "=" * 48,
        "é" * 48,
        "A" * 48,
        "\0" * 48,
        " " * 48,
        "A" * 100_000,
    ],
)
def test_nonsense_is_no_token_and_no_crash(token: str) -> None:
    assert links.read(token) is None
    assert links.read(links.mended(token)) is None


@given(st.text(min_size=44, max_size=52))
def test_whatever_is_sent_is_read_without_a_crash(text: str) -> None:
    assert links.read(links.mended(text)) is None


def test_other_alphabets_padding_and_spaces_are_refused() -> None:
    token = next(
        made for n in range(100) if {"-", "_"} & set(made := links.mint(ID, n))
    )  # one that the standard alphabet spells otherwise
    raw = base64.urlsafe_b64decode(token)
    for other in (
        base64.b64encode(raw).decode(),
        token + "=",
        token + "\n",
        f" {token}",
        token[:-1],
    ):
        assert links.read(other) is None


def test_l15_every_key_given_opens_and_the_newest_makes() -> None:
    links.configure((OLD,), "https://portal.example")
    old = links.mint(ID, 1)
    links.configure((NEW, OLD), "https://portal.example")
    assert links.read(old) == (ID, 1)
    assert links.mint(ID, 1) != old
    new = links.mint(ID, 1)
    links.configure((NEW,), "https://portal.example")
    assert links.read(old) is None
    assert links.read(new) == (ID, 1)


def test_l15_keys_whose_one_byte_names_are_the_same_both_open() -> None:
    first, second = two_keys_of_one_name()
    links.configure((first,), "https://portal.example")
    old = links.mint(ID, 1)
    links.configure((second, first), "https://portal.example")
    new = links.mint(ID, 1)
    assert old[:1] == new[:1]
    assert old != new
    assert links.read(old) == links.read(new) == (ID, 1)
    links.configure((second,), "https://portal.example")
    assert links.read(old) is None


def two_keys_of_one_name() -> tuple[str, str]:
    known: dict[str, str] = {}
    for n in range(257):
        key = f"key number {n}, which is long enough to be one"
        links.configure((key,), "https://portal.example")
        name = base64.urlsafe_b64decode(links.mint(ID, 1))[:1].hex()
        if name in known:
            return known[name], key
        known[name] = key
    raise AssertionError("there are only 256 names")


def test_a_key_more_is_of_no_use_without_the_ids() -> None:
    guesses = (links.mint(secrets.token_hex(16), 1) for _ in range(100))
    assert all(links.read(guess) not in (None, (ID, 1)) for guess in guesses)


@pytest.mark.parametrize("around", ["{}.", "{},", "<{}>", "({})", '"{}"', " {} \n"])
def test_what_mail_programs_put_around_a_link_is_taken_off(around: str) -> None:
    token = links.mint(ID, 1)
    text = around.format(token).lstrip('<("')
    assert links.read(links.mended(text)) == (ID, 1)


def test_signs_that_were_escaped_on_the_way_are_read() -> None:
    token = next(made for n in range(200) if {"-", "_"} <= set(made := links.mint(ID, n)))
    escaped = token.replace("-", "%2D").replace("_", "%5F")
    assert links.mended(escaped) == token


def test_the_short_name_opens_nothing() -> None:
    assert links.short(ID) == "9f2b11aa"
    assert links.read(links.short(ID)) is None


def test_a_soft_line_break_within_is_mended() -> None:
    token = links.mint(ID, 1)
    assert links.mended(f"{token[:30]}=\n{token[30:]}") == token
