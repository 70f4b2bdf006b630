"""The rows of one process in hand, and how they are written: one statement per table.

A row that is new or was changed is written by the same upsert; so a step costs one statement per
table, however many rounds and tasks it moves. What a row is of never changes, and is not written
again: SQLite else looks up what it refers to once more, and writes its place in each index anew.
"""

import functools
import operator
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal.db import Tx
from portal.engine.decide import Standing
from portal.models import Participant, StepRun, Task
from portal.prepared import Prepared, prepared


class Place(NamedTuple):
    """A step as it runs for one item: ``scope`` is the path of items, ``""`` outside of all."""

    step: str
    scope: str = ""


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody who takes part: a row of ``participants``."""

    id: str
    process_id: str
    role: str | None
    kind: str
    email: str | None
    name: str | None
    user_id: str | None
    team_id: str | None
    timezone: str | None
    added_at: datetime

    def told(self) -> dict[str, Any]:
        """Who it is, as events tell it."""
        facts = {"email": self.email, "name": self.name}
        return {key: value for key, value in facts.items() if value is not None}

    def is_one_of(self, keys: set[str]) -> bool:
        """Whether it is the same human being as one of those (user ids and addresses)."""
        return bool({self.id, self.user_id, self.email} & keys)


@dataclass(slots=True, kw_only=True)
class Round:
    """One round of one step: a row of ``step_runs``."""

    id: str
    process_id: str
    step: str
    scope: str = ""
    round: int
    state: str
    is_current: bool = True
    is_latest: bool = False
    outcome: str | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    only: list[str] = field(default_factory=list)
    comment: str | None = None
    opened_at: datetime
    done_at: datetime | None = None

    @property
    def place(self) -> "Place":
        """Where it is of."""
        return Place(self.step, self.scope)

    @property
    def standing(self) -> Standing | None:
        """How the step stands, as `decide` asks it; a round that was withdrawn is none."""
        return _STANDINGS.get(self.state)


@dataclass(slots=True, kw_only=True)
class Asked:
    """One ask of one participant: a row of ``tasks``."""

    id: str
    process_id: str
    run_id: str
    step: str
    scope: str = ""
    round: int
    kind: str
    name: str
    state: str = "open"
    outcome: str | None = None
    participant_id: str
    others: list[str] = field(default_factory=list)
    holder_id: str | None = None
    team_id: str | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    nonce: str | None = None
    opened_at: datetime
    offered_at: datetime
    handoff: int = 1
    due_at: datetime | None = None
    pick_up_by: datetime | None = None
    missed_at: datetime | None = None
    passed_on: list[Any] = field(default_factory=list)
    delegation: dict[str, Any] | None = None
    closed_under: str | None = None
    asks_since: datetime | None = None
    promised_on: date | None = None
    snoozed_on: date | None = None
    blocked_since: datetime | None = None
    declined_at: datetime | None = None
    picked_up_at: datetime | None = None
    done_at: datetime | None = None
    done_by: str | None = None
    done_seq: int | None = None
    done_hash: str | None = None

    @property
    def people(self) -> list[str]:
        """The ids of all participants who may do it."""
        return [self.participant_id, *self.others]

    def close(self, state: str, now: datetime) -> None:
        """End it; nobody has to take it up, or to decide who does it, any more."""
        self.state, self.done_at = state, now
        self.missed_at = self.delegation = None
        self.asks_since = self.blocked_since = self.declined_at = None


class CameBy(NamedTuple):
    """How the link stands by which somebody outside came, and whether their task needs its own.

    Where nobody came by one, all of the link is empty.
    """

    link_generation: int | None = None
    link_revoked_at: datetime | None = None
    link_task_id: str | None = None
    link_handed_by_role: str | None = None
    needs_own_link: bool = False


Row = Person | Round | Asked
# Of which process, step and round a row is, and since when.
_FOREVER = frozenset(("id", "process_id", "run_id", "step", "scope", "round", "added_at"))
_STANDINGS: dict[str, Standing] = {"open": "open", "done": "done", "skipped": "skipped"}


class Changes:
    """The rows of one table that are new or changed, each once."""

    def __init__(self, model: type[Participant] | type[StepRun] | type[Task]) -> None:
        self._statement, self._names, self._values = _written(model)
        self._rows: dict[str, Row] = {}

    @property
    def ids(self) -> Collection[str]:
        """The ids of those rows."""
        return self._rows.keys()

    def add(self, row: Row) -> None:
        """Have the row written, as it is when the transaction ends."""
        self._rows[row.id] = row

    def drop(self, row: Row) -> None:
        """Have the row not written after all."""
        self._rows.pop(row.id, None)

    def write(self, tx: Tx) -> None:
        """Write them, in the order they were added."""
        if self._rows:
            found = map(self._values, self._rows.values())
            rows = [dict(zip(self._names, values, strict=True)) for values in found]
            tx.run(self._statement, rows)


@functools.cache
def _written(
    model: type[Participant] | type[StepRun] | type[Task],
) -> tuple[Prepared, tuple[str, ...], Callable[[Row], tuple[Any, ...]]]:
    """The upsert of a table, its columns, and what takes their values from a row."""
    names = tuple(column.key for column in model.__table__.columns)
    upsert = prepared({"sqlite": _sqlite(model), "postgresql": _postgresql(model)})
    return upsert, names, operator.attrgetter(*names)


def _sqlite(model: type[Participant] | type[StepRun] | type[Task]) -> sa.Executable:
    insert = sqlite.insert(model)
    return insert.on_conflict_do_update(index_elements=["id"], set_=_changing(insert.excluded))


def _postgresql(model: type[Participant] | type[StepRun] | type[Task]) -> sa.Executable:
    insert = postgresql.insert(model)
    return insert.on_conflict_do_update(index_elements=["id"], set_=_changing(insert.excluded))


def _changing(new: Iterable[Any]) -> dict[str, Any]:
    return {column.key: column for column in new if column.key not in _FOREVER}
