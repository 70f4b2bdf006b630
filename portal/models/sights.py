"""Who may see which processes: definitions that are restricted, and whom somebody let in.

Whether the processes of a definition are open to all staff is said here and nowhere in its text:
people come and go more often than a process changes, and a text travels between houses.

Each door says who looks (``look_as``), and every list asks here for the condition that leaves
what they may see. Where nobody is named it is the house itself that looks, and sees everything.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from portal.actor import Actor
from portal.db import Base, where
from portal.models.absences import Absence
from portal.models.definitions import DefinitionRow
from portal.models.people import TeamMember
from portal.models.processes import Participant, Process
from portal.models.tasks import Task

SEES_ALL = ("admin", "auditor")
"""The roles that see every process; the book tells what they read."""


class Restriction(Base):
    """That the processes of a definition, of every version, are not for all staff."""

    __tablename__ = "restrictions"

    key: Mapped[str] = mapped_column(primary_key=True)
    set_at: Mapped[datetime]
    set_by: Mapped[str]


class Grant(Base):
    """Somebody, or a team, was let in: to all processes of a definition, or to one process.

    A row is there while it holds. What was granted and withdrawn is in the ledger of the process,
    and of a definition in the book.
    """

    __tablename__ = "sight_grants"
    __table_args__ = (
        sa.CheckConstraint("(key IS NULL) <> (process_id IS NULL)", name="sight_grants_what"),
        sa.CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name="sight_grants_whom"),
        # Once each, whoever presses twice.
        *(
            sa.Index(f"ux_sight_grants_{what}_{whom}", f"{what}", f"{whom}", unique=True,
                     **where(f"{what} IS NOT NULL AND {whom} IS NOT NULL"))
            for what in ("key", "process_id")
            for whom in ("user_id", "team_id")
        ),
        sa.Index("ix_sight_grants_user", "user_id", **where("user_id IS NOT NULL")),
        sa.Index("ix_sight_grants_team", "team_id", **where("team_id IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str | None]
    process_id: Mapped[str | None] = mapped_column(sa.ForeignKey("processes.id"))
    user_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[str | None] = mapped_column(sa.ForeignKey("teams.id"))
    granted_at: Mapped[datetime]
    granted_by: Mapped[str]


_looks: ContextVar[Actor | None] = ContextVar("looks", default=None)


def look_as(actor: Actor | None) -> None:
    """From here on it is this member of staff who looks; the house itself where ``None``."""
    _looks.set(actor)


@contextmanager
def looking_as(actor: Actor | None) -> Iterator[None]:
    """The same for a while."""
    before = _looks.set(actor)
    try:
        yield
    finally:
        _looks.reset(before)


def hidden() -> frozenset[str]:
    """The definitions of which whoever looks may not see every process; mostly none."""
    actor = _looks.get()
    return actor.hidden if actor is not None else frozenset()


def only_seen(
    wanted: "sa.Select[*tuple[Any, ...]]",
    key: Any = Process.key,
    process_id: Any = Process.id,
) -> "sa.Select[*tuple[Any, ...]]":
    """The same rows without those of processes that whoever looks may not see."""
    return wanted.where(seen(key, process_id)) if hidden() else wanted


def seen(key: Any = Process.key, process_id: Any = Process.id) -> sa.ColumnElement[bool]:
    """The condition by itself; simply true where everything is to be seen."""
    actor = _looks.get()
    return seen_by(actor, key, process_id) if actor is not None else sa.true()


def seen_by(
    actor: Actor, key: Any = Process.key, process_id: Any = Process.id
) -> sa.ColumnElement[bool]:
    """That a process, by its definition's key and its id, is one that the actor may see."""
    if not actor.hidden:
        return sa.true()
    return sa.or_(key.not_in(sorted(actor.hidden)), process_id.in_(_named(actor)))


def only_known(
    wanted: "sa.Select[*tuple[Any, ...]]", key: Any = DefinitionRow.key
) -> "sa.Select[*tuple[Any, ...]]":
    """The same rows without those of definitions that are nothing to whoever looks.

    That is a restricted one of which they may see no process at all.
    """
    actor = _looks.get()
    if actor is None or not actor.hidden:
        return wanted
    theirs = sa.select(Process.key).where(
        Process.key.in_(sorted(actor.hidden)), Process.id.in_(_named(actor))
    )
    return wanted.where(sa.or_(key.not_in(sorted(actor.hidden)), key.in_(theirs)))


def is_known(conn: Connection, actor: Actor, key: str) -> bool:
    """Whether a definition is anything to the actor; asks only where it is restricted."""
    if key not in actor.hidden:
        return True
    theirs = sa.select(Process.id).where(Process.key == key, Process.id.in_(_named(actor)))
    return conn.execute(theirs.limit(1)).first() is not None


_ALL = 2**31 - 1
_MOST_MERGED = 60  # definitions: of more than these a row to be seen is met soon on any way


