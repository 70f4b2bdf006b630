"""The database: one engine, reading, and the one way to write.

A transaction that changes anything is opened with ``transaction()`` (actions use the
``@action`` decorator). On SQLite it takes a file lock around ``BEGIN IMMEDIATE … COMMIT``:
measured, eight writers then wait 0.2 s at worst instead of 1.9 s, because SQLite's own
busy back-off starves single writers. PostgreSQL needs none: ``ledger.record`` locks the
head row of the one process that is written.
"""

import fcntl
import functools
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, CursorResult, Dialect, Engine
from sqlalchemy.exc import IntegrityError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import JSON, DateTime, TypeDecorator

from portal import clock, fault
from portal.prepared import Given, Prepared, read_json, translated

P = ParamSpec("P")
R = TypeVar("R")


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in UTC, with microseconds; always aware in Python, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    # A step binds and reads several hundred moments: each in one call, not in a chain of four.

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        """Refuses naive moments; SQLite stores text in UTC without a zone."""
        return _moment_to_text if dialect.name == "sqlite" else _moment

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Aware again, in UTC; PostgreSQL's driver brings them so, as our sessions are in UTC."""
        return _moment_of_text if dialect.name == "sqlite" else None


def _moment(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise ValueError("a moment without a zone reached the database")
    return value.astimezone(UTC)


def _moment_to_text(value: datetime | None) -> str | None:
    global _told_last
    last, text = _told_last
    if value is last:  # mostly it is the one moment of the transaction
        return text
    moment = value if value is not None and value.tzinfo is UTC else _moment(value)
    if moment is None:
        return None
    text = moment.isoformat(" ", "microseconds")[:_SHOWN]
    _told_last = value, text
    return text


_told_last: tuple[datetime | None, str | None] = (None, None)


def _moment_of_text(value: str | None) -> datetime | None:
    if value is not None and len(value) == _SHOWN:
        return datetime.fromisoformat(f"{value}+00:00")
    return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)


_SHOWN = len("2026-11-21 05:07:31.123456")


class Base(DeclarativeBase):
    """The parent of every table."""

    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy from the class
        datetime: UTCDateTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        int: sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    }


def where(condition: str) -> dict[str, Any]:
    """What makes an index hold those rows alone, on both databases."""
    return {f"{name}_where": sa.text(condition) for name in ("sqlite", "postgresql")}


class Tx:
    """One open writing transaction; ``now`` is its one moment."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self.now = clock.now()
        self.kept: dict[object, Any] = {}
        self._before: list[Callable[[], None]] = []
        self._last: list[Callable[[], None]] = []
        self._after: list[Callable[[], None]] = []
        self._explain: list[Callable[[IntegrityError], Exception | None]] = []
        self._is_finishing = False
        self._at_once = _AtOnce(conn)

    @property
    def conn(self) -> Connection:
        """The connection, with nothing under way on it."""
        if self._at_once.pipeline is not None:
            self._at_once.settle()
        return self._conn

    def execute(self, statement: sa.Executable, rows: Any = None) -> CursorResult[Any]:
        """Run one Core statement, once or for a list of rows."""
        if isinstance(rows, list) and len(rows) == 1:
            [rows] = rows  # a driver makes more ado about a list of one
        return self.conn.execute(statement, rows)

    def all(self, statement: Prepared, **given: Any) -> list[Any]:
        """The rows that a prepared statement brings."""
        return statement.all(self.conn, given)

    def first(self, statement: Prepared, **given: Any) -> Any:
        """The first of them; None if there is none."""
        return statement.first(self.conn, given)

    def run(self, statement: Prepared, rows: Given | Sequence[Given]) -> None:
        """Run a prepared statement that brings nothing back, once or for rows of the same keys.

        At the end of a transaction PostgreSQL is not waited for: what it refuses is told when the
        next statement that brings something back is run, or when all are through.
        """
        if self._is_finishing:
            self._at_once.open()
        # Asking whether it is a Mapping would cost more than all else here.
        several: Any = rows if isinstance(rows, list | tuple) else [rows]
        statement.run(self._conn, several)

    def changed(self, statement: Prepared, **given: Any) -> int:
        """Run a prepared statement and say how many rows it changed."""
        return int(statement.run(self.conn, [given]).rowcount)

    def explain(self, call: Callable[[IntegrityError], Exception | None]) -> None:
        """Have ``call`` say what it means if what is written at the end is refused."""
        self._explain.append(call)

    def insert(self, model: "type[Base]") -> "sqlite.Insert | postgresql.Insert":
        """An INSERT that knows ``ON CONFLICT``, in the words of this database."""
        is_sqlite = self._conn.dialect.name == "sqlite"
        return sqlite.insert(model) if is_sqlite else postgresql.insert(model)

    def before_commit(self, call: Callable[[], None], *, last: bool = False) -> None:
        """Have ``call`` run at the end of the transaction, for instance to write a batch.

        ``last`` is the ledger's: what the others do there may still add events.
        """
        (self._last if last else self._before).append(call)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have ``call`` run once the change is durable, and only then."""
        self._after.append(call)

    def finish(self) -> None:
        """Run what was kept for the end of the transaction; on PostgreSQL commit it as well.

        What writes at the end has its COMMIT sent along with it, and is waited for once.
        """
        self._is_finishing = True
        try:
            while self._before or self._last:
                (self._before or self._last).pop(0)()
            fault.at("F3")
            self._at_once.settle(is_last=True)
        except IntegrityError as refused:
            told = (explained for call in self._explain if (explained := call(refused)))
            raise next(told, refused) from refused

    def abandon(self) -> None:
        """Forget what is under way, because of a fault that is told already."""
        self._at_once.abandon()

    def let_go(self) -> None:
        """Let go of what was in hand, which refers to the transaction as this does to it.

        Else all that a step read and made would lie about until the garbage collector comes, and
        the next step would have to do with memory that no cache holds.
        """
        for held in (self.kept, self._before, self._last):
            held.clear()

    def announce(self) -> None:
        """Run what waited for the commit."""
        for call in self._after:
            call()


