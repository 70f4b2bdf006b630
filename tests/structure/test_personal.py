"""Every column of every table says whether it can hold what people wrote, and what erases it."""

import importlib
import pkgutil

import pytest
import sqlalchemy as sa

import portal.ledger.tables
import portal.models
from portal.db import Base, UTCDateTime
from portal.engine import personal

for found in pkgutil.iter_modules(portal.models.__path__):
    importlib.import_module(f"portal.models.{found.name}")
TABLES = sorted(Base.metadata.tables.values(), key=lambda table: table.name)
_NAMES_NOBODY = (sa.Integer, sa.Boolean, sa.Date, sa.DateTime, UTCDateTime)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_has_an_eraser_or_is_declared_to_hold_nothing_personal(
    table: sa.Table,
) -> None:
    known = personal.declared().get(table.name, set())
    nothing = set(personal.NOTHING.get(table.name, "").split())
    text = {one.name for one in table.columns if not isinstance(one.type, _NAMES_NOBODY)}
    undeclared = sorted(text - known - nothing)
    assert not undeclared, f"say in engine/personal.py what erases these: {undeclared}"
    assert not known & nothing, "one of them is wrong"


def test_nothing_is_declared_that_is_not_there() -> None:
    columns = {table.name: {one.name for one in table.columns} for table in TABLES}
    for name, declared in personal.declared().items():
        assert declared <= columns[name], name
    for name, declared in personal.NOTHING.items():
        assert set(declared.split()) <= columns[name], name
