"""How a process is locked and read: the statements, built once, and the rows they bring.

Three statements for a step: the process under its head's lock, its people with their open tasks,
its rounds. Only what is current or latest is read, and of the items of an ``each`` only those
whose scopes are asked for; ``scopes`` of ``None`` means all of them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from portal.db import Tx
from portal.engine.rows import Asked, CameBy, Person, Place, Round
from portal.ledger.tables import Head
from portal.models import FileRow, Link, Participant, Preference, Process, StepRun, Task, Trouble
from portal.models.files import described
from portal.models.links import needs_own_link
from portal.prepared import Prepared, prepared

_HEAD = Head.__table__
_PROCESS = Process.__table__
_PERSON = Participant.__table__
_WISH = Preference.__table__
# Somebody outside goes by the time zone that they chose, whatever is known otherwise.
_IS_THEIRS = sa.and_(_WISH.c.email == _PERSON.c.email, _PERSON.c.kind == "external")
_CHOSEN = sa.func.coalesce(_WISH.c.timezone, _PERSON.c.timezone).label("timezone")
_PERSON_AS_CHOSEN = [_CHOSEN if one.key == "timezone" else one for one in _PERSON.columns]
_TASK = Task.__table__
_ROUND = StepRun.__table__
_LINK = Link.__table__
_CAME_BY = (
    *(_LINK.c.generation, _LINK.c.revoked_at, _LINK.c.task_id.label("link_task_id")),
    *(_LINK.c.handed_by_role, needs_own_link(sa.bindparam("task")).label("needs_own_link")),
)
# Rows are taken apart by place: looking up each column by its name costs more than the reading.
_HEAD_KEYS, _PROCESS_KEYS, _PERSON_KEYS, _TASK_KEYS, _ROUND_KEYS = (
    tuple(column.key for column in table.columns)
    for table in (_HEAD, _PROCESS, _PERSON, _TASK, _ROUND)
)
_A_TASK = slice(len(_PERSON_KEYS), len(_PERSON_KEYS) + len(_TASK_KEYS))

# Head first, then the process: whoever waits for the lock then sees the latest of both.
_LOCK = (
    sa.select(*(column.label(f"head_{column.key}") for column in _HEAD.columns), *_PROCESS.columns)
    .select_from(_HEAD.join(_PROCESS, _PROCESS.c.id == _HEAD.c.log))
    .with_for_update(key_share=True)
)
LOCK_PROCESS = prepared(_LOCK.where(_HEAD.c.log == sa.bindparam("process")))


def _lock_of(table: sa.FromClause) -> Prepared:
    """The same for the process of a task or a round, with the scope that it runs in."""
    of = table.c.id == sa.bindparam("of")
    its = sa.select(table.c.process_id).where(of).scalar_subquery()
    scope = sa.select(table.c.scope).where(of).scalar_subquery().label("scope_of")
    return prepared(_LOCK.add_columns(scope).where(_HEAD.c.log == its))


LOCK_OF_TASK, LOCK_OF_ROUND = _lock_of(_TASK), _lock_of(_ROUND)


_ANY = _TASK.alias("any_task")
# Of a role that was asked a hundred times SQLite would look through all of that; and it takes the
# few tasks by their ids only where it can't find them by whom they are for.
_THEIRS = {
    "sqlite": sa.literal_column("+tasks.participant_id", sa.String()) == _PERSON.c.id,
    "postgresql": _TASK.c.participant_id == _PERSON.c.id,
}


def _people_and_tasks(*which: Any) -> Prepared:
    """Whoever plays a role, and whoever has an open task among ``which``, each with those tasks.

    Each row ends with how the link stands that somebody came by.
    """
    some = sa.select(_ANY.c.id).where(
        _ANY.c.process_id == sa.bindparam("process"), _ANY.c.state == "open", *which
    )
    asked = _TASK.c.id.in_(some.union_all(sa.select(sa.bindparam("task", type_=sa.String()))))
    return prepared({name: _joined(sa.and_(its, asked)) for name, its in _THEIRS.items()})


def _joined(tasks: sa.ColumnElement[bool]) -> sa.Executable:
    people = _PERSON.outerjoin(_TASK, tasks).outerjoin(_WISH, _IS_THEIRS)
    return (
        sa.select(
            *(c.label(f"person_{c.key}") for c in _PERSON_AS_CHOSEN), *_TASK.columns, *_CAME_BY
        )
        .select_from(people.outerjoin(_LINK, _LINK.c.id == sa.bindparam("link")))
        .where(
            _PERSON.c.process_id == sa.bindparam("process"),
            sa.or_(_PERSON.c.role.is_not(None), _TASK.c.id.is_not(None)),
        )
        .order_by(_PERSON.c.added_at, _PERSON.c.id, _TASK.c.id)
    )


_PEOPLE_AND_TASKS = _people_and_tasks()
_PEOPLE_AND_TASKS_IN = _people_and_tasks(_ANY.c.scope.in_(sa.bindparam("scopes", expanding=True)))
_PEOPLE_AND_TASKS_OUTSIDE = _people_and_tasks(_ANY.c.scope == "")
_A_PERSON = (
    sa.select(*_PERSON_AS_CHOSEN)
    .select_from(_PERSON.outerjoin(_WISH, _IS_THEIRS))
    .where(_PERSON.c.process_id == sa.bindparam("process"))
)
_LIVE = sa.select(*_ROUND.columns).where(
    _ROUND.c.process_id == sa.bindparam("process"),
    sa.text("(step_runs.is_current OR step_runs.is_latest)"),
)
_ROUNDS = prepared(_LIVE)
_ROUNDS_IN = prepared(_LIVE.where(_ROUND.c.scope.in_(sa.bindparam("scopes", expanding=True))))
_ROUNDS_OUTSIDE = prepared(_LIVE.where(_ROUND.c.scope == ""))
_STUCK = sa.select(Trouble.step, Trouble.scope).where(
    Trouble.process_id == sa.bindparam("process"),
    Trouble.state == "open",
    Trouble.kind.in_(("expression", "nobody")),
    Trouble.task_id.is_(None),
    Trouble.step.is_not(None),
)
_FILES = prepared(
    sa.select(FileRow.id, FileRow.name, FileRow.size, FileRow.sha256, FileRow.media_type).where(
        FileRow.process_id == sa.bindparam("process"), FileRow.state == "received"
    )
)


def process_of(row: tuple[Any, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The process and its ledger's head, as one of the locking statements brought them."""
    head = dict(zip(_HEAD_KEYS, row, strict=False))
    return dict(zip(_PROCESS_KEYS, row[len(head) :], strict=False)), head


