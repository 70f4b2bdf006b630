"""Erasing what one process holds of people: planned first, so that it can be shown, then done.

Whoever looks at a plan and whoever carries it out read the same rows by the same rules. What stays
is the proof that something happened: the chain with its types, times and hashes, ids and states.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.actor import Actor
from portal.db import Tx
from portal.engine import hiding_steps, searching
from portal.engine.names_of import Names
from portal.engine.personal import ERASED, OF_PROCESS, Rows
from portal.ledger import record
from portal.ledger.catalogue import DisclosureErased
from portal.ledger.tables import Disclosure, Entry, Outgoing
from portal.models import FileRow, Mail, Participant, StepRun, Task

_AT_ONCE = 200  # events that one tombstone names
_OWED_ON = ("ledger.checkpoint", "run.ended")


@dataclass(slots=True)
class Plan:
    """What goes from one process; ``whose`` are the participants it is of, everybody's if empty.

    ``values`` are the disclosed values that go, by event; ``changes`` what is left in which rows,
    ``drops`` the rows that go; ``stored`` the names of files whose bytes go after the commit,
    ``mails`` the mails that were sent about it, ``unsent`` the effects that are not wanted any
    more. ``counts`` tells how much of each kind that is.
    """

    process_id: str
    whose: tuple[str, ...]
    values: dict[int, list[str]] = field(default_factory=dict)
    changes: list[tuple[sa.Table, sa.ColumnElement[bool], dict[str, Any]]] = field(
        default_factory=list
    )
    drops: list[tuple[sa.Table, sa.ColumnElement[bool]]] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is there to go: it went before."""
        return not (self.values or self.changes or self.drops or self.unsent)


def plan(conn: Connection, process_id: str, whose: Sequence[str] = ()) -> Plan:
    """What would go; reads alone."""
    made = Plan(process_id, tuple(whose))
    values = conn.execute(_VALUES, {"log": process_id}).all()
    names = _names(conn, made, values) if whose else None
    for row in values:
        if names is None or row.actor_ref in whose or names.are_in(json.loads(row.value)):
            made.values.setdefault(row.seq, []).append(row.field)
            made.counts["history"] += 1
    mine = _own_rounds(conn, process_id, whose) if whose else set()
    for rows in OF_PROCESS:
        for one in map(dict, conn.execute(rows.of(process_id)).mappings()):
            _judge(made, rows, one, names, is_mine=_is_mine(rows, one, names, whose, mine))
    _add_owed(conn, made, names)
    return made


def carry_out(tx: Tx, made: Plan, *, basis: str, erasure: str, actor: Actor) -> None:
    """Do it, and write into the ledger that it was done; the chain is locked by the caller."""
    chain = record.open_chain(tx, made.process_id)
    hiding_steps.hide(tx, made.process_id)
    for table, which, left in made.changes:
        tx.execute(sa.update(table).where(which).values(left))
    for table, which in made.drops:
        tx.execute(sa.delete(table).where(which))
    if made.unsent:
        settled = {"state": "done", "error": None, "ended_at": tx.now}
        tx.execute(sa.update(Outgoing).where(Outgoing.id.in_(made.unsent)).values(settled))
    for seq, fields in made.values.items():
        record.erase(tx, made.process_id, seq, fields)
    kinds = sorted(made.counts)
    for some in _pieces(made.values) or [{}]:
        first = min(some, default=0)
        also = {str(seq): sorted(names) for seq, names in some.items() if seq != first}
        event = DisclosureErased(
            seq=first, fields=sorted(some.get(first, ())), basis=basis, also=also or None,
            erasure=erasure, whose=list(made.whose) or None, kinds=kinds,
        )  # fmt: skip
        chain.add(event, actor=actor)
    searching.rebuild(tx, made.process_id)


_VALUES = (
    sa.select(Disclosure.seq, Disclosure.field, Disclosure.value, Entry.actor_ref)
    .join(Entry, sa.and_(Entry.log == Disclosure.log, Entry.seq == Disclosure.seq))
    .where(Disclosure.log == sa.bindparam("log"), Entry.type != DisclosureErased.TYPE)
    .order_by(Disclosure.seq, Disclosure.field)
)


