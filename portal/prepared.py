"""Statements that a step runs again and again: compiled once, then handed to the driver itself.

    _FIND = prepared(sa.select(Task.id, Task.state).where(Task.id == sa.bindparam("its")))
    row = tx.first(_FIND, its=task_id)          # row.id, row.state
    tx.run(_ADD, rows)                          # dicts with the same keys

A statement is written in SQLAlchemy's Core as everywhere, and its types go with it: moments, JSON
and whatever a column holds are bound and read as SQLAlchemy would. What is left out is what
SQLAlchemy does anew at each execution: finding the compiled form, making a context and a result,
taking parameters apart by name. That costs several times what SQLite needs to answer.
Rows are named tuples. A fault is the same ``sqlalchemy.exc`` error, with no parameter in it, and
whoever listens to ``before_cursor_execute`` hears of these statements too.
"""

import functools
import operator
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.visitors import iterate

Given = Mapping[str, Any]
_Process = Callable[[Any], Any]
_row_class: Callable[..., Any] = namedtuple


class Prepared:
    """A Core statement with its compiled forms, one for each dialect and set of parameters."""

    def __init__(self, of: Mapping[str, sa.Executable]) -> None:
        self._of = of
        self._lists = tuple(sorted({name for one in of.values() for name in _lists_in(one)}))
        self._forms: dict[object, _Form] = {}

    def all(self, conn: Connection, given: Given) -> list[Any]:
        """The rows it brings, as named tuples."""
        if self._lists:
            given = self._stretched(given)
        return self._form(conn, given).all(conn, given)

    def first(self, conn: Connection, given: Given) -> Any:
        """The first of them; None if there is none."""
        rows = self.all(conn, given)
        return rows[0] if rows else None

    def run(self, conn: Connection, rows: Sequence[Given]) -> Any:
        """Run it for rows that have the same keys; the driver's cursor, for what it counted."""
        if self._lists:
            rows = list(map(self._stretched, rows))
        return self._form(conn, rows[0]).run(conn, rows)

    def _form(self, conn: Connection, given: Given) -> "_Form":
        name = conn.dialect.name
        key: tuple[object, ...] = (name, *given)
        if self._lists:
            key += tuple(len(given[one]) for one in self._lists if one in given)
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = _Form(self._of[name], conn.dialect, given)
        return form

    def _stretched(self, given: Given) -> Given:
        """With lists of few different lengths: each length is a statement of its own."""
        return {**given, **{one: _stretched(given[one]) for one in self._lists if one in given}}


def _stretched(items: Sequence[Any]) -> Sequence[Any]:
    """As long as the next power of two, by repeating the last: ``IN`` means the same."""
    missing = (1 << (len(items) - 1).bit_length()) - len(items) if items else 0
    return [*items, *([items[-1]] * missing if missing else ())]


def prepared(statement: sa.Executable | Mapping[str, sa.Executable]) -> Prepared:
    """A statement to keep at the top of a module; by dialect where their words differ.

    Every column that an INSERT or UPDATE writes is given by the caller: a default that is made
    in Python is refused. A list for an expanding ``IN`` may be among what is given.
    """
    if isinstance(statement, Mapping):
        return Prepared(statement)
    return Prepared(dict.fromkeys(("sqlite", "postgresql"), statement))


