"""Who asks: the name on every page and mail of a process, and where questions about it go."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import Team, TeamMember, User


@dataclass(frozen=True, slots=True)
class Asker:
    """Whoever answers for a process: a user, a team by its own name, else an admin."""

    name: str
    emails: tuple[str, ...]

    @property
    def email(self) -> str:
        """All addresses as a ``mailto:`` takes them."""
        return ",".join(self.emails)


_STAFF = sa.select(User.name, User.email).where(User.is_active).order_by(User.created_at, User.id)


def asker(conn: Connection, owner_id: str | None, team_id: str | None) -> Asker | None:
    """The owner while their account is open; else the owning team, which its members read for."""
    if owner_id is not None:
        owner = conn.execute(_STAFF.where(User.id == owner_id)).first()
        if owner is not None:
            return Asker(owner.name, (owner.email,))
    team = _team(conn, team_id) if team_id is not None else None
    if team is not None:
        return team
    admin = conn.execute(_STAFF.where(User.role == "admin").limit(1)).first()
    return Asker(admin.name, (admin.email,)) if admin is not None else None


def _team(conn: Connection, team_id: str) -> Asker | None:
    name = conn.execute(sa.select(Team.name).where(Team.id == team_id)).scalar()
    member = sa.select(TeamMember.user_id).where(TeamMember.team_id == team_id)
    emails = tuple(row.email for row in conn.execute(_STAFF.where(User.id.in_(member))))
    return Asker(name, emails) if name is not None and emails else None


def shape(row: Any) -> Any:
    """The owner as programs are told: the address of a user, or ``{team: NAME}``.

    As in a definition. ``row`` has ``owner_email`` and ``owner_team``.
    """
    if row.owner_email is None and row.owner_team is not None:
        return {"team": row.owner_team}
    return row.owner_email
