"""What a member of staff finds on the desk: exceptions of theirs, and how much is well."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import Process, Team, Trouble, User, sights
from portal.readings import lists

MOST_SHOWN = 100


def troubles(
    conn: Connection,
    *,
    user_id: str | None = None,
    team_ids: frozenset[str] = frozenset(),
    stands_for: frozenset[str] = frozenset(),
) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Open exceptions, oldest first, each with its process's title and owner.

    With ``user_id`` only those that this user, a team of theirs, or one of those for whom they
    stand in answers for.
    """
    query = (
        sa.select(
            *Trouble.__table__.columns,
            Process.title.label("process_title"),
            Process.key,
            Process.state.label("process_state"),
            Process.definition_id,
            Process.team_id,
            User.name.label("owner_name"),
            Team.name.label("team_name"),
        )
        .join(Process, Process.id == Trouble.process_id)
        .outerjoin(User, User.id == Trouble.owner_id)
        .outerjoin(Team, Team.id == Process.team_id)
        .where(Trouble.state == "open")
        .order_by(Trouble.opened_at, Trouble.id)
        .limit(MOST_SHOWN)
    )
    if user_id is not None:
        teams = sa.and_(Trouble.owner_id.is_(None), Process.team_id.in_(team_ids))
        mine = lists.is_any(Trouble.owner_id, user_id, stands_for)
        query = query.where(sa.or_(mine, teams) if team_ids else mine)
    return conn.execute(sights.only_seen(query)).all()


def healthy(conn: Connection, now: datetime) -> int:
    """How many running processes are in time and without an exception; ``MOST`` at most.

    Those due later and those without a due time are counted apart, each on its own stretch of
    the index, so that a house full of overdue work costs no more.
    """
    running = sa.select(sa.literal(1)).where(Process.state == "running")
    fine = sights.only_seen(running.where(Process.n_troubles == 0))
    later = fine.where(Process.due_at >= now).limit(lists.MOST).subquery()
    never = fine.where(Process.due_at.is_(None)).limit(lists.MOST).subquery()
    halves = (sa.select(sa.func.count()).select_from(half) for half in (later, never))
    query = sa.select(*(half.scalar_subquery() for half in halves))
    return min(sum(conn.execute(query).one()), lists.MOST)
