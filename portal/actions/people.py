"""Staff: who works here, and the API tokens that act for them."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import book, may, passwords, seats, sessions
from portal.actions import leaving, notices
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.values import is_email
from portal.errors import Fault, Faulty, Unknown
from portal.models import ApiToken, StaffSession, Team, TeamMember, User
from portal.models.people import ROLES, SCOPES

LONGEST_DAYS = 3650


def add_user(
    email: str,
    name: str,
    role: str,
    password: str | None,
    teams: Sequence[str] = (),
    *,
    secret: str | None = None,
    actor: Actor,
) -> str:
    """Add a member of staff, or change the one with that address; their id.

    Without a password the one there is stays, and without teams those there are; a new name
    makes a new team. A new password ends the person's sessions. ``secret`` is ``None`` at the
    terminal, where nobody sits at the desk. Faults: at the name of the entry, or at ``role``;
    NotProved.
    """
    may.require(actor, "people")
    email, name = email.strip().lower(), name.strip()
    _require_sound(email, name, role, password)
    hashed = passwords.hashed(password) if password else None
    named = [team.strip() for team in teams if team.strip()]
    user_id = _keep_user(email, name, role, hashed, named, secret=secret, actor=actor)
    # Whoever only reads from now on, or left a team, may have left work that nobody can do.
    leaving.flag_left(user_id)
    return user_id


@action
def _keep_user(
    tx: Tx,
    email: str,
    name: str,
    role: str,
    hashed: str | None,
    teams: list[str],
    *,
    secret: str | None,
    actor: Actor,
) -> str:
    seats.require_proof(tx, secret, actor)
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
            seats.end(tx, StaffSession.user_id == user_id)
    if teams:
        _join(tx, user_id, teams)
    seats.judge(tx, StaffSession.user_id == user_id)
    what: dict[str, Any] = {"role": role, "teams": teams, "password": hashed is not None}
    kind = "person-added" if known is None else "person-changed"
    # Whoever signs in by a password that somebody else chose hears of it.
    is_theirs = known is not None and hashed is not None
    write = notices.note if is_theirs else book.note
    write(tx, kind, user_id, actor=actor, **what)
    return user_id


@action
def make_token(
    tx: Tx,
    name: str,
    user_email: str,
    is_system: bool,
    scopes: Sequence[str] | None = None,
    days: int | None = None,
    *,
    secret: str | None = None,
    actor: Actor,
) -> str:
    """A new API token that acts for a user, told this once.

    ``scopes``: what it is good for, all of it where nothing is said; ``days``: when it ends.
    ``secret`` is ``None`` at the terminal. Faults at ``name``, ``email``, ``scopes`` and
    ``days``; NotProved.
    """
    may.require(actor, "people")
    seats.require_proof(tx, secret, actor)
    name = name.strip()
    if not name or len(name) > 100:
        raise Faulty.one("name", "Say in up to 100 letters what the token is for.")
    query = sa.select(User.id).where(User.email == user_email.strip().lower(), User.is_active)
    user_id = tx.execute(query).scalar()
    if user_id is None:
        raise Faulty.one("email", f"Nobody here has the address {user_email.strip()}.")
    good_for = [one for one in SCOPES if one in (SCOPES if scopes is None else scopes)]
    if not good_for:
        raise Faulty.one("scopes", "Say what the token is good for: read, start, act or admin.")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise Faulty.one("days", f"Give 1 to {LONGEST_DAYS} days, or none for a token that stays.")
    ends_at = None if days is None else tx.now + timedelta(days=days)
    token = f"portal_{secrets.token_urlsafe(32)}"
    row = {"secret_sha256": sessions.digest(token), "user_id": user_id, "is_system": is_system}
    row |= {"scopes": None if scopes is None else good_for, "expires_at": ends_at}
    tx.execute(sa.insert(ApiToken).values(id=db.new_id(), name=name, created_at=tx.now, **row))
    book.note(tx, "token-made", user_id, actor=actor, name=name, system=is_system, scopes=good_for)
    return token


@action
def revoke_token(tx: Tx, token_id: str, *, actor: Actor) -> None:
    """End an API token at once; Unknown where there is no living one."""
    may.require(actor, "people")
    living = sa.and_(ApiToken.id == token_id, ApiToken.revoked_at.is_(None))
    ended = sa.update(ApiToken).where(living).values(revoked_at=tx.now)
    token = tx.execute(ended.returning(ApiToken.user_id, ApiToken.name)).first()
    if token is None:
        raise Unknown("There is no such token, or it has ended already.")
    book.note(tx, "token-ended", token.user_id, actor=actor, name=token.name)


def _require_sound(email: str, name: str, role: str, password: str | None) -> None:
    faults = []
    if not is_email(email):
        faults.append(Fault("email", f"“{email}” is not an e-mail address."))
    if not name or len(name) > 200:
        faults.append(Fault("name", "Give the name, in up to 200 letters."))
    if role not in ROLES:
        faults.append(Fault("role", f"“{role}” is no role; expected admin, member or auditor."))
    shortest, longest = passwords.SHORTEST, passwords.LONGEST
    if password is not None and not shortest <= len(password) <= longest:
        faults.append(Fault("password", f"Use a password of {shortest} signs or more."))
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
