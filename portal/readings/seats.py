"""Who is signed in at the desk, and by what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import installation
from portal.models import (
    HouseRule,
    OutsideIdentity,
    Passkey,
    RecoveryCode,
    SecondFactor,
    StaffSession,
    User,
)
from portal.models.people import SECOND_FACTOR_ROLES, STAFF_ABSOLUTE, STAFF_IDLE
from portal.readings import words

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
    """What opens the door for somebody.

    ``app_since`` is when they took an authenticator app into use, ``waiting`` the id of one that
    is being set up, ``codes_left`` how many recovery codes are unused,
    ``provider`` is what the one is called by which they sign in from outside.
    """

    has_password: bool
    app_since: datetime | None
    waiting: str | None
    codes_left: int
    provider: str | None = None


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
    left = sa.select(sa.func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    query = (
        sa.select(
            User.password_hash.is_not(None).label("has_password"),
            SecondFactor.id.label("factor"),
            SecondFactor.confirmed_at,
            OutsideIdentity.issuer,
            left.scalar_subquery().label("codes_left"),
        )
        .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
        .outerjoin(OutsideIdentity, OutsideIdentity.user_id == User.id)
        .where(User.id == user_id)
    )
    row = conn.execute(query).one()
    waiting = row.factor if row.confirmed_at is None else None
    by = row.issuer and provider(row.issuer)
    return Keys(bool(row.has_password), row.confirmed_at, waiting, row.codes_left, by)


def passkeys(conn: Connection, user_id: str) -> Sequence[Any]:
    """Somebody's passkeys, the newest first: ``id``, ``name``, ``made_at``, ``used_at``."""
    columns = (Passkey.id, Passkey.name, Passkey.made_at, Passkey.used_at)
    query = sa.select(*columns).where(Passkey.user_id == user_id)
    return conn.execute(query.order_by(Passkey.made_at.desc(), Passkey.id).limit(MOST)).all()


def asked_of(conn: Connection) -> list[str]:
    """Whose role asks for a second factor."""
    query = sa.select(HouseRule.value).where(HouseRule.name == SECOND_FACTOR_ROLES)
    return conn.execute(query).scalar() or []


def by_what(method: str) -> str:
    """How they signed in, in words: “by password”."""
    kind, _, issuer = method.partition(":")
    return f"by {provider(issuer)}" if kind == "oidc" else METHODS.get(method, method)


def provider(issuer: str) -> str:
    """What the house calls a provider; its host where it is another one than that of today."""
    known, name = installation.current.provider or ("", "")
    return name if known == issuer else urlsplit(issuer).hostname or issuer


METHODS = {
    "password": "by password",
    "passkey": "by passkey",
    "password+totp": "by password and code",
    "password+recovery": "by password and recovery code",
}


def _told(row: Any) -> SignedIn:
    return SignedIn(
        id=row.id,
        device=words.device(row.agent),
        ip=row.ip,
        method=by_what(row.method),
        started_at=row.started_at,
        seen_at=row.seen_at,
    )
