"""Staff: who works here, how they sign in, and the API tokens that act for them.

A wrong address and a wrong password get the same answer in the same time. Guessing is slowed by
address and browser's address together, so that nobody can lock somebody else out.
"""

import hashlib
import secrets
from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal import db
from portal.access import limits, may, sessions
from portal.actions import leaving
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.values import is_email
from portal.errors import Fault, Faulty, NotSignedIn, Unknown
from portal.models import ApiToken, StaffSession, Team, TeamMember, User
from portal.models.people import ROLES

SHORTEST_PASSWORD = 8
# Bounds the work of one guess; argon2 itself takes any length.
LONGEST_PASSWORD = 1000
_MINUTE, _TEN_MINUTES, _DAY = 60, 600, 86_400
_SLOW = "Many wrong passwords were tried for this account today. Wait a little, then try again."
_TRIES_HERE, _TRIES_FROM_HERE, _TRIES_ELSEWHERE = 10, 60, 100
_hasher = PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """What an unknown address is checked against, so that it takes as long as a known one.

    Made at the first sign-in, whoever it is of: made at import it would slow every start.
    """
    return _hasher.hash(secrets.token_urlsafe(16))


def add_user(
    email: str,
    name: str,
    role: str,
    password: str | None,
    teams: Sequence[str] = (),
    *,
    actor: Actor,
) -> str:
    """Add a member of staff, or change the one with that address; their id.

    Without a password the one there is stays, and without teams those there are; a new name
    makes a new team. A new password ends the person's sessions. Faults: at the name of the
    entry, or at ``role``.
    """
    may.require(actor, "people")
    email, name = email.strip().lower(), name.strip()
    _require_sound(email, name, role, password)
    hashed = _hasher.hash(password) if password else None
    named = [team.strip() for team in teams if team.strip()]
    user_id = _keep_user(email, name, role, hashed, named)
    # Whoever only reads from now on, or left a team, may have left work that nobody can do.
    leaving.flag_left(user_id)
    return user_id


@action
def _keep_user(
    tx: Tx, email: str, name: str, role: str, hashed: str | None, teams: list[str]
) -> str:
    told: dict[str, Any] = {"name": name, "role": role, "is_active": True}
    if hashed is not None:
        told["password_hash"] = hashed
    known = tx.execute(sa.select(User.id).where(User.email == email)).scalar()
    user_id: str = known or db.new_id()
    if known is None:
        new = {"password_hash": None, "timezone": None, **told}
        tx.execute(sa.insert(User).values(id=user_id, email=email, created_at=tx.now, **new))
    else:
        tx.execute(sa.update(User).where(User.id == user_id).values(**told))
        if hashed is not None:
            _end_sessions(tx, StaffSession.user_id == user_id)
    if teams:
        _join(tx, user_id, teams)
    return user_id


def sign_in(email: str, password: str, *, ip: str | None, agent: str | None) -> str:
    """The secret of a new staff session; NotSignedIn or TooFast."""
    email = email.strip().lower()
    counted = _require_patience(email, ip)
    with db.reading() as conn:
        query = sa.select(User.id, User.password_hash).where(User.email == email, User.is_active)
        user = conn.execute(query).first()
    nobodys = _nobodys_hash()
    hashed = user.password_hash if user and user.password_hash else nobodys
    if not _fits(hashed, password) or user is None or hashed is nobodys:
        raise NotSignedIn("This address and password do not belong together.")
    fresh = _hasher.hash(password) if _hasher.check_needs_rehash(hashed) else None
    return _begin_session(user.id, fresh, counted, ip, agent)


@action
def sign_out(tx: Tx, secret: str, *, actor: Actor) -> None:
    """End one staff session, here and now; an unknown one is as good as ended."""
    mine = StaffSession.user_id == actor.user_id
    _end_sessions(tx, sa.and_(StaffSession.secret_sha256 == sessions.digest(secret), mine))


@action
def make_token(tx: Tx, name: str, user_email: str, is_system: bool, *, actor: Actor) -> str:
    """A new API token that acts for a user, told this once; faults at ``name`` and ``email``."""
    may.require(actor, "people")
    name = name.strip()
    if not name or len(name) > 100:
        raise Faulty.one("name", "Say in up to 100 letters what the token is for.")
    query = sa.select(User.id).where(User.email == user_email.strip().lower(), User.is_active)
    user_id = tx.execute(query).scalar()
    if user_id is None:
        raise Faulty.one("email", f"Nobody here has the address {user_email.strip()}.")
    token = f"portal_{secrets.token_urlsafe(32)}"
    row = {"secret_sha256": sessions.digest(token), "user_id": user_id, "is_system": is_system}
    tx.execute(sa.insert(ApiToken).values(id=db.new_id(), name=name, created_at=tx.now, **row))
    return token


