"""Every template compiles, leans only on what is there, and is used; none goes round the rules."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment, FileSystemLoader, meta

from app import create_app
from portal import db
from portal.settings import Settings
from tests.servers import ROOT
from tests.structure import sources

TEMPLATES = ROOT / "templates"
NAMES = sorted(
    str(path.relative_to(TEMPLATES))
    for path in TEMPLATES.rglob("*")
    if path.suffix in (".html", ".txt")
)
# The mail's images and colours are inlined for mail programs; the trail is no page.
PAGES = [name for name in NAMES if not name.startswith(("mail/", "trail/"))]
ESCAPED_ALREADY = re.compile(r"\|\s*safe\b|Markup\(|autoescape\s+false")
INLINE = re.compile(r"\bstyle=|\bon[a-z]+=\"|<script(?![^>]*\bsrc=)|<style", re.IGNORECASE)
ELSEWHERE = re.compile(r"""(?:src|href)=["'](?:https?:)?//""", re.IGNORECASE)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    yield create_app(Settings.load({"PORTAL_DATA_DIR": str(tmp_path_factory.mktemp("data"))}))
    db.current().close()


def source(name: str) -> str:
    return sources.text(TEMPLATES / name)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_compiles_in_the_app(app: Flask, name: str) -> None:
    """A filter or test that the app does not know fails here, not before a visitor."""
    assert app.jinja_env.get_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_template_leans_on_is_there(name: str) -> None:
    tree = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True).parse(source(name))
    for other in meta.find_referenced_templates(tree):
        assert other is None or (TEMPLATES / other).is_file(), other


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_put_on_a_page_unescaped(name: str) -> None:
    assert not ESCAPED_ALREADY.search(source(name))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_no_exception_from_the_content_policy(name: str) -> None:
    assert not INLINE.search(source(name))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    assert not ELSEWHERE.search(source(name))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_shown_by_somebody(name: str) -> None:
    said = f'"{name}"'
    others = (TEMPLATES / other for other in NAMES if other != name)
    assert any(said in sources.text(path) for path in (*_code(), *others)), "nobody renders it"


def test_every_page_that_the_code_names_is_there() -> None:
    for path in _code():
        for name in re.findall(r'render_template\(\s*"([^"{]+)"', sources.text(path)):
            assert (TEMPLATES / name).is_file(), f"{path}: {name}"


def _code() -> list[Path]:
    return [*sources.python("portal"), *sources.python("tasks")]
