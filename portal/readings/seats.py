"""Who is signed in at the desk, and by what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import StaffSession, User
from portal.models.people import STAFF_ABSOLUTE, STAFF_IDLE
from portal.readings import devices

MOST = 200


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One session: the browser in words, from where, since when, how they signed in."""

    id: str
    device: str
    ip: str | None
    method: str
    started_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the door for somebody."""

    has_password: bool


def signed_in(conn: Connection, user_id: str, now: datetime) -> Sequence[SignedIn]:
    """The living sessions of somebody, the one used last first; one statement."""
    query = (
        sa.select(StaffSession.__table__)
        .where(
            StaffSession.user_id == user_id,
            StaffSession.ended_at.is_(None),
            StaffSession.seen_at > now - STAFF_IDLE,
            StaffSession.started_at > now - STAFF_ABSOLUTE,
        )
        .order_by(StaffSession.seen_at.desc(), StaffSession.id.desc())
        .limit(MOST)
    )
    return [_told(row) for row in conn.execute(query)]


def keys(conn: Connection, user_id: str) -> Keys:
    """By what somebody may sign in; one statement."""
    query = sa.select(User.password_hash.is_not(None)).where(User.id == user_id)
    return Keys(has_password=bool(conn.execute(query).scalar()))


def by_what(method: str) -> str:
    """How they signed in, in words: “by password”."""
    return METHODS.get(method, method)


METHODS = {"password": "by password"}


def _told(row: Any) -> SignedIn:
    return SignedIn(
        id=row.id,
        device=devices.in_words(row.agent),
        ip=row.ip,
        method=by_what(row.method),
        started_at=row.started_at,
        seen_at=row.seen_at,
    )