@action
def revoke_token(tx: Tx, token_id: str, *, actor: Actor) -> None:
    """End an API token at once; Unknown where there is no living one."""
    may.require(actor, "people")
    living = sa.and_(ApiToken.id == token_id, ApiToken.revoked_at.is_(None))
    ended = tx.execute(sa.update(ApiToken).where(living).values(revoked_at=tx.now))
    if ended.rowcount == 0:
        raise Unknown("There is no such token, or it has ended already.")


def _require_sound(email: str, name: str, role: str, password: str | None) -> None:
    faults = []
    if not is_email(email):
        faults.append(Fault("email", f"“{email}” is not an e-mail address."))
    if not name or len(name) > 200:
        faults.append(Fault("name", "Give the name, in up to 200 letters."))
    if role not in ROLES:
        faults.append(Fault("role", f"“{role}” is no role; expected admin, member or auditor."))
    if password is not None and not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        faults.append(Fault("password", f"Use a password of {SHORTEST_PASSWORD} signs or more."))
    if faults:
        raise Faulty(faults)


def _join(tx: Tx, user_id: str, names: list[str]) -> None:
    """Make the user a member of just these teams, and the teams where they are new."""
    found = tx.execute(sa.select(Team.name, Team.id).where(Team.name.in_(names)))
    ids = {team.name: team.id for team in found}
    new = [{"id": db.new_id(), "name": name} for name in dict.fromkeys(names) if name not in ids]
    if new:
        tx.execute(sa.insert(Team), new)
    team_ids = [*ids.values(), *(team["id"] for team in new)]
    tx.execute(sa.delete(TeamMember).where(TeamMember.user_id == user_id))
    tx.execute(sa.insert(TeamMember), [{"team_id": id_, "user_id": user_id} for id_ in team_ids])


# Signing in


def _require_patience(email: str, ip: str | None) -> list[str]:
    """Count the attempt; what to forget after a right password. Raises TooFast.

    Guesses from many addresses slow the account down, and never shut it: a hundred wrong
    passwords a day would else be all it takes to keep somebody out. From then on every address
    has one try a minute and ten a day, so that the owner's first right password lets them in
    from wherever they are, and guessing goes no faster than the guesser finds addresses. An
    address that has been let in before is not slowed.
    """
    whom = hashlib.sha256(email.encode()).hexdigest()[:32]
    here = [f"sign-in:{whom}:{ip}"]
    limits.spend(f"sign-in:{ip}", _TRIES_FROM_HERE, _TEN_MINUTES)
    limits.spend(here[0], _TRIES_HERE, _TEN_MINUTES)
    if not _was_here(email, ip):
        n = limits.count(f"sign-in:{whom}", _DAY)
        here.append(f"sign-in:{whom}")
        if n > _TRIES_ELSEWHERE:
            slow = [f"{here[0]}:minute", f"{here[0]}:day"]
            limits.spend(slow[0], 1, _MINUTE, _SLOW)
            limits.spend(slow[1], _TRIES_HERE, _DAY, _SLOW)
            here += slow
    return here


def _was_here(email: str, ip: str | None) -> bool:
    query = (
        sa.select(StaffSession.id)
        .join(User, User.id == StaffSession.user_id)
        .where(User.email == email, StaffSession.ip == ip)
        .limit(1)
    )
    with db.reading() as conn:
        return conn.execute(query).first() is not None


def _fits(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False


@action
def _begin_session(
    tx: Tx, user_id: str, fresh_hash: str | None, counted: list[str], ip: str | None, agent: Any
) -> str:
    secret = secrets.token_urlsafe(32)
    for what in counted:
        limits.forget(tx, what)
    if fresh_hash is not None:
        tx.execute(sa.update(User).where(User.id == user_id).values(password_hash=fresh_hash))
    tx.execute(
        sa.insert(StaffSession).values(
            id=db.new_id(), user_id=user_id, secret_sha256=sessions.digest(secret),
            started_at=tx.now, seen_at=tx.now, ended_at=None, ip=ip, agent=agent,
        )
    )  # fmt: skip
    return secret


def _end_sessions(tx: Tx, which: sa.ColumnElement[bool]) -> None:
    ended = sa.update(StaffSession).where(which, StaffSession.ended_at.is_(None))
    tx.execute(ended.values(ended_at=tx.now))
