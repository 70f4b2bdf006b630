"""The house itself: who works here, what programs may do, and whether the night shift lives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import ApiToken, Heartbeat, Team, TeamMember, User
from portal.models.heartbeats import SILENT_AFTER

MOST_USERS = 1000

_AT_RISK = {
    "worker": "No worker is running, so mails and audit trails wait.",
    "scheduler": "No scheduler is running, so reminders and deadlines wait.",
}


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff with the names of their teams."""

    id: str
    email: str
    name: str
    role: str
    is_active: bool
    teams: tuple[str, ...]


def colleagues(conn: Connection) -> list[Colleague]:
    """Every member of staff by name, with their teams; one statement."""
    query = (
        sa.select(
            User.id, User.email, User.name, User.role, User.is_active, Team.name.label("team")
        )
        .outerjoin(TeamMember, TeamMember.user_id == User.id)
        .outerjoin(Team, Team.id == TeamMember.team_id)
        .order_by(User.name, User.id, Team.name)
        .limit(MOST_USERS)
    )
    found: dict[str, sa.Row[*tuple[Any, ...]]] = {}
    teams: dict[str, list[str]] = {}
    for row in conn.execute(query):
        found[row.id] = row
        teams.setdefault(row.id, []).extend([row.team] if row.team else [])
    return [
        Colleague(r.id, r.email, r.name, r.role, r.is_active, tuple(teams[r.id]))
        for r in found.values()
    ]


def tokens(conn: Connection) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """API tokens that nobody ended, newest first, each with the name of its ``user``."""
    return conn.execute(
        sa.select(
            ApiToken.id,
            ApiToken.name,
            ApiToken.is_system,
            ApiToken.created_at,
            ApiToken.scopes,
            ApiToken.expires_at,
            ApiToken.used_at,
            User.name.label("user"),
        )
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.created_at.desc(), ApiToken.id)
        .limit(MOST_USERS)
    ).all()


def silence(conn: Connection, now: datetime) -> list[str]:
    """A sentence for each role that shows no sign of life; one statement."""
    query = sa.select(Heartbeat.name, sa.func.max(Heartbeat.beat_at)).group_by(Heartbeat.name)
    beats: dict[str, datetime] = {row[0]: row[1] for row in conn.execute(query)}
    return [
        sentence
        for role, sentence in _AT_RISK.items()
        if role not in beats or now - beats[role] > SILENT_AFTER
    ]
