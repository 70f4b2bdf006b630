"""Saved views of a list, each with how much it shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.actor import Actor
from portal.models import SavedView, Team, User
from portal.models.views import address, canonical, filters_of
from portal.readings import lists

_MOST = 24  # that are shown of one list: the member's own, then those of the teams
__all__ = ["address", "canonical", "filters_of"]  # for the doors, which know no models

Narrowed = Callable[[Connection, dict[str, str]], "sa.Select[Any]"]
"""What a list shows for some filters, as a statement to be counted."""


@dataclass(frozen=True, slots=True)
class View:
    """A view as its list offers it; ``number`` is how much it shows, ``1000+`` at the most."""

    id: str
    name: str
    query: str
    href: str
    number: str
    is_mine: bool
    is_default: bool
    team_id: str | None
    shared_by: str | None


def of_page(conn: Connection, page: str, actor: Actor, narrowed: Narrowed) -> list[View]:
    """The actor's views of a list and those shared with their teams, counted in one statement."""
    shared = SavedView.team_id.in_(sorted(actor.team_ids))
    mine = SavedView.user_id == actor.user_id
    query = (
        sa.select(SavedView.__table__, User.name.label("by"), mine.label("is_mine"))
        .join(User, User.id == SavedView.user_id)
        .where(SavedView.page == page, sa.or_(mine, shared) if actor.team_ids else mine)
        .order_by(mine.desc(), SavedView.name, SavedView.id)
        .limit(_MOST)
    )
    rows = conn.execute(query).all()
    numbers = _numbers(conn, rows, narrowed)
    return [_view(row, number) for row, number in zip(rows, numbers, strict=True)]


def default(conn: Connection, page: str, actor: Actor) -> str | None:
    """The filters that the list opens with for this member, where they chose some."""
    which = sa.and_(
        SavedView.user_id == actor.user_id, SavedView.page == page, SavedView.is_default
    )
    return conn.execute(sa.select(SavedView.query).where(which)).scalar()


def teams_of(conn: Connection, actor: Actor) -> Sequence[sa.Row[str, str]]:
    """The actor's own teams, by name."""
    query = sa.select(Team.id, Team.name).where(Team.id.in_(sorted(actor.team_ids)))
    return conn.execute(query.order_by(Team.name)).all() if actor.team_ids else []


def _numbers(conn: Connection, rows: Sequence[Any], narrowed: Narrowed) -> Sequence[int]:
    if not rows:
        return []
    counts = (lists.counted(narrowed(conn, filters_of(row.query))) for row in rows)
    named = [one.label(f"n{index}") for index, one in enumerate(counts)]
    return list(conn.execute(sa.select(*named)).one())


def _view(row: Any, number: int) -> View:
    return View(
        id=row.id,
        name=row.name,
        query=row.query,
        href=address(row.page, row.query),
        number="1000+" if number >= lists.MOST else str(number),
        is_mine=bool(row.is_mine),
        is_default=bool(row.is_mine and row.is_default),
        team_id=row.team_id,
        shared_by=None if row.is_mine else row.by,
    )
