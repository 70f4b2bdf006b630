"""Saved views: what a member of staff narrows a list to again and again, under a name."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, where
from portal.models.people import TeamMember, User

# The filters of each list in their order, with what counts where nothing is said.
PAGES: Mapping[str, Mapping[str, str]] = {
    "processes": {
        "q": "", "state": "running", "definition": "", "owner": "", "role": "", "overdue": "",
        "unmet": "",
    },
    "tasks": {"whose": "mine", "state": "open", "assignee": "", "overdue": ""},
    "timeline": {
        "state": "running", "definition": "", "owner": "", "team": "", "person": "",
        "overdue": "", "zoom": "month",
    },
}  # fmt: skip


class SavedView(Base):
    """Filters of a list under a name; ``query`` as ``canonical`` spells them.

    It is its user's; the members of ``team_id`` see it as well, and keep it when its user leaves
    the team. ``is_default``: the list opens with it, for its user alone; each has one at most.
    """

    __tablename__ = "saved_views"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "page", "name", name="saved_views_name"),
        sa.Index("ix_saved_views_team", "team_id", "page"),
        sa.Index("saved_views_default", "user_id", "page", unique=True, **where("is_default")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"))
    page: Mapped[str]
    name: Mapped[str]
    query: Mapped[str]
    team_id: Mapped[str | None] = mapped_column(sa.ForeignKey("teams.id"))
    is_default: Mapped[bool]
    made_at: Mapped[datetime]


def is_orphaned() -> sa.ColumnElement[bool]:
    """Whether a shared view's maker is in its team no more, or has left the house."""
    there = sa.select(TeamMember.user_id).join(User, User.id == TeamMember.user_id)
    there = there.where(
        TeamMember.user_id == SavedView.user_id, TeamMember.team_id == SavedView.team_id,
        User.is_active,
    )  # fmt: skip
    return sa.and_(SavedView.team_id.is_not(None), ~there.exists())


def canonical(page: str, asked: Mapping[str, str]) -> str:
    """The filters of a list that narrow it, as a query: one spelling for what means the same."""
    given = {name: asked.get(name, "").strip()[:200] for name in PAGES[page]}
    return urlencode({k: v for k, v in given.items() if v and v != PAGES[page][k]})


def filters_of(query: str) -> dict[str, str]:
    """The filters that a query stands for."""
    return dict(parse_qsl(query, max_num_fields=20))


def address(page: str, query: str) -> str:
    """Where a list shows these filters, whichever view it opens with."""
    name = next(name for name, usual in PAGES[page].items() if usual)
    plain = "" if name in filters_of(query) else urlencode({name: PAGES[page][name]})
    return f"/{page}?{'&'.join(filter(None, (query, plain)))}"
