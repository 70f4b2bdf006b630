"""Keeping the filters of a list under a name: a member's own, of which no ledger tells."""

import functools
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import db
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.errors import Faulty, NotYours, Unknown
from portal.models import SavedView
from portal.models.views import PAGES, canonical, is_orphaned

MOST = 20  # of one member for one list: each is counted whenever the list is shown
_LONGEST = 60


@action
def keep(
    tx: Tx,
    page: str,
    name: str,
    asked: Mapping[str, str],
    *,
    team: str | None = None,
    is_default: bool = False,
    actor: Actor,
) -> str:
    """Keep the filters of ``page`` under a name; the view's id.

    ``team`` is one of the actor's own, whose members see it too. Faulty at ``name`` and ``team``.
    """
    if page not in PAGES:
        raise Unknown("There is no such list.")
    mine = sa.and_(SavedView.user_id == _user(actor), SavedView.page == page)
    there = sa.select(sa.func.count()).select_from(
        sa.select(sa.literal(1)).where(mine).limit(MOST).subquery()
    )
    if tx.execute(there).scalar_one() >= MOST:
        raise Faulty.one("name", f"You keep {MOST} views of this list. Delete one first.")
    id_ = db.new_id()
    new = {
        "id": id_, "user_id": _user(actor), "page": page, "query": canonical(page, asked),
        "made_at": tx.now, **_settings(name, team, is_default, actor),
    }  # fmt: skip
    tx.explain(_as_named)
    _have_one_default(tx, page, is_default, actor)
    tx.before_commit(functools.partial(_write, tx, sa.insert(SavedView).values(new)))
    return id_


@action
def change(
    tx: Tx,
    view_id: str,
    name: str,
    *,
    team: str | None = None,
    is_default: bool = False,
    actor: Actor,
) -> None:
    """Give a view another name, share it with a team or with nobody, have the list open with it.

    Whoever left the team they share it with may leave it there. Unknown where it is not the
    actor's own. Faulty at ``name`` and ``team``.
    """
    view = _mine(tx, view_id, actor)
    new = _settings(name, team, is_default, actor, shared_with=view.team_id)
    tx.explain(_as_named)
    _have_one_default(tx, view.page, is_default, actor)
    this = sa.update(SavedView).where(SavedView.id == view_id)
    tx.before_commit(functools.partial(_write, tx, this.values(new)))


@action
def drop(tx: Tx, view_id: str, *, actor: Actor) -> str:
    """Take a view away, for the team as well; the list that it was of.

    A view whose maker left the team, or the house, is any member's of the team to take away.
    """
    view = _mine(tx, view_id, actor, or_orphaned=True)
    tx.execute(sa.delete(SavedView).where(SavedView.id == view_id))
    return str(view.page)


def _write(tx: Tx, statement: sa.Executable) -> None:
    """Last of all: what is refused there is explained."""
    tx.execute(statement)


def _settings(
    name: str, team: str | None, is_default: bool, actor: Actor, shared_with: str | None = None
) -> dict[str, Any]:
    named = words("name", " ".join(name.split()), "Give the view a name.", longest=_LONGEST)
    if team and team not in actor.team_ids and team != shared_with:
        raise Faulty.one("team", "You can share a view with a team of your own only.")
    return {"name": named, "team_id": team or None, "is_default": is_default}


def _have_one_default(tx: Tx, page: str, is_default: bool, actor: Actor) -> None:
    if is_default:
        mine = sa.and_(SavedView.user_id == _user(actor), SavedView.page == page)
        tx.execute(sa.update(SavedView).where(mine).values(is_default=False))


def _mine(tx: Tx, view_id: str, actor: Actor, *, or_orphaned: bool = False) -> Any:
    whose = SavedView.user_id == _user(actor)
    if or_orphaned and actor.team_ids:
        ours = sa.and_(SavedView.team_id.in_(sorted(actor.team_ids)), is_orphaned())
        whose = sa.or_(whose, ours)
    query = sa.select(SavedView.page, SavedView.team_id).where(SavedView.id == view_id, whose)
    view = tx.execute(query).first()
    if view is None:
        raise Unknown("There is no such view of yours.")
    return view


def _user(actor: Actor) -> str:
    if not actor.user_id:
        raise NotYours("Only people who sign in keep views.")
    return actor.user_id


def _as_named(refused: IntegrityError) -> Faulty | None:
    """What it means where the name is taken, or another view was made the first meanwhile."""
    text = str(refused.orig)
    if "saved_views_default" in text or text.endswith("saved_views.user_id, saved_views.page"):
        return Faulty.one("name", "Another view was just made the first one. Save once more.")
    is_ours = "saved_views_name" in text or "saved_views.name" in text
    return Faulty.one("name", "You have a view of this name. Choose another.") if is_ours else None
