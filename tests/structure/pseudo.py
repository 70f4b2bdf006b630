"""A language that nobody speaks: each message within ⟦ ⟧, so what stands outside is English."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from portal import language

SPOKEN = "de"  # the dates and numbers that go with it
_MESSAGE = re.compile(r"⟦[^⟦⟧]*⟧")
_SILENT = re.compile(r"<(style|script|head)\b.*?</\1>|<!--.*?-->", re.DOTALL)
_TOLD = re.compile(r'(?:aria-label|title|alt|placeholder|data-kept|data-away|data-words)="([^"]*)"')
_TAG = re.compile(r"<[^>]*>")
_ADDRESS = re.compile(r"https?://\S+")
_WORD = re.compile(r"[A-Za-z]{2,}")


class _Brackets:
    def ugettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ungettext(self, one: str, many: str, n: int) -> str:
        return f"⟦{one if n == 1 else many}⟧"


@contextmanager
def spoken() -> Iterator[None]:
    """Have the house speak so, wherever it does not speak English."""
    brackets = _Brackets()
    with patch.object(language, "translations", lambda _language: brackets):
        yield


def left_over(shown: str) -> set[str]:
    """The words of a letter or a page that belong to no message."""
    text = _SILENT.sub(" ", shown)
    text = " ".join([_TAG.sub(" ", text), *_TOLD.findall(text)])
    text = _ADDRESS.sub(" ", html.unescape(text))
    before = ""
    while before != text:
        before, text = text, _MESSAGE.sub(" ", text)
    return set(_WORD.findall(text))


def words(*given: object) -> set[str]:
    """The words of what is given: names, titles, addresses."""
    return {word for one in given for word in _WORD.findall(str(one))}