def first(
    conn: Connection,
    wanted: "sa.Select[*tuple[Any, ...]]",
    order: Sequence[Any],
    limit: int,
    *,
    of: tuple[Any, Any, Any] = (Process.id, Process.key, Process.id),
    newest: bool = False,
) -> "sa.Select[*tuple[Any, ...]]":
    """The first rows by these columns, of those that may be seen; ``newest``: the last ones.

    ``of`` are the columns of the row's id, its definition and its process. Where much is hidden no
    walk passes over it: each definition that is seen whole gives its own first rows from its own
    stretch of an index, and so do the processes that name whoever looks. Asks one statement more,
    and only where something is hidden.
    """
    actor, (id_, key, process_id) = _looks.get(), of
    ordered = [one.desc() for one in order] if newest else list(order)
    if actor is None or not actor.hidden:
        return wanted.order_by(*ordered).limit(limit)
    keys = conn.execute(_whole(actor)).scalars().all()
    if len(keys) > _MOST_MERGED:
        return only_seen(wanted, key, process_id).order_by(*ordered).limit(limit)
    ids = wanted.with_only_columns(id_)
    parts = [ids.where(key == one).order_by(*ordered).limit(limit).subquery() for one in keys]
    named = wanted.with_only_columns(id_, *(one.label(f"by_{n}") for n, one in enumerate(order)))
    # Their rows are gathered before they are sorted: the order alone would walk over all others.
    mine = named.where(process_id.in_(_named(actor))).limit(_ALL).subquery()
    columns = list(mine.c)[1:]
    theirs = sa.select(mine.c[0]).order_by(*(one.desc() if newest else one for one in columns))
    merged = [*(sa.select(one) for one in parts), sa.select(theirs.limit(limit).subquery())]
    return wanted.where(id_.in_(sa.union_all(*merged))).order_by(*ordered).limit(limit)


def _whole(actor: Actor) -> "sa.Select[str]":
    """The definitions of which the actor sees everything."""
    current = sa.select(DefinitionRow.key).where(
        DefinitionRow.is_current, DefinitionRow.process_id.is_(None)
    )
    seen_whole = DefinitionRow.key.not_in(sorted(actor.hidden))
    return current.where(seen_whole).order_by(DefinitionRow.key).limit(_MOST_MERGED + 1)


def may_see(conn: Connection, actor: Actor, process_id: str) -> bool:
    """Whether there is such a process, and the actor may see it; one statement."""
    query = sa.select(Process.key).where(Process.id == process_id)
    key = conn.execute(query).scalar()
    return key is not None and is_seen(conn, actor, process_id, key)


def is_seen(conn: Connection, actor: Actor, process_id: str, key: str) -> bool:
    """The same of a process that is there; no statement where its definition is not hidden."""
    if key not in actor.hidden:
        return True
    return conn.execute(_named(actor, process_id).limit(1)).first() is not None


def _named(actor: Actor, only: str | None = None) -> Any:
    """The processes that name the actor, or somebody for whom they stand in, or a team of theirs.

    They own it, started it, have a part in it or had one, hold one of its tasks or did it, or
    were let in. ``only`` asks about one process.
    """
    users = sorted(actor.user_ids)
    teams = sa.select(TeamMember.team_id).where(TeamMember.user_id.in_(users))
    places: tuple[tuple[Any, sa.ColumnElement[bool]], ...] = (
        (Participant.process_id, Participant.user_id.in_(users)),
        (Participant.process_id, Participant.team_id.in_(teams)),
        (Process.id, Process.owner_id.in_(users)),
        (Process.id, Process.team_id.in_(teams)),
        (Process.id, Process.starter_id.in_(users)),
        (Task.process_id, Task.holder_id.in_(users)),
        (Grant.process_id, sa.and_(Grant.process_id.is_not(None), Grant.user_id.in_(users))),
        (Grant.process_id, sa.and_(Grant.process_id.is_not(None), Grant.team_id.in_(teams))),
    )
    parts = [sa.select(id_).where(which) for id_, which in places]
    if only is not None:
        parts = [part.where(part.selected_columns[0] == only) for part in parts]
    return sa.union_all(*parts)


def is_restricted(key: Any) -> Any:
    """Whether a definition is restricted, to be asked together with a row that has its key."""
    return sa.exists().where(Restriction.key == key).label("is_restricted")


def hidden_from(user: Any, now: Any) -> Any:
    """The keys of the definitions that are hidden from a user (a row of ``users``), as one text.

    To be asked together with the user, so that whatever changes holds from the next request on.
    """
    deputies = sa.and_(Absence.deputy_id == user.id, Absence.holds(now))
    stood_for = sa.select(Absence.user_id).where(deputies).correlate(user)

    def is_theirs(user_id: Any, team_id: Any) -> sa.ColumnElement[bool]:
        whose = sa.or_(TeamMember.user_id == user.id, TeamMember.user_id.in_(stood_for))
        teams = sa.select(TeamMember.team_id).where(whose).correlate(user)
        return sa.or_(user_id == user.id, user_id.in_(stood_for), team_id.in_(teams))

    def is_there(*where: Any) -> sa.ColumnElement[bool]:
        return sa.exists().where(*where).correlate(user, Restriction)

    owned = is_there(
        DefinitionRow.key == Restriction.key,
        DefinitionRow.is_current,
        is_theirs(DefinitionRow.owner_id, DefinitionRow.team_id),
    )
    granted = is_there(Grant.key == Restriction.key, is_theirs(Grant.user_id, Grant.team_id))
    keys = sa.select(sa.func.aggregate_strings(Restriction.key, " "))
    return (
        keys.where(user.role.not_in(SEES_ALL), ~owned, ~granted)
        .correlate(user)
        .scalar_subquery()
        .label("hidden")
    )
