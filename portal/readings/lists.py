"""Lists of processes, tasks and definitions: by keyset, never by OFFSET, never counted whole.

A cursor is what the last row was sorted by, opaque to the caller. Open things come with the
earliest due first and those without a due time last.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstrumentedAttribute, aliased

from portal.errors import Unknown, wrong_cursor
from portal.models import (
    DefinitionRow,
    Doubt,
    Participant,
    Process,
    Task,
    Team,
    Trouble,
    User,
    sights,
)
from portal.models.processes import PROCESS_STATES
from portal.models.tasks import TASK_STATES
from portal.readings import search

TROUBLE_STATES = ("open", "resolved")
__all__ = ["PROCESS_STATES", "TASK_STATES"]  # for the doors, which know no models

MOST = 1001  # no count runs past this: "1000+" tells as much

Row = sa.Row[Any]
# What rows are sorted by, the due time and the id; and of which states each has its own stretch
# of an index, where none is asked for.
_Order = tuple[
    InstrumentedAttribute[datetime | None],
    InstrumentedAttribute[str],
    tuple[InstrumentedAttribute[str], Sequence[str]] | None,
]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursor of the next ones (``None`` at the end)."""

    items: Sequence[Row]
    next: str | None


@dataclass(frozen=True, slots=True)
class ProcessFilters:
    """What a list of processes is narrowed to; ``None`` leaves a side open.

    ``owner`` is a user's e-mail address or a team's name, ``role`` a role that takes part, ``q``
    words of its title, reference, people, answers or files (``readings/search``). ``unmet``: what
    was offered in it was not taken up in time.
    """

    state: str | None = None
    definition: str | None = None
    owner: str | None = None
    overdue: bool | None = None
    role: str | None = None
    q: str | None = None
    unmet: bool = False


@dataclass(frozen=True, slots=True)
class TaskFilters:
    """What a list of tasks is narrowed to.

    ``assignee`` is an e-mail address; ``user_id`` with ``team_ids`` means what that member of
    staff may do: their own tasks and those of their teams. ``stands_for`` are the ids of those in
    whose place they stand, whose tasks are theirs to do as well.
    """

    state: str | None = None
    assignee: str | None = None
    process: str | None = None
    user_id: str | None = None
    team_ids: frozenset[str] = frozenset()
    stands_for: frozenset[str] = frozenset()
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class TroubleFilters:
    """What a list of exceptions is narrowed to; ``owner`` is a user's e-mail address."""

    state: str | None = None
    process: str | None = None
    owner: str | None = None