def _pieces(values: Mapping[int, list[str]]) -> list[dict[int, list[str]]]:
    seqs = sorted(values)
    return [
        {seq: values[seq] for seq in seqs[at : at + _AT_ONCE]}
        for at in range(0, len(seqs), _AT_ONCE)
    ]


def _names(conn: Connection, made: Plan, values: Sequence[Any]) -> Names:
    """What people are known by: who they are, and what they wrote."""
    names = Names()
    people = sa.select(Participant.email, Participant.name).where(Participant.id.in_(made.whose))
    for email, name in conn.execute(people):
        names.add_person(email, None if name == ERASED else name)
    tasks = sa.select(Task.answers).where(Task.participant_id.in_(made.whose))
    for answers in conn.execute(tasks).scalars():
        names.add_words(answers)
    files = sa.select(FileRow.name).where(FileRow.participant_id.in_(made.whose))
    for name in conn.execute(files).scalars():
        names.add_words(name)
    for row in values:
        if row.actor_ref in made.whose and row.field not in ("actor.ip", "actor.agent"):
            names.add_words(json.loads(row.value))
    return names


def _own_rounds(conn: Connection, process_id: str, whose: Sequence[str]) -> set[str]:
    """The rounds of which nobody else had a task."""
    query = sa.select(Task.run_id, Task.participant_id).where(Task.process_id == process_id)
    people: dict[str, set[str]] = defaultdict(set)
    for run, participant in conn.execute(query):
        people[run].add(participant)
    return {run for run, of in people.items() if of <= set(whose)}


def _is_mine(
    rows: Rows, row: Mapping[str, Any], names: Names | None, whose: Sequence[str], mine: set[str]
) -> bool:
    """Whether all of a row is of whom is erased."""
    if names is None or rows.is_of_all:
        return True
    if rows.to is not None:
        return names.is_address(row[rows.to])
    if rows.table is StepRun:
        return row["id"] in mine
    return rows.whose is not None and row[rows.whose] in whose


def _judge(
    made: Plan, rows: Rows, row: Mapping[str, Any], names: Names | None, *, is_mine: bool
) -> None:
    table = rows.table.__table__
    which = sa.and_(*(column == row[column.name] for column in table.primary_key))
    if rows.drops and is_mine:
        made.drops.append((table, which))
        made.counts[rows.kind] += 1
        if row.get("storage_id"):
            made.stored.append(row["storage_id"])
        return
    left = dict(_left(rows, row, names, is_mine=is_mine))
    if left:
        made.changes.append((table, which, left))
        made.counts[rows.kind] += 1
        if rows.table is Mail:
            made.mails.append(row["id"])


def _left(
    rows: Rows, row: Mapping[str, Any], names: Names | None, *, is_mine: bool
) -> Iterator[tuple[str, Any]]:
    """What is left in the columns of a row that change."""
    for name, blank in rows.blanks.items():
        value = row[name]
        if value in (None, "", {}, []):
            continue
        if is_mine or names is None:
            left = blank(value)
        elif isinstance(value, str):
            left = blank(value) if names.are_in(value) else value
        else:
            left = names.without(value)
        if left != value:
            yield name, left


def _add_owed(conn: Connection, made: Plan, names: Names | None) -> None:
    """What is owed to the outside and not wanted any more, and what was said of failures."""
    table: Any = Outgoing.__table__
    theirs = set(made.whose)
    if theirs:
        tasks = sa.select(Task.id).where(Task.participant_id.in_(theirs))
        theirs |= set(conn.execute(tasks).scalars())
    query = sa.select(table).where(table.c.process_id == made.process_id)
    for row in conn.execute(query):
        is_theirs = names is None or not theirs.isdisjoint(map(str, row.ref.values()))
        if row.state == "pending" and row.kind not in _OWED_ON and is_theirs:
            made.unsent.append(row.id)
            made.counts["mails"] += 1
        elif row.error not in (None, ERASED) and (names is None or names.are_in(row.error)):
            made.changes.append((table, table.c.id == row.id, {"error": ERASED}))
