"""How a letter is set: in plain text, and in the line that an inbox shows of it."""

import base64
from dataclasses import replace

import pytest

from portal.access import links
from portal.brand import Brand
from tasks import letterhead
from tasks.letterhead import _unnested
from tests.structure import letters


@pytest.fixture(scope="module", autouse=True)
def _keys() -> None:
    links.configure((base64.urlsafe_b64encode(b"k" * 32).decode(),), "https://portal.example")


@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        ("It is part of “Onboard “Sea””.", "It is part of “Onboard 'Sea'”."),
        ('It is part of “Onboard "Sea"”.', "It is part of “Onboard 'Sea'”."),
        ("“One” and “two”", "“One” and “two”"),
        ('He said "yes".', 'He said "yes".'),
        ("Stray ” here, and “so”", "Stray ” here, and “so”"),
    ],
)
def test_quotes_within_quotes_are_single(typed: str, set_: str) -> None:
    assert _unnested(typed) == set_


def test_an_inbox_shows_what_the_letter_says_first() -> None:
    shown = {}
    for one in letters.every():
        html = letterhead.message(one, "id", at=letters.NOW, brand=Brand("Sea")).html
        hidden, _, rest = html.partition('aria-hidden="true">')[2].partition("</div>")
        assert 20 < len(hidden) <= 141 or one.template == "message", (one.template, hidden)
        assert "Hello" not in hidden
        assert "://" not in hidden
        assert rest.count("aria-hidden") == 0
        shown.setdefault(one.template, hidden)
    assert shown["invite"] == (
        "“Tax form” is waiting for you. Dana Diaz asks you for it, as part of “Onboard Sea” (S-7)."
        " Please do it by Sun 29 Nov 2026, 17:00 (Berlin)."
    )
    assert shown["message"] == "All is well."
    assert shown["renewal"].startswith("Here is the fresh link you asked for.")
    assert "is: " in shown["code"]


def test_a_reminder_counts_days_as_arabic_does() -> None:
    one = next(one for one in letters.every() if one.template == "reminder")
    arabic = replace(one, to=replace(one.to, language="ar"))
    text = letterhead.message(arabic, "id", at=letters.NOW, brand=Brand("Sea")).text
    assert "يوم" in text
    assert "duration" not in text
