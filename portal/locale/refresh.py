"""Brings every language up to what the sources say: ``python -m portal.locale.refresh``.

Translations stay, new messages come in untranslated, those that are said no longer go. Nothing of
when, where or on which machine stands in the files, so that a change shows what changed.
"""

import sys
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from portal import language

_ROOT = Path(__file__).resolve().parents[2]
_PYTHON = ("portal/**/*.py", "tasks/**/*.py")
_PAGES = (
    "base.html",
    "_task.html",
    "_view.html",
    "_fields.html",
    "errors/refused.html",
    "participant/*.html",
)
_TRAIL = "trail/*.html"
_LETTERS = (
    "answer", "asked_again", "code", "declined", "delegated", "digest", "escalation", "invite",
    "lost", "message", "own_code", "reassigned", "receipt", "refusal", "reminder", "renewal",
    "room", "room_answer", "room_code", "settled", "withdrawn",
)  # fmt: skip
# What marks a message, and which of its arguments are one: `babel` counts them from 1.
KEYWORDS = {
    "_": None, "gettext": None, "mark": None, "ngettext": (1, 2), "plural": (1, 2),
}  # fmt: skip


def templates() -> list[Path]:
    """The templates of all that somebody outside reads: pages, letters and the audit trail."""
    folder = _ROOT / "templates"
    pages = [path for pattern in _PAGES for path in folder.glob(pattern)]
    letters = [path for name in _LETTERS for path in (folder / "mail" / name).iterdir()]
    return sorted([*pages, *letters, *(folder / "mail").glob("_*.html"), *folder.glob(_TRAIL)])


def python() -> list[Path]:
    """The files of code."""
    return [path for one in _PYTHON for path in sorted(_ROOT.glob(one))]


@cache
def messages() -> Catalog:
    """Every message of the sources; they are looked through once for all languages."""
    found = Catalog(fuzzy=False)
    for method, path in _sources():
        with path.open("rb") as file:
            options = {"silent": "false"} if method == "jinja2" else {}
            for _line, message, _comments, context in extract(
                method, file, KEYWORDS, options=options
            ):
                found.add(message, context=context)
    return found


def _sources() -> Iterator[tuple[str, Path]]:
    yield from (("python", path) for path in python())
    yield from (("jinja2", path) for path in templates())


def read(code: str) -> Catalog:
    """What a language says now."""
    with _file(code).open("rb") as file:
        return read_po(file, locale=code)


def refreshed(code: str) -> bytes:
    """The file of a language as it should be, given what it says now."""
    said = read(code)
    said.update(messages(), no_fuzzy_matching=True)
    said.obsolete.clear()
    body = BytesIO()
    write_po(body, said, omit_header=True, no_location=True, sort_output=True, width=0)
    return _header(said).encode() + b"\n" + body.getvalue().lstrip(b"\n")


def _header(catalog: Catalog) -> str:
    told = (
        f"Language: {catalog.locale}",
        "Content-Type: text/plain; charset=utf-8",
        f"Plural-Forms: {catalog.plural_forms}",
    )
    return "\n".join(['msgid ""', 'msgstr ""', *(f'"{line}\\n"' for line in told), ""])


def _file(code: str) -> Path:
    return language.FOLDER / code / "LC_MESSAGES" / "messages.po"


def main() -> None:
    """Refresh every language, and say how much of each is still to be translated."""
    for code in language.known():
        if code == language.SOURCE:
            continue
        _file(code).write_bytes(refreshed(code))
        missing = sum(1 for one in read(code) if one.id and not one.string)
        told = f"{missing} to translate" if missing else "complete"
        sys.stdout.write(f"{code}: {told}\n")


if __name__ == "__main__":
    main()
