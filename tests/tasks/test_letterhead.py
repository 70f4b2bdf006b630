"""How a letter is set in plain text."""

import pytest

from tasks.letterhead import _unnested


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
