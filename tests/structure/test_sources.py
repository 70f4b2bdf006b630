"""Rules that the sources themselves can be asked about."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from portal.engine.rows import _FOREVER
from tests.servers import ROOT
from tests.structure import sources

SOURCES = [*sources.python("portal"), *sources.python("tasks")]
SOURCES = [path for path in SOURCES if "versions" not in path.parts]
LONGEST_FUNCTION = 45


def functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in sources.nodes(path) if isinstance(node, ast.FunctionDef)]


def named(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_no_list_is_cut_by_offset() -> None:
    """What an OFFSET skips is read all the same; cursors are keysets."""
    found = [
        path
        for path in SOURCES
        for node in sources.nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "offset"
    ]
    assert not named(found)


def test_what_a_row_is_of_is_set_where_it_is_made_and_nowhere_else() -> None:
    """It is written once: what set it later would be lost without a word."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in SOURCES
        if path.parent.name in ("engine", "actions")
        for node in sources.nodes(path)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if node.attr in _FOREVER
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    ]
    assert not found


def test_functions_are_short() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {one.name}"
        for path in SOURCES
        for one in functions(path)
        if (one.end_lineno or one.lineno) - one.lineno > LONGEST_FUNCTION
    ]
    assert not found


def test_every_module_says_what_it_is_for() -> None:
    assert not named([path for path in SOURCES if not ast.get_docstring(sources.tree(path))])


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX", "breakpoint("])
def test_nothing_unfinished_is_left(word: str) -> None:
    assert not named([path for path in SOURCES if word in sources.text(path)])


def test_the_web_process_never_loads_the_page_setter() -> None:
    """WeasyPrint doubles the start and belongs into the worker of PDFs."""
    code = "import sys, app; from tasks import run; print('weasyprint' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import portal.web; from portal.cli import up"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "False"
