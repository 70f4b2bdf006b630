"""Who is away just now, and who stands in for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from portal.actor import Actor
from portal.models import Absence, User
from portal.models.people import WRITERS
from portal.readings import words


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody who is away until the end of a day; ``deputy`` where anybody can stand in."""

    user: str
    email: str
    name: str
    until_on: date
    deputy: "Deputy | None"

    @property
    def told(self) -> str:
        """``away until Fri 4 Dec, Finn Finance stands in``."""
        stands_in = f", {self.deputy.name} stands in" if self.deputy else ""
        return f"away until {words.short_date(self.until_on)}{stands_in}"


@dataclass(frozen=True, slots=True)
class Deputy:
    """Who stands in for somebody."""

    user: str
    email: str
    name: str
    tz: str | None


_DEPUTY = aliased(User)
_CAN = sa.and_(_DEPUTY.id == Absence.deputy_id, _DEPUTY.is_active, _DEPUTY.role.in_(WRITERS))
_AWAY = (
    sa.select(
        *(User.id, User.email, User.name, Absence.until_on),
        _DEPUTY.id.label("deputy_id"),
        _DEPUTY.email.label("deputy_email"),
        _DEPUTY.name.label("deputy_name"),
        _DEPUTY.timezone,
    )
    .join(User, User.id == Absence.user_id)
    .outerjoin(_DEPUTY, _CAN)
    .where(User.is_active, Absence.holds(sa.bindparam("now")))
)


class Absences(Mapping[str, Away]):
    """Whoever is away, by their user ids; asked by e-mail address or name on pages."""

    def __init__(self, found: list[Away]) -> None:
        self._by_id = {one.user: one for one in found}
        self._by_email = {one.email: one for one in found}

    def __getitem__(self, user: str) -> Away:
        return self._by_id[user]

    def __iter__(self) -> Any:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def of(self, email: str | None) -> str:
        """What is told beside the name of whoever has that address; empty where they are here."""
        found = self._by_email.get(email or "")
        return found.told if found else ""


def now_away(conn: Connection, now: datetime) -> Absences:
    """Everybody who is away at this moment; one statement."""
    rows = conn.execute(_AWAY, {"now": now})
    return Absences([Away(row.id, row.email, row.name, row.until_on, _deputy(row)) for row in rows])


def stood_for(actor: Actor) -> Absences:
    """Those in whose place the actor stands; no statement."""
    me = Deputy(actor.user_id or "", actor.email or "", actor.name, None)
    return Absences([Away(o.id, o.email, o.name, o.until_on, me) for o in actor.stands_for])


def of_user(conn: Connection, user_id: str, now: datetime) -> Any:
    """The absence that somebody is in or has ahead, with its ``deputy``; ``None`` without one."""
    query = (
        sa.select(
            *(Absence.from_on, Absence.until_on, Absence.begins_at, Absence.note),
            _DEPUTY.name.label("deputy"),
            _DEPUTY.email.label("deputy_email"),
            sa.func.coalesce(_CAN, sa.false()).label("can"),
        )
        .join(_DEPUTY, _DEPUTY.id == Absence.deputy_id)
        .where(Absence.user_id == user_id, Absence.ends_at > now)
    )
    return conn.execute(query).first()


def _deputy(row: Any) -> Deputy | None:
    if row.deputy_id is None:
        return None
    return Deputy(row.deputy_id, row.deputy_email, row.deputy_name, row.timezone)
