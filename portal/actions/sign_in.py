"""Staff sign in, show once more that it is they, and end their sessions.

A wrong address and a wrong password get the same answer in the same time. Guessing is slowed by
address and browser's address together, so that nobody can lock somebody else out.
"""

import hashlib
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import book, limits, may, passwords, seats, sessions, steps
from portal.actions import notices, second_factor
from portal.actor import Actor
from portal.db import Tx, action
from portal.errors import CodeWanted, Fault, Faulty, NotSignedIn, Unknown
from portal.models import StaffSession, User

_MINUTE, _TEN_MINUTES, _DAY = 60, 600, 86_400
_SLOW = "Many wrong entries were tried for this account today. Wait a little, then try again."
_TRIES_HERE, _TRIES_FROM_HERE, _TRIES_ELSEWHERE = 10, 60, 100


def sign_in(email: str, password: str, *, ip: str | None, agent: str | None) -> str:
    """The secret of a new staff session; NotSignedIn, TooFast, CodeWanted."""
    email = email.strip().lower()
    counted = _require_patience(f"sign-in:{_mark(email)}", f"sign-in:{limits.place(ip)}", email, ip)
    with db.reading() as conn:
        columns = (User.id, User.name, User.password_hash)
        query = sa.select(*columns).where(User.email == email, User.is_active)
        user = conn.execute(query).first()
    if not passwords.fits(user and user.password_hash, password) or user is None:
        raise NotSignedIn("This address and password do not belong together.")
    fresh = passwords.hashed(password) if passwords.is_dated(user.password_hash) else None
    entered, step = _begin(user, fresh, counted, ip=ip, agent=agent)
    if step is not None:
        raise CodeWanted(step)
    return entered


def enter_code(step: str | None, code: str, *, ip: str | None, agent: str | None) -> str:
    """The other half of a sign-in: a code of the app or a recovery code; the session's secret.

    Faulty at ``code``; TooFast; NotSignedIn where the sign-in is over.
    """
    row = steps.attempt(step, "code")
    with db.reading() as conn:
        email = conn.execute(sa.select(User.email).where(User.id == row.user_id)).scalar_one()
    counted = _require_patience(f"code:{row.user_id}", f"code:{limits.place(ip)}", email, ip)
    return _enter_code(step, code, counted, ip=ip, agent=agent)


@action
def sign_out(tx: Tx, secret: str, *, actor: Actor) -> None:
    """End one staff session, here and now; an unknown one is as good as ended."""
    mine = StaffSession.user_id == actor.user_id
    if seats.end(tx, StaffSession.secret_sha256 == sessions.digest(secret), mine):
        book.note(tx, "signed-out", actor.user_id, actor=actor)


@action
def end_session(tx: Tx, session_id: str, *, actor: Actor) -> None:
    """End a session of one's own, or as an admin anybody's; Unknown where there is none."""
    query = sa.select(StaffSession.user_id).where(StaffSession.id == session_id)
    user_id = tx.execute(query).scalar()
    if user_id != actor.user_id and actor.role != "admin":
        user_id = None
    if user_id is None or not seats.end(tx, StaffSession.id == session_id):
        raise Unknown("There is no such session, or it has ended already.")
    book.note(tx, "session-ended", user_id, actor=actor, session=session_id)


@action
def end_others(tx: Tx, secret: str, *, actor: Actor) -> int:
    """End all sessions of one's own but this one; how many those were."""
    ended = _end_others(tx, secret, actor)
    if ended:
        book.note(tx, "sessions-ended", actor.user_id, actor=actor, count=ended)
    return ended


@action
def end_all(tx: Tx, user_id: str, *, actor: Actor) -> int:
    """End all sessions of somebody, as an admin; how many those were."""
    may.require(actor, "people")
    ended = seats.end(tx, StaffSession.user_id == user_id)
    book.note(tx, "sessions-ended", user_id, actor=actor, count=ended)
    return ended


def change_password(secret: str, old: str, new: str, again: str, *, actor: Actor) -> str:
    """Set a password of one's own, the old one asked; the new secret of this session.

    Every other session ends. Faults at ``old``, ``new`` and ``again``; TooFast.
    """
    _require_new(new, again)
    _require_password(actor, old)
    return _keep_password(secret, passwords.hashed(new), actor=actor)


def prove(secret: str, password: str, code: str = "", *, actor: Actor) -> str:
    """Show by password, and code where one is asked, that it is they; this session's new secret.

    Faulty at ``password`` and ``code``; TooFast.
    """
    _require_password(actor, password, at="password")
    return _renew(secret, code, actor=actor)