def processes(
    conn: Connection,
    filters: ProcessFilters,
    now: datetime,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Processes with their owner's name and address, earliest due first; no data of theirs."""
    wanted = narrowed_processes(conn, filters, now)
    if filters.overdue is True:
        return _by_due_alone(conn, wanted, Process.due_at, Process.id, cursor, limit)
    is_whole = not (filters.state or filters.q or filters.unmet)
    each = (Process.state, PROCESS_STATES) if is_whole else None
    return _by_due(conn, wanted, (Process.due_at, Process.id, each), cursor, limit)


def unmet(conn: Connection, process_ids: Sequence[str]) -> frozenset[str]:
    """Those of these processes in which something was offered and not taken up in time."""
    its = _UNMET.where(Task.process_id.in_(process_ids))
    return frozenset(conn.execute(its).scalars()) if process_ids else frozenset()


def process_ids(
    conn: Connection, filters: ProcessFilters, now: datetime, limit: int
) -> Sequence[str]:
    """The ids of the processes that the filters find, the oldest first; ``limit`` at the most."""
    wanted = _narrow_processes(sa.select(Process.id), filters, now)
    return conn.execute(wanted.order_by(Process.id).limit(limit)).scalars().all()


def tasks(
    conn: Connection,
    filters: TaskFilters,
    now: datetime,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Tasks with their assignee and process, earliest due first."""
    wanted = narrowed_tasks(filters, now)
    is_whole = not (filters.state or filters.process or filters.assignee or filters.user_id)
    each = (Task.state, TASK_STATES) if is_whole else None
    return _by_due(conn, wanted, (Task.due_at, Task.id, each), cursor, limit)


def troubles(
    conn: Connection, filters: TroubleFilters, *, cursor: str | None = None, limit: int = 50
) -> Page:
    """Exceptions with their owner, the oldest first."""
    wanted = sights.only_seen(_TROUBLES)
    if filters.state is not None:
        wanted = wanted.where(Trouble.state == filters.state)
    if filters.process is not None:
        wanted = wanted.where(Trouble.process_id == filters.process)
    if filters.owner is not None:
        team = sa.and_(User.id.is_(None), Team.name == filters.owner)
        wanted = wanted.where(sa.or_(User.email == filters.owner.lower(), team))
    each = (Trouble.state, TROUBLE_STATES) if filters == TroubleFilters() else None
    return _by_due(conn, wanted, (Trouble.opened_at, Trouble.id, each), cursor, limit)


def trouble(conn: Connection, trouble_id: str) -> Row:
    """One exception as ``troubles`` lists it; Unknown if there is none."""
    row = conn.execute(sights.only_seen(_TROUBLES.where(Trouble.id == trouble_id))).first()
    if row is None:
        raise Unknown("There is no such exception.")
    return row


def task_columns() -> "sa.Select[*tuple[Any, ...]]":
    """A task with its assignee, its process's title and the process's owner; no answers."""
    return _TASKS


# Built once: making a statement costs more than running it. What no list shows stays away, for
# each value of JSON or time costs a conversion.
_UNSHOWN = {"inputs", "values", "answers", "others", "changed_at", "nonce", "done_hash",
            "passed_on", "delegation", "closed_under"}  # fmt: skip
_OWNER = (
    User.email.label("owner_email"),
    sa.func.coalesce(User.name, Team.name).label("owner_name"),
    Team.name.label("owner_team"),
)
_PROCESSES: "sa.Select[*tuple[Any, ...]]" = (
    sa.select(
        *(one for one in Process.__table__.columns if one.key not in _UNSHOWN),
        *_OWNER,
    )
    .outerjoin(User, User.id == Process.owner_id)
    .outerjoin(Team, Team.id == Process.team_id)
)
_TASKS: "sa.Select[*tuple[Any, ...]]" = (
    sa.select(
        *(one for one in Task.__table__.columns if one.key not in _UNSHOWN),
        Participant.kind.label("assignee_kind"),
        Participant.email.label("assignee_email"),
        Participant.name.label("assignee_name"),
        Process.title.label("process_title"),
        Process.key.label("process_key"),
        Process.definition_id,
        Process.state.label("process_state"),
        *_OWNER,
    )
    .join(Participant, Participant.id == Task.participant_id)
    .join(Process, Process.id == Task.process_id)
    .outerjoin(User, User.id == Process.owner_id)
    .outerjoin(Team, Team.id == Process.team_id)
)


_TROUBLES: "sa.Select[*tuple[Any, ...]]" = (
    sa.select(
        *Trouble.__table__.columns,
        Trouble.opened_at.label("due_at"),  # what pages are sorted by
        *_OWNER,
    )
    # Always there; as an outer one it is looked up from the exceptions, and never walked.
    .outerjoin(Process, Process.id == Trouble.process_id)
    .outerjoin(User, User.id == Trouble.owner_id)
    .outerjoin(Team, Team.id == Process.team_id)
)


_UNMET = sa.select(Task.process_id).where(Task.missed_at.is_not(None), Task.state == "open")


def task_row(conn: Connection, task_id: str) -> Row:
    """One task as ``task_columns`` has it; Unknown if there is none."""
    row = conn.execute(sights.only_seen(task_columns().where(Task.id == task_id))).first()
    if row is None:
        raise Unknown("There is no such task.")
    return row


# What people say does not match reality in it, and nobody has answered yet.
_DOUBTED = (
    sa.select(sa.func.count())
    .select_from(Doubt)
    .where(Doubt.key == DefinitionRow.key, Doubt.settled_at.is_(None))
    .scalar_subquery()
    .label("doubted")
)


def definitions(conn: Connection) -> Sequence[Row]:
    """The current version of every published definition with its owner, by name.

    Without those that are restricted and in no part those of whoever looks.
    """
    # What was said in processes that whoever looks may not see is not counted either.
    is_hidden = DefinitionRow.key.in_(sorted(sights.hidden()))
    doubted = sa.case((is_hidden, 0), else_=_DOUBTED).label("doubted")
    wanted: sa.Select[*tuple[Any, ...]] = sa.select(
        *DefinitionRow.__table__.columns, *_OWNER, doubted if sights.hidden() else _DOUBTED
    )
    wanted = (
        wanted.outerjoin(User, User.id == DefinitionRow.owner_id)
        .outerjoin(Team, Team.id == DefinitionRow.team_id)
        .where(DefinitionRow.is_current, DefinitionRow.made_for.is_(None))
        .order_by(DefinitionRow.name, DefinitionRow.key)
        .limit(MOST)
    )
    return conn.execute(sights.only_known(wanted)).all()


_NAMES = (
    sa.select(DefinitionRow.key, DefinitionRow.name)
    .where(DefinitionRow.is_current, DefinitionRow.made_for.is_(None))
    .order_by(DefinitionRow.name, DefinitionRow.key)
    .limit(MOST)
)


def definition_names(conn: Connection) -> Sequence[sa.Row[str, str]]:
    """Key and name of every definition, by name: what a filter offers."""
    return conn.execute(sights.only_known(_NAMES)).all()


def count(conn: Connection, wanted: "sa.Select[*tuple[Any, ...]]") -> int:
    """How many rows, looking at ``MOST`` at the most."""
    return int(conn.execute(sa.select(counted(wanted))).scalar_one())


def counted(wanted: "sa.Select[*tuple[Any, ...]]") -> "sa.ScalarSelect[int]":
    """The same, to be asked together with others in one statement."""
    few = wanted.with_only_columns(sa.literal(1)).order_by(None).limit(MOST).subquery()
    return sa.select(sa.func.count()).select_from(few).scalar_subquery()


def narrowed_processes(
    conn: Connection, filters: ProcessFilters, now: datetime
) -> "sa.Select[*tuple[Any, ...]]":
    """The processes that the filters leave, in no order."""
    wanted = _narrow_processes(_PROCESSES, filters, now)
    if filters.q and filters.q.strip():
        wanted = wanted.where(search.within(conn, filters.q))
    return wanted


def narrowed_tasks(filters: TaskFilters, now: datetime) -> "sa.Select[*tuple[Any, ...]]":
    """The tasks that the filters leave, in no order."""
    return _narrow_tasks(task_columns(), filters, now)


def _narrow_processes(
    wanted: "sa.Select[*tuple[Any, ...]]", filters: ProcessFilters, now: datetime
) -> "sa.Select[*tuple[Any, ...]]":
    if filters.state:
        # Of those few their own rows are looked up, not all that are in a state.
        state = Process.state.concat("") if filters.unmet else Process.state
        wanted = wanted.where(state == filters.state)
    if filters.unmet:
        wanted = wanted.where(Process.id.in_(_UNMET))
    if filters.definition:
        wanted = wanted.where(Process.key == filters.definition)
    if filters.owner:
        wanted = wanted.where(_is_owned(filters.owner.strip()))
    if filters.overdue is not None:
        late = sa.and_(Process.state == "running", Process.due_at < now)
        wanted = wanted.where(late if filters.overdue else sa.not_(sa.func.coalesce(late, False)))
    if filters.role:
        wanted = wanted.where(_takes_part(Participant.role == filters.role))
    return sights.only_seen(wanted)


def _is_owned(owner: str) -> sa.ColumnElement[bool]:
    """Owned by the user of that address, or by the team of that name."""
    if "@" in owner:
        user = sa.select(User.id).where(User.email == owner.lower())
        return Process.owner_id == user.scalar_subquery()
    return Process.team_id == sa.select(Team.id).where(Team.name == owner).scalar_subquery()


def _takes_part(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(Participant.process_id == Process.id, condition)


def _narrow_tasks(
    wanted: "sa.Select[*tuple[Any, ...]]", filters: TaskFilters, now: datetime
) -> "sa.Select[*tuple[Any, ...]]":
    if filters.state:
        # Of a list of ids its own rows are looked up, not all that are in a state.
        is_listed = filters.user_id and filters.team_ids
        state = Task.state.concat("") if is_listed else Task.state
        wanted = wanted.where(state == filters.state)
    if filters.process:
        wanted = wanted.where(Task.process_id == filters.process)
    if filters.assignee:
        wanted = wanted.where(_is_assignee(filters.assignee.strip().lower()))
    if filters.user_id:
        wanted = wanted.where(_is_mine(filters, filters.user_id))
    if filters.overdue:
        wanted = wanted.where(Task.due_at < now)
    return sights.only_seen(wanted)


def _is_mine(filters: TaskFilters, user_id: str) -> sa.ColumnElement[bool]:
    if not filters.team_ids:
        return is_any(Task.holder_id, user_id, filters.stands_for)
    # Two stretches of two indexes: an "or" would walk all that is open, by its due time.
    its = aliased(Task)
    ids = (
        sa.select(its.id).where(its.state == filters.state) if filters.state else sa.select(its.id)
    )
    mine = ids.where(is_any(its.holder_id, user_id, filters.stands_for))
    teams = ids.where(its.holder_id.is_(None), its.team_id.in_(filters.team_ids))
    return Task.id.in_(sa.union_all(mine, teams))


def is_any(
    whose: InstrumentedAttribute[str | None], user_id: str, others: frozenset[str]
) -> sa.ColumnElement[bool]:
    """Whether it is this user's, or one of these others'."""
    return whose.in_([user_id, *sorted(others)]) if others else whose == user_id


def _is_assignee(email: str) -> sa.ColumnElement[bool]:
    # Two stretches of two indexes: an "or" over two tables would walk every task there is.
    its, them = aliased(Task), aliased(Participant)
    holder = sa.select(User.id).where(User.email == email).scalar_subquery()
    asked = sa.select(its.id).join(them, them.id == its.participant_id).where(them.email == email)
    return Task.id.in_(sa.union_all(asked, sa.select(its.id).where(its.holder_id == holder)))


def _by_due(
    conn: Connection,
    wanted: "sa.Select[*tuple[Any, ...]]",
    order: _Order,
    cursor: str | None,
    limit: int,
) -> Page:
    """Rows with a due time in its order, then those without; each half on its own index."""
    due, key, each = order
    at, last = _read(cursor)
    rows: list[Row] = []
    if cursor is None or at is not None:
        half = wanted.where(due.is_not(None))
        if at is not None:
            half = half.where(sa.tuple_(due, key) > sa.tuple_(sa.literal(at, due.type), last))
        rows += conn.execute(_first(conn, half, (due, key), limit + 1, each)).all()
    if len(rows) <= limit:
        half = wanted.where(due.is_(None))
        if cursor is not None and at is None:
            half = half.where(key > last)
        rows += conn.execute(_first(conn, half, (key,), limit + 1 - len(rows), each)).all()
    return _page(rows, limit, _sorted_by)


def _by_due_alone(
    conn: Connection,
    wanted: "sa.Select[*tuple[Any, ...]]",
    due: InstrumentedAttribute[datetime | None],
    key: InstrumentedAttribute[str],
    cursor: str | None,
    limit: int,
) -> Page:
    """The same where every row has a due time: what is overdue has."""
    at, last = _read(cursor)
    if at is not None:
        wanted = wanted.where(sa.tuple_(due, key) > sa.tuple_(sa.literal(at, due.type), last))
    elif cursor is not None:
        return Page([], None)
    rows = conn.execute(_first(conn, wanted, (due, key), limit + 1)).all()
    return _page(list(rows), limit, _sorted_by)


def _first(
    conn: Connection,
    wanted: "sa.Select[*tuple[Any, ...]]",
    order: Sequence[Any],
    limit: int,
    each: "tuple[Any, Sequence[str]] | None" = None,
) -> "sa.Select[*tuple[Any, ...]]":
    """Processes by definition, where some are hidden; else of each state its own first ones."""
    id_ = order[-1]
    if id_ is Process.id and sights.hidden():
        return sights.first(conn, wanted, order, limit)
    if each is not None:
        state, states = each
        ids = wanted.with_only_columns(id_).order_by(*order).limit(limit)
        parts = (sa.select(ids.where(state == one).subquery()) for one in states)
        wanted = wanted.where(id_.in_(sa.union_all(*parts)))
    return wanted.order_by(*order).limit(limit)


def _sorted_by(row: Row) -> list[Any]:
    return [row.due_at and row.due_at.isoformat(), row.id]


def _page(rows: list[Row], limit: int, sorted_by: Callable[[Row], list[Any]]) -> Page:
    if len(rows) <= limit:
        return Page(rows, None)
    text = json.dumps(sorted_by(rows[limit - 1])).encode()
    return Page(rows[:limit], base64.urlsafe_b64encode(text).decode().rstrip("="))


def _read(cursor: str | None) -> tuple[datetime | None, str]:
    """The due time and id a cursor stands for; Faulty where it is none of ours."""
    if cursor is None:
        return None, ""
    try:
        at, last = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return (datetime.fromisoformat(at) if at else None), str(last)
    except (ValueError, TypeError, binascii.Error):
        raise wrong_cursor() from None