class _AtOnce:
    """Statements that bring nothing back, sent to PostgreSQL without waiting for each.

    A step writes some ten of them; over a network each would wait for its answer.
    """

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._is_sqlite = conn.dialect.name == "sqlite"
        self.pipeline: Any = None

    def open(self) -> None:
        """From here on wait for nothing."""
        if not self._is_sqlite and self.pipeline is None:
            self.pipeline = _driver(self._conn).pipeline()
            self.pipeline.__enter__()

    def settle(self, *, is_last: bool = False) -> None:
        """Wait until all that was sent is through; raises what PostgreSQL refused.

        ``is_last`` commits with it: PostgreSQL passes over that where anything was refused.
        """
        if self.pipeline is None:
            return
        try:
            if is_last:
                _driver(self._conn).execute("COMMIT", prepare=False)
            pipeline, self.pipeline = self.pipeline, None
            pipeline.__exit__(None, None, None)
        except self._conn.dialect.loaded_dbapi.Error as refused:
            raise translated(self._conn, None, refused) from refused

    def abandon(self) -> None:
        """End it, whatever becomes of what was sent: what went wrong first is what is told."""
        if self.pipeline is not None:
            with suppress(Exception):
                self.pipeline.__exit__(None, None, None)


# That a connection keeps ready to run: a step has some fifty, as an INSERT is one for each number
# of rows, and the pages of staff a hundred more. Of SQLite's the driver would keep 128, each of
# 8 kB; a step whose statements have all to be made anew costs half as much again.
_KEPT_STATEMENTS = 400


