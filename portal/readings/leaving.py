"""What somebody answers for and holds: what has to go to another before they leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.errors import Unknown
from portal.models import (
    ApiToken,
    DefinitionRow,
    Participant,
    Process,
    Task,
    Team,
    TeamMember,
    Trouble,
    User,
)
from portal.models.people import WRITERS

Row = sa.Row[*tuple[Any, ...]]

SHOWN = 20  # of each kind; the rest is a number


@dataclass(frozen=True, slots=True)
class Some:
    """The first of something, and how many there are."""

    items: Sequence[Row]
    count: int

    @property
    def more(self) -> int:
        """How many are not among the items."""
        return self.count - len(self.items)


@dataclass(frozen=True, slots=True)
class Belongings:
    """All that is somebody's."""

    definitions: Some
    processes: Some
    tasks: Some
    troubles: Some
    roles: Some
    tokens: Some

    @property
    def any(self) -> bool:
        """Whether anything would be left behind; one's own tokens end with the account."""
        named = (self.definitions, self.processes, self.tasks, self.troubles, self.roles)
        return any(some.count for some in named) or any(row.is_system for row in self.tokens.items)


def user(conn: Connection, user_id: str) -> Row:
    """A member of staff, with the names of their teams; Unknown if there is none."""
    row = conn.execute(sa.select(*_USER).where(User.id == user_id)).first()
    if row is None:
        raise Unknown("There is nobody here of that name.")
    return row


def teams(conn: Connection, user_id: str) -> list[str]:
    """The names of somebody's teams."""
    query = sa.select(Team.name).join(TeamMember, TeamMember.team_id == Team.id)
    return list(conn.execute(query.where(TeamMember.user_id == user_id)).scalars())


def successors(conn: Connection, user_id: str) -> Sequence[Row]:
    """Who may take over from somebody: all others who can act, by name."""
    able = sa.and_(User.is_active, User.role.in_(WRITERS), User.id != user_id)
    return conn.execute(sa.select(*_USER).where(able).order_by(User.name, User.id)).all()


_PUBLISHED = sa.and_(DefinitionRow.is_current, DefinitionRow.made_for.is_(None))
_USER = (User.id, User.email, User.name, User.role, User.is_active)


def belongings(conn: Connection, user_id: str) -> Belongings:
    """What is this user's, of each kind the first and the number. Twelve statements at most."""
    running = Process.state == "running"
    task = (Task.id, Task.name, Task.process_id, Process.title, Task.due_at)
    plays = sa.and_(Participant.user_id == user_id, Participant.role.is_not(None))
    return Belongings(
        definitions=_some(
            conn,
            sa.select(DefinitionRow.key, DefinitionRow.name)
            .where(_PUBLISHED, DefinitionRow.owner_id == user_id)
            .order_by(DefinitionRow.name),
        ),
        processes=_some(
            conn,
            sa.select(Process.id, Process.title)
            .where(running, Process.owner_id == user_id)
            .order_by(Process.due_at, Process.id),
        ),
        tasks=_some(
            conn,
            sa.select(*task)
            .join(Process, Process.id == Task.process_id)
            .where(held_by(user_id))
            .order_by(Task.due_at, Task.id),
        ),
        troubles=_some(
            conn,
            sa.select(Trouble.id, Trouble.process_id, Trouble.message, Process.title)
            .join(Process, Process.id == Trouble.process_id)
            .where(Trouble.owner_id == user_id, Trouble.state == "open")
            .order_by(Trouble.opened_at, Trouble.id),
        ),
        roles=_some(
            conn,
            sa.select(Process.id, Process.title, Participant.role)
            .join(Process, Process.id == Participant.process_id)
            .where(plays, running)
            .order_by(Process.id),
        ),
        tokens=_some(
            conn,
            sa.select(ApiToken.id, ApiToken.name, ApiToken.is_system)
            .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
            .order_by(ApiToken.is_system.desc(), ApiToken.name),
        ),
    )


def held_by(user_id: str) -> sa.ColumnElement[bool]:
    """Open tasks that are this user's: claimed, or given to them."""
    return sa.and_(Task.holder_id == user_id, Task.state == "open")


def _some(conn: Connection, query: "sa.Select[*tuple[Any, ...]]") -> Some:
    items = conn.execute(query.limit(SHOWN)).all()
    if len(items) < SHOWN:
        return Some(items, len(items))
    all_of = query.order_by(None).with_only_columns(sa.literal(1)).subquery()
    return Some(items, conn.execute(sa.select(sa.func.count()).select_from(all_of)).scalar_one())
