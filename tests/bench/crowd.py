"""A house of any size: processes that were lived through once, copied inside the database.

Every pattern is made by the product's own verbs while the clock stands at a handful of moments.
What names a row begins with the moment it was made at (RFC 9562, 5.7), so a copy is the same rows
with other moments: names, bodies and words are rewritten by the database's own ``replace``, times
are moved back. A copied ledger reads as a real one does; its hashes are those of its pattern.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import clock, db
from portal.actions import processes, stretches, timers
from portal.db import Base, UTCDateTime
from portal.ledger.tables import Entry
from portal.models import Follower
from tests import makers, people
from tests.bench import world

_MARK = "v0000000"  # in titles and addresses; every copy has a number of its own
_BLOCK = 1000  # copies that are written together, so that all kinds lie side by side
_PREFIX = len("01a2b3c4-d5e6")  # of a UUID version 7: the milliseconds
_YEAR = timedelta(days=365)
_WEEKS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A process that was lived through, and how many of a thousand are like it."""

    process_id: str
    share: int
    back: timedelta
    """How far back the oldest copy lies."""
    moments: tuple[str, ...]


class _Life:
    """A process while it is lived through, and the moments at which the clock stood."""

    def __init__(self, time: clock.Clock, key: str) -> None:
        self.time, self.moments = time, [_moment()]
        given = {"vendor": {"email": f"{_MARK}@vendor.example", "name": f"Vera {_MARK}"}}
        self.process_id = processes.start(
            key, inputs={"who": _MARK}, participants=given, actor=people.staff("dana")
        )

    def later(self, **duration: float) -> None:
        """Some time passes."""
        self.time.advance(**duration)
        self.moments.append(_moment())

    def answer(self) -> None:
        """The form that is open is answered."""
        makers.fill(self.process_id, company=f"Sea {_MARK}")

    def rounds(self, count: int) -> None:
        """So often it is answered and sent back."""
        for _ in range(count):
            self.later(hours=30)
            self.answer()
            self.later(hours=20)
            makers.decide(self.process_id, "request_changes")

    def ring(self) -> None:
        """What is due rings."""
        due = [one.id for one in makers.timers(self.process_id) if one.rings_at <= clock.now()]
        timers.ring(due)


def _moment() -> str:
    return db.new_id()[:_PREFIX]


def _completed(life: _Life) -> None:
    life.rounds(3)
    life.later(hours=5)
    life.answer()
    life.later(hours=5)
    makers.decide(life.process_id)


def _cancelled(life: _Life) -> None:
    life.rounds(3)
    processes.cancel(life.process_id, "No longer needed.", actor=people.staff("dana"))


def _at_ours(life: _Life) -> None:
    life.rounds(3)
    life.later(hours=6)
    life.answer()


def _overdue(life: _Life) -> None:
    life.rounds(3)
    life.later(days=6)
    life.ring()


def _at_theirs(life: _Life) -> None:
    life.rounds(3)


def _long(life: _Life) -> None:
    for _ in range(7):  # at few moments: each is one more rewriting of every word
        life.later(days=2)
        for _ in range(10):
            life.answer()
            makers.decide(life.process_id, "request_changes")


# Of a thousand processes so many, of which definition, how far back the oldest, what happened.
_LIVES: tuple[tuple[int, str, timedelta, Callable[[_Life], None]], ...] = (
    (500, "demo", _YEAR, _completed),
    (120, "renewal", _YEAR, _completed),
    (60, "demo", _YEAR, _cancelled),
    (140, "demo", _WEEKS, _at_theirs),
    (40, "renewal", _WEEKS, _at_theirs),
    (80, "demo", _WEEKS, _at_ours),
    (59, "demo", _WEEKS, _overdue),
    (1, "demo", _WEEKS, _long),
)


def settle(count: int) -> None:
    """So many processes in the bound database, thirty events each, one in a thousand long."""
    _publish("demo", "dana")
    _publish("renewal", "olga")
    patterns = [_lived(*one) for one in _LIVES]
    while stretches.follow():
        pass
    with db.reading() as conn:
        tables = _tables(conn, patterns)
    for first in range(0, count, _BLOCK):
        with db.transaction() as tx:
            _copy(tx.conn, tables, patterns, range(first, min(first + _BLOCK, count)), count)
    with db.transaction() as tx:
        last = tx.execute(sa.select(sa.func.max(Entry.id))).scalar_one()
        tx.execute(sa.update(Follower).values(upto=last))
    if not db.current().is_sqlite:  # which counts nothing, in a real house either
        with db.current().engine.connect() as conn:
            conn.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))


def _publish(key: str, owner: str) -> None:
    head = makers.HEAD.replace("key: demo", f"key: {key}").replace("name: Demo", f"name: {key}")
    head = head.replace("dana@", f"{owner}@").replace(
        "inputs:\n", "title: 'Supplier {{ inputs.who }}'\ninputs:\n"
        "  - {id: who, type: text, label: Who}\n"
    )  # fmt: skip
    makers.publish(world.LOOP, head)


def _lived(share: int, key: str, back: timedelta, live: Callable[[_Life], None]) -> Pattern:
    with clock.stopped_at(clock.now() - timedelta(days=15)) as time:
        life = _Life(time, key)
        live(life)
    return Pattern(life.process_id, share, back, tuple(dict.fromkeys(life.moments)))