def people_and_tasks(
    tx: Tx, process: str, scopes: Sequence[str] | None, *, task: str | None, link: str | None
) -> Iterator[tuple[Person, Asked | None, CameBy]]:
    """Whoever plays a role or has an open task, with each such task; and ``task`` in any state.

    With each how the ``link`` stands, read like all else under the lock.
    """
    three = (_PEOPLE_AND_TASKS, _PEOPLE_AND_TASKS_OUTSIDE, _PEOPLE_AND_TASKS_IN)
    query, ids = _within(scopes, three)
    for row in tx.all(query, process=process, task=task or "", link=link, **ids):
        person = Person(**dict(zip(_PERSON_KEYS, row, strict=False)))
        its = row[_A_TASK]
        asked = Asked(**dict(zip(_TASK_KEYS, its, strict=True))) if its[0] else None
        yield person, asked, CameBy(*row[_A_TASK.stop :])


def rounds(tx: Tx, process: str, scopes: Sequence[str] | None, known: set[str]) -> Iterator[Round]:
    """The rounds that are current or latest, but for those whose ids are known."""
    query, ids = _within(scopes, (_ROUNDS, _ROUNDS_OUTSIDE, _ROUNDS_IN))
    for row in tx.all(query, process=process, **ids):
        if row.id not in known:
            yield Round(**dict(zip(_ROUND_KEYS, row, strict=True)))


def stuck(tx: Tx, process: str) -> set[Place]:
    """Where an open exception keeps a step from beginning."""
    return {Place(row.step, row.scope) for row in tx.execute(_STUCK, {"process": process})}


def person(tx: Tx, process: str, person_id: str) -> Person:
    """Somebody who takes part, by id."""
    query = _A_PERSON.where(_PERSON.c.id == sa.bindparam("id"))
    return Person(**tx.execute(query, {"process": process, "id": person_id}).mappings().one())


def everybody(tx: Tx, process: str) -> list[Person]:
    """Everybody who takes part."""
    return [Person(**row) for row in tx.execute(_A_PERSON, {"process": process}).mappings()]


def of_address(tx: Tx, process: str, email: str) -> Person | None:
    """Whoever takes part under an address, the longest where several do."""
    query = _A_PERSON.where(_PERSON.c.email == email).order_by(_PERSON.c.added_at).limit(1)
    row = tx.execute(query, {"process": process}).mappings().first()
    return Person(**row) if row else None


def files(tx: Tx, process: str) -> dict[str, dict[str, Any]]:
    """The files that have been received, described as expressions see them, by id."""
    return {row.id: described(row) for row in tx.all(_FILES, process=process)}


def _within(
    scopes: Sequence[str] | None, three: tuple[Prepared, Prepared, Prepared]
) -> tuple[Prepared, dict[str, Any]]:
    """Of three statements the one for these scopes, and what it binds of them.

    The first is for all of them, the second for what is outside of all items, as most steps
    are: a list that is written into the statement anew each time costs more.
    """
    everywhere, outside, listed = three
    if scopes is None:
        return everywhere, {}
    return (outside, {}) if list(scopes) == [""] else (listed, {"scopes": scopes})
