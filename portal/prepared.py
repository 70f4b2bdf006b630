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
import json
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
_MOST_ROWS = 32  # that one INSERT takes: each number of rows is a statement of its own
_Process = Callable[[Any], Any]
_Bind = Callable[[Given], Sequence[Any]]
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
        form = self._forms.get((conn.dialect.name, *given)) or self._form(conn, given)
        return form.all(conn, given)

    def first(self, conn: Connection, given: Given) -> Any:
        """The first of them; None if there is none."""
        rows = self.all(conn, given)
        return rows[0] if rows else None

    def run(self, conn: Connection, rows: Sequence[Given]) -> Any:
        """Run it for rows that have the same keys; the driver's cursor, for what it counted."""
        if self._lists:
            rows = list(map(self._stretched, rows))
        form = self._forms.get((conn.dialect.name, *rows[0])) or self._form(conn, rows[0])
        return form.run(conn, rows)

    def _form(self, conn: Connection, given: Given) -> "_Form":
        """The form for what is given; made where there is none, or by the lengths of lists."""
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
        self._is_whole = statement.is_insert and dialect.name == "postgresql"
        self._send_by = _senders(dialect, brings_rows=_brings_rows(statement))
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
        take = _taking(order)
        list_of = {
            item: name for name, items in state.parameter_expansion.items() for item in items
        }
        self._order, self._by_count = order, dict[int, str | None]()
        processors = _those(
            _binding(compiled.binds[list_of.get(name, name)].type, dialect) for name in order
        )
        self._bind = _bound(take, processors)
        if self._fixed or self._items:
            self._bind = self._bind_whole(self._bind)

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
        if self._is_whole and self._text_for(2):
            return self._run_in_parts(conn, rows)
        return self._send(conn, list(map(self._bind, rows)), many=True)

    def _run_in_parts(self, conn: Connection, rows: Sequence[Given]) -> Any:
        cursor = None
        for first in range(0, len(rows), _MOST_ROWS):
            part = rows[first : first + _MOST_ROWS]
            bound = [value for row in part for value in self._bind(row)]
            cursor = self._send(conn, bound, many=False, text=self._text_for(len(part)))
        return cursor

    def _text_for(self, count: int) -> str | None:
        """The INSERT with the values of so many rows; None for what is no plain INSERT.

        Each execution is a message to PostgreSQL and dear in its driver, where SQLite's has
        next to nothing to do for one row more.
        """
        if count == 1:
            return self._text
        if count not in self._by_count:
            given = dict.fromkeys(self._order)
            compiled = _compiled(self._statement.values([given] * count), self._dialect, given)
            expected = [f"{name}_m{n}" for n in range(count) for name in self._order]
            fits = compiled.positiontup == expected
            self._by_count[count] = compiled.string if fits else None
        return self._by_count[count]

    def _bind_whole(self, bind: _Bind) -> _Bind:
        """Bind what the statement itself gives as well, and each item of a list."""

        def whole(given: Given) -> Sequence[Any]:
            given = {**self._fixed, **given}
            for name, its in self._items.items():
                given.update(zip(its, given[name], strict=True))
            return bind(given)

        return whole

    def _send(self, conn: Connection, bound: Any, *, many: bool, text: str | None = None) -> Any:
        text = text or self._text
        for hear in conn.engine.dispatch.before_cursor_execute:
            hear(conn, None, text, bound, None, many)
        try:
            return self._send_by(conn, text, bound, many)
        except self._dialect.loaded_dbapi.Error as refused:
            raise translated(conn, text, refused) from refused


def _driver(conn: Connection) -> Any:
    return conn.connection.dbapi_connection


def translated(conn: Connection, text: str | None, refused: Exception) -> Exception:
    """What SQLAlchemy would raise for a fault of the driver; parameters stay out of it."""
    dialect = conn.dialect
    is_gone = dialect.is_disconnect(refused, _driver(conn), None)  # type: ignore[arg-type]
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


def _brings_rows(statement: Any) -> bool:
    return not statement.is_dml or bool(statement.exported_columns)


def _senders(dialect: Dialect, *, brings_rows: bool) -> Callable[..., Any]:
    """What hands a text and what is bound to it to the driver, and returns its cursor."""
    if dialect.name == "sqlite":
        return _send_to_sqlite
    import psycopg  # not there, and not needed, where SQLite is all there is

    def send(conn: Connection, text: str, bound: Any, many: bool) -> Any:
        # A cursor that runs the same text again knows how its values are written and read.
        kept = conn.info
        cursor = kept.get(text)
        if cursor is None:
            cursor = kept[text] = psycopg.RawCursor(_driver(conn))
        if many:
            cursor.executemany(text, bound)
        else:
            cursor.execute(text, bound, binary=brings_rows)
        return cursor

    return send


def _send_to_sqlite(conn: Connection, text: str, bound: Any, many: bool) -> Any:
    driver: Any = conn.connection.dbapi_connection
    return driver.executemany(text, bound) if many else driver.execute(text, bound)


def read_json(text: str | bytes) -> Any:
    """What JSON says; most of it is an empty list or object."""
    empty = _EMPTY.get(text)
    return empty() if empty else json.loads(text)


_EMPTY: dict[str | bytes, Callable[[], Any]] = {"[]": list, "{}": dict, b"[]": list, b"{}": dict}


def _reading(type_: Any, dialect: Dialect, coltype: Any) -> _Process | None:
    if isinstance(type_, sa.JSON) and dialect.name == "sqlite":
        return read_json
    return type_.dialect_impl(dialect).result_processor(dialect, coltype)  # type: ignore[no-any-return]


def _binding(type_: Any, dialect: Dialect) -> _Process | None:
    if isinstance(type_, sa.JSON):
        return _json_or_null if type_.none_as_null else _json
    if isinstance(type_, sa.Boolean | sa.LargeBinary) and dialect.name == "sqlite":
        return None  # the driver writes flags and bytes as they are
    return type_.dialect_impl(dialect).bind_processor(dialect)  # type: ignore[no-any-return]


def _json(value: Any) -> str:
    """As SQLAlchemy writes JSON, without asking twice; most lists and objects are empty."""
    if not value:
        if value == []:
            return "[]"
        if value == {}:
            return "{}"
    return _write(value)


_write = json.JSONEncoder().encode


def _json_or_null(value: Any) -> str | None:
    return None if value is None else _json(value)


def _taking(order: Sequence[str]) -> _Bind:
    if len(order) > 1:
        return operator.itemgetter(*order)
    return lambda given: tuple(given[name] for name in order)


def _bound(take: _Bind, processors: list[tuple[int, _Process]]) -> _Bind:
    """What takes the values of a row and writes them as the driver needs them."""
    if not processors:
        return take

    def bind(given: Given) -> Sequence[Any]:
        values = list(take(given))
        for place, process in processors:
            if (value := values[place]) is not None or process is _json:
                values[place] = process(value)
        return values

    return bind


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
        _reading(type_, dialect, column[1])
        for type_, column in zip(types, description, strict=True)
    )
    if not processors:
        return make

    def load(found: Sequence[Any]) -> Any:
        values = list(found)
        for place, process in processors:
            if (value := values[place]) is not None:
                values[place] = process(value)
        return make(values)

    return load
