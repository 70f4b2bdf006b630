"""The sources as the rules about them see them: each file is read and parsed once in a run."""

import ast
from functools import cache
from pathlib import Path

from tests.servers import ROOT


@cache
def text(path: Path) -> str:
    """What stands in a file."""
    return path.read_text()


@cache
def tree(path: Path) -> ast.Module:
    """A file of Python, parsed."""
    return ast.parse(text(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of it."""
    return tuple(ast.walk(tree(path)))


@cache
def python(folder: str) -> tuple[Path, ...]:
    """The files of Python in a folder of the house, in order of their names."""
    return tuple(sorted((ROOT / folder).rglob("*.py")))


def forget() -> None:
    """Let go of all that was read."""
    for one in (text, tree, nodes, python):
        one.cache_clear()