# Copying


@dataclass(frozen=True, slots=True)
class _Copied:
    """A table that is copied: the column that names the process, and how each column is copied.

    ``needles`` are, by column, what of a pattern stands in it.
    """

    table: sa.Table
    key: str
    needles: dict[tuple[str, str], tuple[str, ...]]


def _tables(conn: sa.Connection, patterns: Sequence[Pattern]) -> list[_Copied]:
    """All tables that tell of one process, parents first."""
    found = []
    for table in Base.metadata.sorted_tables:
        names = [one for one in ("process_id", "log") if one in table.c]
        key = "id" if table.name == "processes" else names[0] if names else None
        if key is None or table.name in ("outgoing", "ledger_leaves", "definitions"):
            continue  # what was delivered and anchored is no part of what the pages read
        needles = {}
        for pattern in patterns:
            rows = conn.execute(sa.select(table).where(table.c[key] == pattern.process_id)).all()
            for name in (column.name for column in table.columns):
                told = " ".join(str(row._mapping[name]) for row in rows)
                here = [one for one in (*pattern.moments, _MARK) if one in told]
                needles[pattern.process_id, name] = tuple(here)
        found.append(_Copied(table, key, needles))
    return found


def _copy(
    conn: sa.Connection,
    tables: Sequence[_Copied],
    patterns: Sequence[Pattern],
    numbers: range,
    count: int,
) -> None:
    """Write the copies with these numbers, of ``count`` in all; the last ones are the newest."""
    whole = len(numbers)
    for pattern in patterns:
        mine = numbers[: max(1, whole * pattern.share // 1000)]
        numbers = numbers[len(mine) :]
        if mine:
            copies = _copies(conn, pattern, mine, count)
            for one in tables:
                conn.execute(_copied(conn, one, pattern, copies))
            copies.drop(conn)


def _copies(conn: sa.Connection, pattern: Pattern, numbers: range, count: int) -> sa.Table:
    """A table of this connection's own: how far back each copy lies, its mark and its moments."""
    shifts = {n: int(pattern.back.total_seconds() * (count - n) / count) for n in numbers}
    table = sa.Table(
        "copies", sa.MetaData(), sa.Column("n", sa.Integer), sa.Column("seconds", sa.Integer),
        *(sa.Column(f"m{place}", sa.Text) for place in range(len(pattern.moments) + 1)),
        prefixes=["TEMPORARY"],
    )  # fmt: skip
    table.create(conn)
    rows = [
        {"n": n, "seconds": seconds, f"m{len(pattern.moments)}": f"v{n:07d}"}
        | {f"m{at}": _back(one, seconds) for at, one in enumerate(pattern.moments)}
        for n, seconds in shifts.items()
    ]
    conn.execute(sa.insert(table), rows)
    return table


def _back(moment: str, seconds: int) -> str:
    """What an id would begin with that much earlier."""
    millis = int(moment.replace("-", ""), 16) - 1000 * seconds
    told = f"{millis:012x}"
    return f"{told[:8]}-{told[8:]}"


def _copied(conn: sa.Connection, one: _Copied, pattern: Pattern, copies: sa.Table) -> sa.Insert:
    """The statement that copies a table's rows of a pattern once for each of its copies."""
    columns = [column for column in one.table.columns if not _is_counted(column)]
    values = [_value(conn, one, column, pattern, copies) for column in columns]
    order = [copies.c.n, *one.table.primary_key.columns]
    rows = (
        sa.select(*values)
        .select_from(sa.join(copies, one.table, sa.true()))
        .where(one.table.c[one.key] == pattern.process_id)
        .order_by(*order)
    )
    return sa.insert(one.table).from_select([column.name for column in columns], rows)


def _is_counted(column: sa.Column[Any]) -> bool:
    """Whether the database numbers the rows by it."""
    return column.table.name in ("ledger_entries", "search_documents") and column.name in "idn"


def _value(
    conn: sa.Connection, one: _Copied, column: sa.Column[Any], pattern: Pattern, copies: sa.Table
) -> Any:
    if isinstance(column.type, UTCDateTime):
        return _earlier(conn, column, copies.c.seconds)
    names = (*pattern.moments, _MARK)
    needles = one.needles[pattern.process_id, column.name]
    if not needles and column.name == "id":  # of a link: random, in hex digits
        number = copies.c[f"m{len(names) - 1}"]
        return sa.func.substr(column, 1, 25).op("||")(sa.func.substr(number, 2))
    if not needles:
        return column
    told: Any = sa.cast(column, sa.Text)
    for needle in needles:
        told = sa.func.replace(told, needle, copies.c[f"m{names.index(needle)}"])
    is_plain = isinstance(column.type, sa.String) and not isinstance(column.type, sa.TypeDecorator)
    # SQLite, which keeps JSON as text, would make a number of it.
    return told if is_plain or conn.dialect.name == "sqlite" else sa.cast(told, column.type)


def _earlier(conn: sa.Connection, column: sa.Column[Any], seconds: Any) -> Any:
    if conn.dialect.name == "postgresql":
        return column - sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    text = sa.type_coerce(column, sa.Text)
    back = sa.func.printf("-%d seconds", seconds)
    return sa.func.strftime("%Y-%m-%d %H:%M:%f", text, back).op("||")("000")
