"""Jobs are thin: they look, call into the house and note the result; rules and queries are there.

What they may import is in ``test_imports.py``.
"""

import ast
from pathlib import Path

import pytest

from tests.servers import ROOT
from tests.structure import sources

JOBS = sorted((ROOT / "tasks").glob("*.py"))
LONGEST = 30
# Of a database only its connection is known here, to hand it to a reading.
OF_THE_DATABASE = {"sqlalchemy.engine.Connection"}
NOT_HERE = {"execute", "commit", "rollback", "begin", "transaction", "scalars"}
each = pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)


@each
def test_no_job_is_long(path: Path) -> None:
    functions = [one for one in sources.nodes(path) if isinstance(one, ast.FunctionDef)]
    long = [one.name for one in functions if (one.end_lineno or 0) - one.lineno + 1 > LONGEST]
    assert not long


@each
def test_no_job_builds_a_query(path: Path) -> None:
    names = set()
    for node in sources.nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert {name for name in names if name.startswith("sqlalchemy")} <= OF_THE_DATABASE


@each
def test_no_job_writes_to_the_database(path: Path) -> None:
    called = {
        node.func.attr
        for node in sources.nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not called & NOT_HERE