class _Form:
    """A statement as one driver takes it: its text, how to bind to it, how to read its rows."""

    def __init__(self, statement: Any, dialect: Dialect, given: Given) -> None:
        self._statement, self._dialect = statement, dialect
        self._cursor = _cursors(dialect)
        self._load: Callable[[Any], Any] | None = None
        compiled = _compiled(statement, dialect, given)
        state = compiled.construct_expanded_state(given)
        self._text = state.statement
        order = list(state.positiontup or ())
        # An item of a list is bound under a name of its own.
        self._items = {
            name: items for name, items in state.parameter_expansion.items() if name in given
        }
        known = {*given}.union(*self._items.values())
        self._fixed = {name: state.parameters[name] for name in order if name not in known}
        self._take = _taking(order)
        list_of = {
            item: name for name, items in state.parameter_expansion.items() for item in items
        }
        self._processors = _those(
            compiled.binds[list_of.get(name, name)].type.dialect_impl(dialect)
            .bind_processor(dialect) for name in order
        )  # fmt: skip

    def all(self, conn: Connection, given: Given) -> list[Any]:
        """The rows it brings."""
        cursor = self._send(conn, self._bind(given), many=False)
        try:
            rows = cursor.fetchall()
        except self._dialect.loaded_dbapi.Error as refused:
            raise translated(conn, self._text, refused) from refused
        if not rows:
            return []
        if self._load is None:
            self._load = _loading(cursor.description, self._statement, self._dialect)
        return list(map(self._load, rows))

    def run(self, conn: Connection, rows: Sequence[Given]) -> Any:
        """Run it once or for each row."""
        if len(rows) == 1:
            return self._send(conn, self._bind(rows[0]), many=False)
        return self._send(conn, list(map(self._bind, rows)), many=True)

    def _bind(self, given: Given) -> Sequence[Any]:
        if self._fixed:
            given = {**self._fixed, **given}
        if self._items:
            lists = (zip(its, given[name], strict=True) for name, its in self._items.items())
            given = {**given, **{item: value for one in lists for item, value in one}}
        values = self._take(given)
        if not self._processors:
            return values
        bound = list(values)
        for place, process in self._processors:
            bound[place] = process(bound[place])
        return bound

    def _send(self, conn: Connection, bound: Any, *, many: bool) -> Any:
        cursor = self._cursor(conn.connection.dbapi_connection)
        for hear in conn.dispatch.before_cursor_execute:
            hear(conn, cursor, self._text, bound, None, many)
        try:
            (cursor.executemany if many else cursor.execute)(self._text, bound)
        except self._dialect.loaded_dbapi.Error as refused:
            raise translated(conn, self._text, refused) from refused
        return cursor


def translated(conn: Connection, text: str | None, refused: Exception) -> Exception:
    """What SQLAlchemy would raise for a fault of the driver; parameters stay out of it."""
    dialect = conn.dialect
    cursor, driver = None, conn.connection.dbapi_connection
    is_gone = dialect.is_disconnect(refused, driver, cursor)  # type: ignore[arg-type]
    if is_gone:
        conn.invalidate(refused)
    return DBAPIError.instance(
        text, None, refused, dialect.loaded_dbapi.Error,
        hide_parameters=True, connection_invalidated=is_gone, dialect=dialect,
    )  # fmt: skip


def _lists_in(statement: Any) -> Iterable[str]:
    binds = (one for one in iterate(statement) if isinstance(one, BindParameter))
    return (one.key for one in binds if one.expanding and one.required)


def _compiled(statement: Any, dialect: Dialect, given: Given) -> SQLCompiler:
    more = {"column_keys": list(given)} if statement.is_dml else {}
    compiled: SQLCompiler = statement.compile(dialect=_positional(dialect), **more)
    if compiled.insert_prefetch or compiled.update_prefetch:
        raise TypeError(f"a default is made in Python, and has to be given: {compiled}")
    return compiled


@functools.cache
def _positional(dialect: Dialect) -> Dialect:
    """The dialect with parameters by place, as the driver takes them without reading the text."""
    if dialect.name == "sqlite":
        return dialect
    kind: Callable[..., Dialect] = type(dialect)
    return kind(paramstyle="numeric_dollar", dbapi=dialect.loaded_dbapi)


def _cursors(dialect: Dialect) -> Callable[[Any], Any]:
    """What opens the driver's plainest cursor on its connection."""
    if dialect.name == "sqlite":
        return operator.methodcaller("cursor")
    import psycopg  # not there, and not needed, where SQLite is all there is

    return psycopg.RawCursor


def _taking(order: Sequence[str]) -> Callable[[Given], tuple[Any, ...]]:
    if len(order) > 1:
        return operator.itemgetter(*order)
    return lambda given: tuple(given[name] for name in order)


def _those(processors: Iterable[_Process | None]) -> list[tuple[int, _Process]]:
    return [(place, process) for place, process in enumerate(processors) if process]


def _loading(
    description: Sequence[Sequence[Any]], statement: Any, dialect: Dialect
) -> Callable[[Any], Any]:
    """What makes a row of what the driver brings: processed where its type asks for it."""
    # Names that appear twice, and names of anonymous expressions, are reached by place.
    names = [column[0] for column in description]
    make: Callable[[Any], Any] = _row_class("Row", names, rename=True)._make
    types = [column.type for column in statement.exported_columns]
    processors = _those(
        type_.dialect_impl(dialect).result_processor(dialect, column[1])
        for type_, column in zip(types, description, strict=True)
    )
    if not processors:
        return make

    def load(found: Sequence[Any]) -> Any:
        values = list(found)
        for place, process in processors:
            values[place] = process(values[place])
        return make(values)

    return load
