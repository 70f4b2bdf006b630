"""Whom mails go to: the people behind participants, teams and owners, each address once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import Participant, TeamMember, User
from portal.readings.absences import Away


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gets a mail. ``participant`` is set where they take part themselves.

    ``language`` is what somebody outside reads (RFC 5646); ``None`` is English, as the house
    speaks to its own people. ``stands_for`` is who they read it for, being their deputy;
    ``is_one_of_many`` whoever is written to as one of a team, or of the admins.
    """

    email: str
    name: str
    tz: str | None = None
    user: str | None = None
    participant: str | None = None
    language: str | None = None
    stands_for: Away | None = None
    is_one_of_many: bool = False

    @property
    def id(self) -> str:
        """The participant's id, or the user's who is written to for another reason."""
        return self.participant or self.user or ""


def owners(conn: Connection, owned: Any) -> list[Reader]:
    """Who answers for a process or a definition: its owner, its team, else the admins."""
    found = staff(conn, User.id == owned.owner_id) if owned.owner_id else []
    if not found and owned.team_id:
        found = members(conn, owned.team_id)
    return found or admins(conn)


def doers(conn: Connection, task: Any) -> list[Reader]:
    """Everybody who may do a task; of a team who claimed it, else all its members."""
    if task.team_id is not None:
        if task.holder_id is not None:
            return staff(conn, User.id == task.holder_id)
        return members(conn, task.team_id)
    return participants(conn, [task.participant_id, *task.others])


def participants(conn: Connection, ids: Sequence[str | None]) -> list[Reader]:
    """The people behind participants, in that order, each address once."""
    query = (
        sa.select(
            Participant.id,
            Participant.email,
            Participant.name,
            Participant.timezone,
            Participant.team_id,
            User.id.label("user_id"),
            User.email.label("user_email"),
            User.timezone.label("user_timezone"),
        )
        .outerjoin(User, sa.and_(User.id == Participant.user_id, User.is_active))
        .where(Participant.id.in_([id_ for id_ in ids if id_]))
    )
    rows = {row.id: row for row in conn.execute(query)}
    found: list[Reader] = []
    for id_ in ids:
        row = rows.get(id_ or "")
        if row is None:
            continue
        if row.team_id is not None:
            found += members(conn, row.team_id)
        elif email := row.user_email or row.email:
            tz = row.timezone or row.user_timezone
            found.append(Reader(email, row.name or email, tz, row.user_id, row.id))
    return each_once(found)


def members(conn: Connection, team_id: str) -> list[Reader]:
    """Everybody of a team."""
    member = sa.select(TeamMember.user_id).where(TeamMember.team_id == team_id)
    return _many(staff(conn, User.id.in_(member)))


def admins(conn: Connection) -> list[Reader]:
    """Everybody who looks after the house."""
    return _many(staff(conn, User.role == "admin"))


def _many(readers: list[Reader]) -> list[Reader]:
    return [replace(one, is_one_of_many=True) for one in readers]


def staff(conn: Connection, which: sa.ColumnElement[bool]) -> list[Reader]:
    """The active users for whom that holds, the oldest first."""
    query = sa.select(User.id, User.email, User.name, User.timezone).where(which, User.is_active)
    return [
        Reader(row.email, row.name, row.timezone, row.id)
        for row in conn.execute(query.order_by(User.created_at, User.id))
    ]


def each_once(readers: Iterable[Reader]) -> list[Reader]:
    """The same readers, each address once, where it came first."""
    return list({reader.email: reader for reader in reversed(list(readers))}.values())[::-1]
