"""Looking over the stored ledger itself, as the night shift does, for rows that were changed.

Quick enough for millions of events: the stored bytes are hashed as they are, and the copied
columns are compared with them.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger import chain
from portal.ledger.record import moment
from portal.ledger.tables import Disclosure, Entry, Head

_BATCH = 1000
_ASKED, _AT_ONCE = 4000, 50  # rows of a query, and of those at a time
_Acting = dict[tuple[str, str], str]
_Row = tuple[int, str, str, datetime | str, str, str, str, str | None, str | None, str]
_COLUMNS = (
    Entry.seq, Entry.prev, Entry.hash, Entry.at, Entry.type, Entry.actor_kind, Entry.actor_ref,
    Entry.step, Entry.task, Entry.body,
)  # fmt: skip
_PRIVATE = re.compile(r',"priv":\{([^{}]*)\},"seq":')
_PAIR = re.compile(r'"([^"]+)":"([0-9a-f]{64})"')


def fault_in(conn: Connection, log: str) -> str | None:
    """What is wrong with the ledger of a process, in one sentence; None if all is well.

    What is added meanwhile has its turn the next time.
    """
    head = _head(conn, log)
    if head is None:
        return "The ledger has no recorded head: it, or all of it, is gone."
    count, last, before = 0, head[0] + 1, None
    whose, acting, same, at_ = f',"log":"{log}","prev":"', _Acting(), None, ""
    for row in _rows(conn, log):
        seq, prev, digest, at, type_, kind, ref, step, task, text = row
        if seq != count or (before is not None and prev != before):
            return f"Event {count} is missing, or another stands in its place."
        if at != same:
            same, at_ = at, _moment(at)
        # Nearly every row is shown sound in one go: the keys are sorted, so the actor begins the
        # bytes, and step and task of a task's event end its data, right before the process.
        if (
            chain.event_hash(text.encode()) != digest
            or not text.startswith(f"{acting.get((kind, ref))}{at_}")
            or not text.endswith(f',"seq":{seq},"type":"{type_}","v":1}}')
            or (
                f'"step":"{step}","task":"{task}"}}{whose}{prev}","priv":{{' not in text
                if task is not None
                else f'{whose}{prev}","priv":{{' not in text
                or (step is not None and f'"step":"{step}"' not in text)
            )
        ) and (fault := _fault(whose, acting, at_, row)):
            return fault
        before, count = digest, count + 1
        if count == last and (digest, at) != head[1:]:
            return f"Event {seq} is not the one that the ledger's recorded head names."
    if count - 1 != head[0] and _head(conn, log) == head:
        return f"The ledger ends at event {count - 1}, which is not its recorded head."
    return None


def fault_in_values(conn: Connection, log: str) -> str | None:
    """What is wrong with the values beside a ledger: one changed, or gone without an erasure."""
    missing: set[tuple[int, str]] = set()
    for seq, body, shown in _with_values(conn, log):
        priv = _PRIVATE.search(body)
        promised = dict(_PAIR.findall(priv[1])) if priv else {}
        for name, salt, value in shown:
            if promised.pop(name, None) != chain.commit_bytes(salt, name, value.encode()):
                return f"Event {seq}: the value {name} beside it was changed."
        missing.update((seq, name) for name in promised)
        if body.endswith(f',"seq":{seq},"type":"disclosure.erased","v":1}}'):
            told = json.loads(body)["data"]
            missing -= chain.erased(told)
    if missing:
        seq, name = min(missing)
        return f"Event {seq}: the value {name} beside it is gone, and no erasure is recorded."
    return None


def files_told(conn: Connection, log: str) -> dict[str, str]:
    """The SHA-256 of each file that a ledger tells of and whose digest was not erased, by id."""
    told = (
        sa.select(Entry.body, Disclosure.value)
        .join(Disclosure, sa.and_(Disclosure.log == Entry.log, Disclosure.seq == Entry.seq))
        .where(Entry.log == log, Entry.type == "file.received", Disclosure.field == "sha256")
    )
    return {
        json.loads(row.body)["data"]["file"]: json.loads(row.value) for row in conn.execute(told)
    }


def _head(conn: Connection, log: str) -> tuple[int, str, datetime | str] | None:
    """Number, hash and moment as the driver gives them, to be compared with a row's."""
    query = sa.select(Head.seq, Head.hash, Head.at).where(Head.log == log)
    with conn.execute(query) as result:
        row = result.cursor.fetchone() if result.cursor else None
    return None if row is None else (row[0], row[1], row[2])


def _with_values(
    conn: Connection, log: str
) -> Iterator[tuple[int, str, list[tuple[str, bytes, str]]]]:
    """Every event's number and text, and (name, salt, value) of each value kept beside it."""
    after = -1
    while True:
        which = sa.and_(Entry.log == log, Entry.seq > after)
        query = sa.select(Entry.seq, Entry.body).where(which).order_by(Entry.seq).limit(_BATCH)
        bodies = conn.execute(query).all()
        if not bodies:
            return
        shown = defaultdict(list)
        beside = Disclosure.__table__
        between = beside.c.seq.between(bodies[0].seq, bodies[-1].seq)
        for row in conn.execute(sa.select(beside).where(beside.c.log == log, between)):
            shown[row.seq].append((row.field, bytes(row.salt), row.value))
        yield from ((row.seq, row.body, shown[row.seq]) for row in bodies)
        after = bodies[-1].seq


def _moment(at: datetime | str) -> str:
    """How a moment stands in an event's bytes, up to the key behind it; SQLite keeps text."""
    told = f"{at[:10]}T{at[11:]}Z" if isinstance(at, str) else moment(at)
    return f'{told}","cause"'


def _fault(whose: str, acting: _Acting, at: str, row: _Row) -> str | None:
    """What is wrong with a row, part by part; ``whose`` is how the process stands in its bytes.

    Notes in ``acting`` how a sound row of this actor begins, up to its moment ``at``.
    """
    seq, prev, digest, _, type_, kind, ref, step, task, text = row
    # No quote within a text is unescaped, so what is looked for can't stand in a value.
    data, found, _ = text.partition(f'{whose}{prev}","priv":{{')
    if chain.event_hash(text.encode()) != digest or not found:
        return f"Event {seq} was changed: its bytes do not give its hash."
    actor, mark, rest = data.partition('},"at":"')
    if (
        text.endswith(f',"seq":{seq},"type":"{type_}","v":1}}')
        and rest.startswith(at)
        and f'"kind":"{kind}",' in actor
        and f'"ref":"{ref}","via":' in actor
        and (task is None or f'"task":"{task}"' in rest)
        and (step is None or f'"step":"{step}"' in rest)
    ):
        acting[kind, ref] = actor + mark
        return None
    return f"Event {seq}: a copied column was changed and no longer fits its bytes."


def _rows(conn: Connection, log: str) -> Iterator[_Row]:
    """The rows as the driver gives them: making objects of them would cost five times the rest.

    A few at a time, so that each takes the place in memory that another has just left.
    """
    after, many = -1, _ASKED
    query = sa.select(*_COLUMNS).where(Entry.log == log, Entry.seq > sa.bindparam("after"))
    query = query.order_by(Entry.seq).limit(_ASKED)
    while many == _ASKED:
        many = 0
        with conn.execute(query, {"after": after}) as result:
            rows: Sequence[_Row]
            while result.cursor and (rows := result.cursor.fetchmany(_AT_ONCE)):
                yield from rows
                after, many = rows[-1][0], many + len(rows)
