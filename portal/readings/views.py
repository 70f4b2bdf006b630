"""Saved views of a list, each with how much it shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.actor import Actor
from portal.models import SavedView, Team, User
from portal.models.views import address, canonical, filters_of, is_orphaned
from portal.readings import lists

_MOST = 24  # that are shown of one list: the member's own, then those of the teams
__all__ = ["address", "canonical", "filters_of"]  # for the doors, which know no models

Narrowed = Callable[[Connection, dict[str, str]], "sa.Select[Any]"]
"""What a list shows for some filters, as a statement to be counted."""


@dataclass(frozen=True, slots=True)
class View:
    """A view as its list offers it; ``number`` is how much it shows, ``1000+`` at the most.

    ``is_orphaned``: whoever made it is in the team no more, and any of its members may drop it.
    """

    id: str
    name: str
    query: str
    href: str
    number: str
    is_mine: bool
    is_default: bool
    team_id: str | None
    shared_by: str | None
    is_orphaned: bool


def kept(conn: Connection, page: str, actor: Actor) -> Sequence[Any]:
    """The actor's views of a list and those shared with their teams, as they are kept."""
    shared = SavedView.team_id.in_(sorted(actor.team_ids))
    mine = SavedView.user_id == actor.user_id
    query = (
        sa.select(
            SavedView.__table__,
            User.name.label("by"),
            mine.label("is_mine"),
            is_orphaned().label("is_orphaned"),
        )
        .join(User, User.id == SavedView.user_id)
        .where(SavedView.page == page, sa.or_(mine, shared) if actor.team_ids else mine)
        .order_by(mine.desc(), SavedView.name, SavedView.id)
        .limit(_MOST)
    )
    return conn.execute(query).all()


def offered(conn: Connection, rows: Sequence[Any], narrowed: Narrowed) -> list[View]:
    """These views (``kept``) as a list offers them, counted in one statement."""
    numbers = _numbers(conn, rows, narrowed)
    return [_view(row, number) for row, number in zip(rows, numbers, strict=True)]


def default(rows: Sequence[Any]) -> str | None:
    """The filters that the list opens with, of these views (``kept``)."""
    return next((row.query for row in rows if row.is_mine and row.is_default), None)


def teams_of(
    conn: Connection, actor: Actor, shared_with: str | None = None
) -> Sequence[sa.Row[str, str]]:
    """The actor's own teams by name, and the one that a view is shared with already."""
    ids = {*actor.team_ids, *((shared_with,) if shared_with else ())}
    query = sa.select(Team.id, Team.name).where(Team.id.in_(sorted(ids)))
    return conn.execute(query.order_by(Team.name)).all() if ids else []


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
        is_orphaned=bool(row.is_orphaned),
    )
