"""Whatever somebody outside reads is said in each language, whole, and nothing is said past it."""

import ast
import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeGuard

import pytest
from babel.messages import Message
from jinja2 import Environment, nodes

from portal import language
from portal.access import links
from portal.brand import Brand
from portal.locale import refresh
from portal.models.files import BEING_CHECKED
from portal.readings.letters import Letter
from tasks import letterhead
from tests.structure import letters, pseudo, sources

OTHERS = [code for code in language.known() if code != language.SOURCE]
# Parts of file names and of the protocol with scripts that stay as they are in every language.
_SLOT = re.compile(r"%\(\w+\)s|\b(?:NAME|HERE|ALL|MOST|COUNT|WHY)\b")
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_TOLD = re.compile(r'(?:aria-label|title|alt|placeholder)="([^"]*)"')
_ATTRIBUTE = re.compile(r'[\w-]+="[^"]*"')
_WORD = re.compile(r"[A-Za-z]{2,}")
# What the ledger calls its own, the name of a digest, and what is typed as it stands.
_NAMES = {"process", "seq", "hash", "SHA", "EUR"}
_PROSE = re.compile(r"[a-z]{2,} [a-z]|[A-Z][a-z]+ |^[A-Z][a-z]+$")


@pytest.fixture(scope="module")
def said() -> set[Any]:
    """Every message of the sources."""
    return {one.id for one in refresh.messages() if one.id}


def test_six_languages_are_spoken() -> None:
    assert {"en", "de", "fr", "es", "pl", "ar"} <= set(language.known())


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_says_every_message_and_no_other(code: str, said: set[Any]) -> None:
    known = refresh.read(code)
    assert not known.obsolete
    here = {one.id: one for one in known if one.id}
    assert said - here.keys() == set()
    assert here.keys() - said == set()
    assert [one.id for one in here.values() if one.fuzzy or not _is_whole(one)] == []
    for one in here.values():
        forms = [one.string] if isinstance(one.string, str) else one.string
        assert len(forms) == (known.num_plurals if one.pluralizable else 1), one.id
        for form in forms:
            assert _fits(one, form), (one.id, form)


def _is_whole(one: Message) -> bool:
    return bool(one.string if isinstance(one.string, str) else all(one.string))


def _fits(one: Message, form: str) -> bool:
    """Whether a translation has the slots of its message; of a number a form may do without it."""
    slots = set(_SLOT.findall(form))
    if not one.pluralizable:
        return slots == set(_SLOT.findall(one.id))
    wanted = set(_SLOT.findall(one.id[1]))
    return wanted - {"%(n)s", "%(num)s"} <= slots <= wanted


def test_what_is_marked_in_the_code_is_found(said: set[Any]) -> None:
    found = {form for one in said for form in (one if isinstance(one, tuple) else (one,))}
    for path in refresh.python():
        for call in (one for one in sources.nodes(path) if _is_marking(one)):
            texts = [one.value for one in call.args[:2] if isinstance(one, ast.Constant)]
            lost = [text for text in texts if isinstance(text, str) and text not in found]
            assert lost == [], f"{path}:{call.lineno}: a call within a call is not found"


def _is_marking(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in refresh.KEYWORDS


@pytest.mark.parametrize("code", OTHERS)
def test_the_file_of_a_language_is_as_it_is_written_anew(code: str) -> None:
    path = language.FOLDER / code / "LC_MESSAGES" / "messages.po"
    assert path.read_bytes() == refresh.refreshed(code), "run python -m portal.locale.refresh"


@pytest.mark.parametrize("path", refresh.templates(), ids=lambda path: str(path)[-40:])
def test_a_template_has_no_words_of_its_own(path: Path) -> None:
    env = Environment(extensions=["jinja2.ext.i18n"])
    source = path.read_text()
    text = "".join(
        value if kind == "data" else " " if kind.endswith("_end") else ""
        for _line, kind, value in env.lex(source)
    )
    bare = _STYLE.sub(" ", text)
    tagless = _ATTRIBUTE.sub(" ", re.sub(r"<[^>]*>", " ", bare))
    seen = " ".join([tagless, *_TOLD.findall(bare)])
    assert set(_WORD.findall(seen)) - _NAMES == set()
    prose = {one for one in _strings(env.parse(source)) if _PROSE.search(one)}
    assert prose - {BEING_CHECKED} == set()


def _strings(node: nodes.Node) -> Iterator[str]:
    """The texts of an expression that are no message."""
    if isinstance(node, nodes.Call) and getattr(node.node, "name", "") in ("_", "ngettext"):
        yield from (text for one in node.kwargs for text in _strings(one))
    elif isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    else:
        yield from (text for one in node.iter_child_nodes() for text in _strings(one))


@pytest.fixture(scope="module", autouse=True)
def _keys() -> None:
    links.configure((base64.urlsafe_b64encode(b"k" * 32).decode(),), "https://portal.example")


@pytest.mark.parametrize("letter", list(letters.every()), ids=lambda letter: letter.template)
def test_a_letter_says_nothing_past_its_messages(letter: Letter) -> None:
    foreign = replace(letter, to=replace(letter.to, language=pseudo.SPOKEN))
    with pseudo.spoken():
        mail = letterhead.message(foreign, "id", at=letters.NOW, brand=Brand("Sea Trading"))
    assert "⟦" in mail.text + mail.subject or letter.template == "message"
    given = pseudo.words("Sea Trading", letters.GIVEN, letter.facts, *_NAMES)
    # What an inbox shows is the text again, cut off.
    html = re.sub(r'(?s)<div style="display:none.*?</div>', "", mail.html)
    for part in (mail.subject, mail.text, html):
        assert pseudo.left_over(part) - given == set()


@pytest.mark.parametrize("code", OTHERS)
def test_every_letter_is_set_in_every_language(code: str) -> None:
    for letter in letters.every():
        foreign = replace(letter, to=replace(letter.to, language=code))
        mail = letterhead.message(foreign, "id", at=letters.NOW, brand=Brand("Sea Trading"))
        assert f'lang="{code}"' in mail.html
        assert ('dir="rtl"' in mail.html) == (code == "ar")
    assert language.current() == language.SOURCE
