"""The language that a person reads, and what the house says in it.

English stands in the code and is the key of its translations. Each other language is one folder
below `portal/locale`, in the form of GNU gettext; whatever is missing there is said in English.
The ledger, the API and the desk speak English: only a door that knows its visitor, and whoever
writes a letter, let another language be spoken.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from babel.messages import Catalog
    from babel.support import Translations

SOURCE = "en"
FOLDER = Path(__file__).resolve().parent / "locale"
_RIGHT_TO_LEFT = frozenset(("ar", "fa", "he", "ur"))

_SLOT = re.compile(r"%\(\w+\)s")
_APART = "\u2068\\g<0>\u2069"  # Unicode's first strong isolate, and its end

# Unicode's signs that turn the direction of what follows, to the end of its line. By the last two
# we keep things apart ourselves where the page runs from right to left.
TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

_spoken: ContextVar[str] = ContextVar("language", default=SOURCE)


@cache
def known() -> tuple[str, ...]:
    """The languages that can be spoken, as in RFC 5646: English, then one for each folder."""
    folders = sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/messages.po"))
    return (SOURCE, *folders)


@cache
def names() -> tuple[tuple[str, str], ...]:
    """Each language with what its own speakers call it: ``("de", "Deutsch")``."""
    from babel import Locale

    own = ((one, str(Locale.parse(one).get_language_name(one))) for one in known())
    return tuple((one, name.capitalize()) for one, name in own)


def current() -> str:
    """The language that is spoken here and now."""
    return _spoken.get()


def direction() -> Literal["ltr", "rtl"]:
    """``rtl`` where the language is written from right to left, else ``ltr``."""
    return "rtl" if current() in _RIGHT_TO_LEFT else "ltr"


def turns() -> str:
    """The signs by which something that was typed could turn the sentence around it, here."""
    return TURNS if direction() == "ltr" else TURNS[:-2]


def straight(text: str) -> str:
    """The text without those signs: for pages and mails, where names stand within sentences."""
    found = [sign for sign in turns() if sign in text]
    return text.translate(dict.fromkeys(map(ord, found))) if found else text


def use(language: str | None) -> None:
    """Speak that language from here on; English where there is none or it is unknown."""
    _spoken.set(language if language in known() else SOURCE)


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Speak that language within the block."""
    before = current()
    use(language)
    try:
        yield
    finally:
        use(before)


def gettext(message: str, /, **facts: object) -> str:
    """The message in the current language, with its ``%(name)s`` filled in."""
    told = message if current() == SOURCE else str(translations(current()).ugettext(message))
    return told % facts if facts else told


def ngettext(one: str, many: str, n: int, /, **facts: object) -> str:
    """The message for that many, by the language's own rule; ``%(n)s`` is the number."""
    return plural(one, many, n) % {"n": n, **facts}


def plural(one: str, many: str, n: int) -> str:
    """The form of the message for that many, with nothing filled in."""
    if current() == SOURCE:
        return one if n == 1 else many
    return str(translations(current()).ungettext(one, many, n))


def mark(message: str) -> str:
    """The message as it is: marked here for translation, and said elsewhere by ``gettext``."""
    return message


@lru_cache(maxsize=32)
def translations(language: str) -> "Translations":
    """What is said in a language, read from its folder; nothing for English."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations

    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.is_file():
        return Translations()
    compiled = BytesIO()
    with path.open("rb") as file:
        said = read_po(file, locale=language)
    if language in _RIGHT_TO_LEFT:
        _isolate(said)
    write_mo(compiled, said)
    compiled.seek(0)
    return Translations(compiled)


def _isolate(said: "Catalog") -> None:
    """Keep what is filled in apart: a name in other letters must not turn the signs around it."""
    for message in said:
        if isinstance(message.string, str):
            message.string = _SLOT.sub(_APART, message.string)
        else:
            message.string = tuple(_SLOT.sub(_APART, form) for form in message.string or ())
