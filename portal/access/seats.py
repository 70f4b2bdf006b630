"""Members of staff who sit at the desk, each by a browser of theirs, and programs by a token.

Cookies and tokens hold a random secret; the database holds its SHA-256. A session lives by the
database alone, so that ending it takes effect with the next request.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from portal import clock, db
from portal.access.sessions import digest
from portal.actor import Absent, Actor
from portal.db import Tx
from portal.errors import NotProved, NotSignedIn
from portal.models import (
    Absence,
    ApiToken,
    HouseRule,
    SecondFactor,
    StaffSession,
    TeamMember,
    User,
    addresses,
    sights,
)
from portal.models.people import SCOPES, SECOND_FACTOR_ROLES, STAFF_ABSOLUTE, STAFF_IDLE

PROOF_LASTS = timedelta(minutes=10)
_TOUCH_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seat:
    """A session at the desk: whose it is, and when they last showed that it is they."""

    id: str
    actor: Actor
    proved_at: datetime
    needs_second: bool = False

    @property
    def is_proved(self) -> bool:
        """Whether they may change how they sign in without being asked once more."""
        return clock.now() - self.proved_at <= PROOF_LASTS


def seat(conn: Connection, secret: str) -> Seat | None:
    """The session behind a staff cookie; ``None`` where it is over. One statement."""
    now = clock.now()
    since = {"seen": now - STAFF_IDLE, "started": now - STAFF_ABSOLUTE, "now": now}
    rows = conn.execute(_STAFF, {"secret": digest(secret), **since}).all()
    if not rows:
        return None
    first = rows[0]
    if now - first.seen_at > _TOUCH_AFTER:
        _touch(first.session_id)
    actor = _actor(rows, kind="staff", id_=first.id, via="page", auth=first.method)
    proved_at = first.proved_at or first.started_at
    return Seat(first.session_id, actor, proved_at, first.needs_second)


def staff(conn: Connection, secret: str) -> Actor | None:
    """The member of staff behind a staff cookie; ``None`` where the session is over."""
    found = seat(conn, secret)
    return found.actor if found else None


def absent(
    conn: Connection, user_id: str, *, auth: str, ip: str | None, agent: str | None
) -> Actor | None:
    """A member of staff for whom a worker does what they asked for on a page, as they may now.

    ``None`` where their account is closed meanwhile.
    """
    rows = conn.execute(_users().where(User.id == user_id), {"now": clock.now()}).all()
    if not rows:
        return None
    actor = _actor(rows, kind="staff", id_=user_id, via="page", auth=auth)
    return replace(actor, ip=ip, agent=agent)


@dataclass(frozen=True, slots=True)
class Program:
    """A program at the door: for whom it acts, and what its token is good for (``SCOPES``)."""

    actor: Actor
    scopes: frozenset[str]


def program(conn: Connection, bearer: str) -> Program | None:
    """The program behind an API token, acting for the token's user; ``None`` if unknown."""
    now = clock.now()
    query = (
        _users(ApiToken.id.label("token_id"), ApiToken.is_system, ApiToken.scopes, ApiToken.used_at)
        .join(ApiToken, ApiToken.user_id == User.id)
        .where(ApiToken.secret_sha256 == digest(bearer), ApiToken.revoked_at.is_(None))
        .where(sa.or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now))
    )
    rows = conn.execute(query, {"now": now}).all()
    if not rows:
        return None
    first = rows[0]
    if first.used_at is None or now - first.used_at > _TOUCH_AFTER:
        _note_use(first.token_id)
    role = "system" if first.is_system else first.role
    actor = _actor(rows, kind="api", id_=first.token_id, via="api", auth="token", role=role)
    if first.is_system:  # it acts for nobody in particular, and so in nobody's place
        actor = replace(actor, stands_for=())
    return Program(actor, frozenset(SCOPES if first.scopes is None else first.scopes))


def token(conn: Connection, bearer: str) -> Actor | None:
    """For whom a token acts; ``None`` if it is unknown."""
    found = program(conn, bearer)
    return found.actor if found else None


def of_address(tx: Tx, email: str) -> str:
    """The id of the one member of staff with this address."""
    query = sa.select(User.id).where(User.email == addresses.plain(email))
    return str(tx.execute(query).scalar_one())


def begin(tx: Tx, user_id: str, method: str, *, ip: str | None, agent: str | None) -> str:
    """Open a session, always a new one; the secret for its cookie.

    ``method`` says how they showed who they are, in the words of ``Actor.auth``.
    """
    secret = secrets.token_urlsafe(32)
    tx.execute(
        sa.insert(StaffSession).values(
            id=db.new_id(), user_id=user_id, secret_sha256=digest(secret), method=method,
            started_at=tx.now, seen_at=tx.now, proved_at=tx.now, ended_at=None, ip=ip, agent=agent,
        )
    )  # fmt: skip
    judge(tx, StaffSession.user_id == user_id)
    return secret