class Database:
    """One database: ``sqlite:///FILE`` or ``postgresql://…``."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._make_engine(pool_size)
        self._is_file = self.is_sqlite and self.url.database not in (None, "", ":memory:")
        self._resting: list[Connection] = []
        self._most_resting = pool_size
        # SQLite connections are in autocommit already (see _prepare_sqlite).
        self._reader = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )

    def _make_engine(self, pool_size: int) -> Engine:
        if not self.is_sqlite:
            engine = sa.create_engine(
                self.url.set(drivername="postgresql+psycopg"),
                pool_size=pool_size,
                max_overflow=10,
                hide_parameters=True,  # what people sent has no place in a log
                json_deserializer=read_json,
                connect_args={"connect_timeout": 5, "options": "-c timezone=UTC"},
            )
            event.listen(engine, "connect", _prepare_postgresql)
            event.listen(engine, "checkin", _note_rest)
            event.listen(engine, "checkout", functools.partial(_require_alive, engine))
            return engine
        if self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            self.url,
            connect_args={"timeout": 30, "cached_statements": _KEPT_STATEMENTS},
            pool_size=pool_size,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        return engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with; each statement sees what is committed."""
        tx = _open_tx.get()
        if tx is not None:
            yield tx.conn
            return
        with self._connected(self._reader) as conn:
            yield conn

    @contextmanager
    def _connected(self, engine: Engine) -> Iterator[Connection]:
        """A connection for one use; of a file the one that was used last, if it is free.

        The pool makes as much ado about handing one out and taking it back as SQLite about two
        statements. It goes on bounding how many there are.
        """
        if not self._is_file:
            with engine.connect() as conn:
                yield conn
            return
        try:
            conn = self._resting.pop()
        except IndexError:
            conn = engine.connect()
        try:
            yield conn
        except BaseException:
            conn.close()  # whatever is under way on it ends with it
            raise
        if conn.in_transaction():
            conn.rollback()
        pool: Any = self.engine.pool
        # Those at rest count as out. Beyond this somebody may be waiting for one at the pool.
        if pool.checkedout() <= self._most_resting:
            self._resting.append(conn)
        else:
            conn.close()

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """All or nothing; raises RuntimeError inside another one: actions never nest."""
        if _open_tx.get() is not None:
            raise RuntimeError("a transaction is open: an action may not call another action")
        with self._gate(), self._connected(self.engine) as conn, conn.begin():
            if self.is_sqlite:
                _driver(conn).execute("BEGIN IMMEDIATE")
            fault.at("F1")
            tx = Tx(conn)
            token = _open_tx.set(tx)
            try:
                yield tx
                tx.finish()
            except BaseException:
                tx.abandon()
                raise
            finally:
                _open_tx.reset(token)
                tx.let_go()
        fault.at("F4")
        tx.announce()

    @contextmanager
    def _gate(self) -> Iterator[None]:
        if not self._is_file:
            yield
            return
        handle = os.open(f"{self.url.database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def fold(self) -> None:
        """Write SQLite's log back into its file and empty it, as far as no reader needs it."""
        if self.is_sqlite:
            with self.engine.connect() as conn:
                _driver(conn).execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Let go of every connection."""
        while self._resting:
            self._resting.pop().close()
        self.engine.dispose()


_open_tx: ContextVar[Tx | None] = ContextVar("open_tx", default=None)
_current: Database | None = None


def bind(database: Database) -> None:
    """Make this the database that every room reads and writes."""
    global _current
    _current = database


def current() -> Database:
    """The bound database; RuntimeError before ``bind``."""
    if _current is None:
        raise RuntimeError("no database is bound")
    return _current


@contextmanager
def reading() -> Iterator[Connection]:
    """Read from the bound database."""
    with current().reading() as conn:
        yield conn


@contextmanager
def transaction() -> Iterator[Tx]:
    """Write to the bound database."""
    with current().transaction() as tx:
        yield tx


def action(verb: Callable[Concatenate[Tx, P], R]) -> Callable[P, R]:
    """Make a verb of a function: it runs in one transaction of its own, given to it first."""

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction() as tx:
            return verb(tx, *args, **kwargs)

    return run


def new_id() -> str:
    """A UUID version 7 (RFC 9562, 6.2 method 1): those that one process makes sort as made.

    Files that arrive together, and whatever else is born in one millisecond, are read back in
    the order of their ids. 62 bits are random.
    """
    millis, counter = _tick(clock.millis() & (2**48 - 1))
    at, chance = f"{millis:012x}", os.urandom(8).hex()
    return f"{at[:8]}-{at[8:]}-7{counter:03x}-{_VARIANT[chance[0]]}{chance[1:4]}-{chance[4:]}"


def first_id(moment: datetime) -> str:
    """What no id of ``new_id`` made at that moment or later sorts before."""
    at = f"{int(moment.timestamp() * 1000) & (2**48 - 1):012x}"
    return f"{at[:8]}-{at[8:]}-0000-0000-{0:012x}"


# Two bits of the digit say that it is such an id, two are random.
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


_ticking = threading.Lock()
_last_tick = (0, 0)


def _tick(millis: int) -> tuple[int, int]:
    """The millisecond and its counter, past those given before unless the clock was set back."""
    global _last_tick
    with _ticking:
        last, counter = _last_tick
        if last - _CLOCK_JITTER <= millis <= last:
            millis, counter = (last, counter + 1) if counter < _FULL else (last + 1, 0)
        else:
            counter = 0
        _last_tick = (millis, counter)
        return _last_tick


_CLOCK_JITTER = 1000  # milliseconds that a clock may step back without the order being lost
_FULL = 2**12 - 1


# The driver looks for a way to write what is no number and no text, and for these finds none by
# failing twice; given one, it takes it. A step binds half a thousand of them.
_NOTHING: dict[object, None] = {}
sqlite3.register_adapter(type(None), _NOTHING.get)  # None of None, without a frame of Python
sqlite3.register_adapter(bool, int)
sqlite3.register_adapter(bytes, bytes)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    # FULL: an answer "received" may not be lost to a power cut.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",  # what is erased is not left behind in free pages
        "busy_timeout=30000",
        "cache_size=-8000",  # 8 MB, not 2: else a step reads its pages from the file again
        "wal_autocheckpoint=4000",  # 16 MiB, not 4: moving pages over is a tenth of a step's cost
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgresql(connection: Any, _record: object) -> None:
    connection.prepared_max = _KEPT_STATEMENTS


REST_SECONDS = 1.0  # in which a connection is not asked whether it is still there


def _note_rest(_connection: object, entry: ConnectionPoolEntry) -> None:
    entry.info["rests_since"] = time.monotonic()


def _require_alive(engine: Engine, connection: Any, entry: ConnectionPoolEntry, _: object) -> None:
    """Ask a connection that rested; the pool opens another in the place of a dead one.

    Asking at every turn would cost a step one more wait for the database. One that died without
    a rest fails a single request, and with it the pool forgets them all.
    """
    if time.monotonic() - entry.info.get("rests_since", math.inf) < REST_SECONDS:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as gone:
        raise InvalidatePoolError from gone


def _driver(conn: Connection) -> Any:
    """The driver's own connection: its BEGIN is no statement of ours to count."""
    return conn.connection.dbapi_connection
