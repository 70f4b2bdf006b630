"""Numbers as people type them: ``1.234,50``, ``1 234,50``, ``١٢٣٤٫٥٠``.

A point is a decimal point in every language, as it always was: ``1.234`` is a little more than
one. Only where that can't be meant, since fewer than three digits may follow it, it stands between
groups in a language whose own decimal sign is another: ``50.000`` EUR in German. Other signs mean
what they mean in the language that is spoken, and a sign between groups of digits counts only where
each of these has three: ``1,5`` is no number in English.
"""

import re
from functools import lru_cache

from babel.numbers import get_decimal_symbol

from portal import language

_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_IN_THREES = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}", re.ASCII)
_SPACES = " \u00a0\u2009\u202f"
_APOSTROPHES = "'\u2019"
_ARABIC_DECIMAL, _ARABIC_GROUP = "\u066b", "\u066c"
# Digits of Arabic, also as in Persian and Urdu; a minus of its own; marks that nobody sees.
_AS_ASCII = {
    **{ord(digit): str(n) for n, digit in enumerate("٠١٢٣٤٥٦٧٨٩")},
    **{ord(digit): str(n) for n, digit in enumerate("۰۱۲۳۴۵۶۷۸۹")},
    ord("\u2212"): "-",
    **dict.fromkeys(map(ord, "\u061c\u200e\u200f"), None),
}


def read(typed: str, spoken: str | None = None, decimals: int | None = None) -> str:
    """The number with a decimal point and no other sign; what is none stays as it was typed.

    ``spoken`` is the language that it was typed in, where that is not the present one;
    ``decimals`` how many digits may follow its decimal sign, where that is known.
    """
    text = typed.strip().translate(_AS_ASCII)
    if _PLAIN.fullmatch(text):
        has_group = decimals is not None and decimals < 3 and _IN_THREES.fullmatch(text)
        return text.replace(".", "") if has_group and _decimal_mark(spoken) != "." else text
    mark = _decimal_mark(spoken)
    match = _pattern(mark).fullmatch(text)
    if match is None:
        return typed
    whole = re.sub(r"\D", "", match["whole"] or "")
    part = f".{match['part']}" if match["part"] else ""
    return f"{match['sign']}{whole}{part}" if whole or part else typed


def written(number: str) -> str:
    """A stored number as people of the language type it, so that ``read`` takes it again."""
    return number.replace(".", _decimal_mark())


def respelled(typed: str, spoken: str) -> str:
    """A number typed in that language as the present one types it; what is none stays."""
    number = read(typed, spoken)
    return written(number) if _PLAIN.fullmatch(number) else typed


def _decimal_mark(spoken: str | None = None) -> str:
    return get_decimal_symbol(spoken or language.current())


@lru_cache(maxsize=8)
def _pattern(mark: str) -> re.Pattern[str]:
    group = re.escape(("," if mark == "." else ".") + _SPACES + _APOSTROPHES + _ARABIC_GROUP)
    whole = rf"\d{{1,3}}(?P<sep>[{group}])\d{{3}}(?:(?P=sep)\d{{3}})*|\d+"
    return re.compile(
        rf"(?P<sign>[+-]?)(?:(?P<whole>{whole})?(?:[{re.escape(mark)}{_ARABIC_DECIMAL}]"
        rf"(?P<part>\d*))?)",
        re.ASCII,
    )