def judge(tx: Tx, *which: sa.ColumnElement[bool]) -> None:
    """Note of open sessions whether whoever sits there lacks a second factor that is asked.

    To be called whenever the answer may have changed. Those who came in by a passkey or by a
    sign-in from outside have shown more than a password.
    """
    rule = sa.select(HouseRule.value).where(HouseRule.name == SECOND_FACTOR_ROLES)
    roles = tx.execute(rule).scalar() or []
    asked = sa.select(User.id).where(User.role.in_(roles))
    have = sa.select(SecondFactor.user_id).where(SecondFactor.confirmed_at.is_not(None))
    lacks = sa.and_(
        StaffSession.method == "password",
        StaffSession.user_id.in_(asked),
        StaffSession.user_id.not_in(have),
    )
    told = sa.update(StaffSession).where(StaffSession.ended_at.is_(None), *which)
    tx.execute(told.values(needs_second=lacks))


def renew(tx: Tx, secret: str) -> str:
    """Note that they showed anew who they are; the session's new secret, the old one is dead."""
    fresh = secrets.token_urlsafe(32)
    mine = sa.and_(StaffSession.secret_sha256 == digest(secret), StaffSession.ended_at.is_(None))
    told = {"secret_sha256": digest(fresh), "proved_at": tx.now, "seen_at": tx.now}
    if tx.execute(sa.update(StaffSession).where(mine).values(told)).rowcount == 0:
        raise NotSignedIn("This session has ended. Sign in again.")
    return fresh


def end(tx: Tx, *which: sa.ColumnElement[bool]) -> int:
    """End these sessions; how many were open."""
    ended = sa.update(StaffSession).where(StaffSession.ended_at.is_(None), *which)
    return tx.execute(ended.values(ended_at=tx.now)).rowcount


def of(user_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    """The sessions of somebody, for ``end`` and ``judge``."""
    return (StaffSession.user_id == user_id,)


def require_proof(tx: Tx, secret: str | None, actor: Actor) -> None:
    """Refuse with NotProved whoever did not show a short while ago that it is they.

    ``secret`` is ``None`` where nobody sits at the desk: at the terminal, and for a token.
    """
    if secret is None:
        return
    since = sa.func.coalesce(StaffSession.proved_at, StaffSession.started_at)
    mine = sa.select(since).where(
        StaffSession.secret_sha256 == digest(secret),
        StaffSession.user_id == actor.user_id,
        StaffSession.ended_at.is_(None),
    )
    proved_at = tx.execute(mine).scalar()
    if proved_at is None or tx.now - proved_at > PROOF_LASTS:
        raise NotProved("First show that it is you. What you changed was not kept.")


def _users(*more: Any) -> "sa.Select[*tuple[Any, ...]]":
    """Active users, a row for each of their teams, and of those who are away at ``now``."""
    columns = (User.id, User.email, User.name, User.role, TeamMember.team_id)
    away = (_AWAY.id.label("away_id"), _AWAY.email.label("away_email"),
            _AWAY.name.label("away_name"), Absence.until_on)  # fmt: skip
    hidden = sights.hidden_from(User, sa.bindparam("now"))
    query: sa.Select[*tuple[Any, ...]] = sa.select(*columns, *away, hidden, *more)
    query = query.select_from(User)
    stands_for = sa.and_(Absence.deputy_id == User.id, Absence.holds(sa.bindparam("now")))
    return (
        query.outerjoin(TeamMember, TeamMember.user_id == User.id)
        .outerjoin(Absence, stands_for)
        .outerjoin(_AWAY, sa.and_(_AWAY.id == Absence.user_id, _AWAY.is_active))
        .where(User.is_active)
    )


_AWAY = aliased(User)


# Built once: every page of the desk asks this first.
_STAFF = (
    _users(
        StaffSession.id.label("session_id"),
        StaffSession.seen_at,
        StaffSession.started_at,
        StaffSession.proved_at,
        StaffSession.method,
        StaffSession.needs_second,
    )
    .join(StaffSession, StaffSession.user_id == User.id)
    .where(
        StaffSession.secret_sha256 == sa.bindparam("secret"),
        StaffSession.ended_at.is_(None),
        StaffSession.seen_at > sa.bindparam("seen"),
        StaffSession.started_at > sa.bindparam("started"),
    )
)


def _actor(
    rows: Any, *, kind: Any, id_: str, via: Any, auth: str, role: str | None = None
) -> Actor:
    first = rows[0]
    away = {
        row.away_id: Absent(row.away_id, row.away_email, row.away_name, row.until_on)
        for row in rows
        if row.away_id
    }
    return Actor(
        kind=kind,
        id=id_,
        name=first.name,
        email=first.email,
        user_id=first.id,
        role=role or first.role,
        team_ids=frozenset(row.team_id for row in rows if row.team_id),
        via=via,
        auth=auth,
        stands_for=tuple(away[id_] for id_ in sorted(away)),
        hidden=frozenset((first.hidden or "").split()),
    )


def _touch(session_id: str) -> None:
    """Note that the session is in use, once a minute at the most."""
    mine = StaffSession.id == session_id
    with db.transaction() as tx:
        tx.execute(sa.update(StaffSession).where(mine).values(seen_at=tx.now))


def _note_use(token_id: str) -> None:
    """Note that a token is in use, once a minute at the most."""
    with db.transaction() as tx:
        tx.execute(sa.update(ApiToken).where(ApiToken.id == token_id).values(used_at=tx.now))