@action
def _keep_password(tx: Tx, secret: str, hashed: str, *, actor: Actor) -> str:
    mine = User.id == actor.user_id
    tx.execute(sa.update(User).where(mine).values(password_hash=hashed))
    ended = _end_others(tx, secret, actor)
    notices.note(tx, "password-changed", str(actor.user_id), actor=actor, count=ended)
    return seats.renew(tx, secret)


@action
def _renew(tx: Tx, secret: str, code: str, *, actor: Actor) -> str:
    if second_factor.has_one(tx, str(actor.user_id)):
        second_factor.spend(tx, str(actor.user_id), code)
    limits.forget(tx, f"prove:{actor.user_id}:{limits.place(actor.ip)}")
    book.note(tx, "proved", actor.user_id, actor=actor)
    return seats.renew(tx, secret)


def _end_others(tx: Tx, secret: str, actor: Actor) -> int:
    others = StaffSession.secret_sha256 != sessions.digest(secret)
    return seats.end(tx, StaffSession.user_id == actor.user_id, others)


def _require_new(new: str, again: str) -> None:
    faults = []
    if not passwords.SHORTEST <= len(new) <= passwords.LONGEST:
        faults.append(Fault("new", f"Use a password of {passwords.SHORTEST} signs or more."))
    elif new != again:
        faults.append(Fault("again", "The two are not the same. Type the new password once more."))
    if faults:
        raise Faulty(faults)


def _require_password(actor: Actor, password: str, *, at: str = "old") -> None:
    """Refuse with a fault what is not their password; whoever guesses is slowed."""
    limits.spend(f"prove:{actor.user_id}:{limits.place(actor.ip)}", _TRIES_HERE, _TEN_MINUTES)
    with db.reading() as conn:
        kept = conn.execute(sa.select(User.password_hash).where(User.id == actor.user_id)).scalar()
    if kept is None:
        raise Faulty.one(at, "You have no password here. An admin can give you one.")
    if not passwords.fits(kept, password):
        raise Faulty.one(at, "This is not your password.")


# Signing in


def _mark(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()[:32]


def _require_patience(what: str, from_here: str, email: str, ip: str | None) -> list[str]:
    """Count the attempt at ``what``; what to forget after a right one. Raises TooFast.

    Guesses from many addresses slow the account down, and never shut it: a hundred wrong
    passwords a day would else be all it takes to keep somebody out. From then on every address
    has one try a minute and ten a day, so that the owner's first right password lets them in
    from wherever they are, and guessing goes no faster than the guesser finds addresses. An
    address that has been let in before is not slowed.
    """
    here = [f"{what}:{limits.place(ip)}"]
    limits.spend(from_here, _TRIES_FROM_HERE, _TEN_MINUTES)
    limits.spend(here[0], _TRIES_HERE, _TEN_MINUTES)
    if not _was_here(email, ip):
        n = limits.count(what, _DAY)
        here.append(what)
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


@action
def _begin(
    tx: Tx,
    user: Any,
    fresh_hash: str | None,
    counted: list[str],
    *,
    ip: str | None,
    agent: str | None,
) -> tuple[str, str | None]:
    """The new session's secret; where a code is asked, instead that of the step before it."""
    for what in counted:
        limits.forget(tx, what)
    if fresh_hash is not None:
        tx.execute(sa.update(User).where(User.id == user.id).values(password_hash=fresh_hash))
    if second_factor.has_one(tx, user.id):
        return "", steps.begin(tx, "code", user.id, {})
    book.note_own(tx, "signed-in", user, ip=ip, agent=agent, method="password")
    return seats.begin(tx, user.id, "password", ip=ip, agent=agent), None


@action
def _enter_code(
    tx: Tx,
    step: str | None,
    code: str,
    counted: list[str],
    *,
    ip: str | None,
    agent: str | None,
) -> str:
    row = steps.take(tx, step, "code")
    active = sa.select(User.id, User.name).where(User.id == row.user_id, User.is_active)
    user = tx.execute(active).first()
    if user is None:
        raise NotSignedIn("This account is closed.")
    method = f"password+{second_factor.spend(tx, user.id, code)}"
    for what in counted:
        limits.forget(tx, what)
    book.note_own(tx, "signed-in", user, ip=ip, agent=agent, method=method)
    return seats.begin(tx, user.id, method, ip=ip, agent=agent)
