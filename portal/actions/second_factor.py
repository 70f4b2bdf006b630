"""An authenticator app beside the password: set up, asked for, replaced, and who must have one."""

from collections.abc import Sequence

import sqlalchemy as sa

from portal import db
from portal.access import book, may, seats, sessions, totp
from portal.actions import notices
from portal.actor import Actor
from portal.db import Tx, action
from portal.errors import Conflict, Faulty, Unknown
from portal.models import HouseRule, RecoveryCode, SecondFactor
from portal.models.people import ROLES, SECOND_FACTOR_ROLES

_WRONG = "This is not the code that the app shows now. Wait for the next one and type that."
_USED = "This code was used already. Wait for the next one and type that."


@action
def begin(tx: Tx, secret: str, *, actor: Actor) -> None:
    """Make the key of an app, which counts once a code of it was typed; Conflict, NotProved."""
    seats.require_proof(tx, secret, actor)
    fresh = {"id": db.new_id(), "last_step": 0, "made_at": tx.now, "confirmed_at": None}
    new = tx.insert(SecondFactor).values(user_id=actor.user_id, **fresh)
    kept = new.on_conflict_do_update(
        index_elements=["user_id"], set_=fresh, where=SecondFactor.confirmed_at.is_(None)
    )
    if tx.execute(kept.returning(SecondFactor.id)).first() is None:
        raise Conflict("You have an app already. Remove it first to set up another.")


@action
def confirm(tx: Tx, secret: str, code: str, *, actor: Actor) -> list[str]:
    """Take the app into use by a code of it; the recovery codes, told this once. Faulty."""
    seats.require_proof(tx, secret, actor)
    waiting = sa.and_(SecondFactor.user_id == actor.user_id, SecondFactor.confirmed_at.is_(None))
    factor = tx.execute(sa.select(SecondFactor.__table__).where(waiting)).first()
    if factor is None:
        raise Conflict("No app is being set up here. Begin again.")
    step = totp.step_of(factor.id, code, tx.now)
    if step is None:
        raise Faulty.one("code", _WRONG)
    told = {"confirmed_at": tx.now, "last_step": step}
    same = sa.and_(waiting, SecondFactor.id == factor.id)
    if tx.execute(sa.update(SecondFactor).where(same).values(told)).rowcount == 0:
        raise Conflict("The app was set up, or begun anew, a moment ago.")
    seats.judge(tx)
    notices.note(tx, "second-factor-set", str(actor.user_id), actor=actor)
    return _fresh_codes(tx, str(actor.user_id))


@action
def renew_codes(tx: Tx, secret: str, *, actor: Actor) -> list[str]:
    """Recovery codes anew, told this once; the old ones are void. Conflict, NotProved."""
    seats.require_proof(tx, secret, actor)
    if not has_one(tx, str(actor.user_id)):
        raise Conflict("Set up an app first.")
    notices.note(tx, "recovery-codes-made", str(actor.user_id), actor=actor)
    return _fresh_codes(tx, str(actor.user_id))


@action
def remove(tx: Tx, secret: str, *, actor: Actor) -> None:
    """Do without one's own app from now on; NotProved."""
    seats.require_proof(tx, secret, actor)
    _remove(tx, str(actor.user_id), actor)


@action
def remove_of(tx: Tx, user_id: str, secret: str | None, *, actor: Actor) -> None:
    """Take somebody's lost app away, as an admin; their password and passkeys stay.

    ``secret`` is ``None`` at the terminal, where nobody sits at the desk. Unknown, NotProved.
    """
    may.require(actor, "people")
    seats.require_proof(tx, secret, actor)
    if not has_one(tx, user_id):
        raise Unknown("They have no authenticator app.")
    _remove(tx, user_id, actor)


@action
def require_of(tx: Tx, roles: Sequence[str], *, secret: str | None = None, actor: Actor) -> None:
    """Say whose role asks for a second factor; who lacks one sets it up before all else.

    ``secret`` is ``None`` at the terminal. NotProved.
    """
    may.require(actor, "people")
    seats.require_proof(tx, secret, actor)
    named = [role for role in ROLES if role in roles]
    rule = {"value": named, "changed_at": tx.now}
    kept = tx.insert(HouseRule).values(name=SECOND_FACTOR_ROLES, **rule)
    tx.execute(kept.on_conflict_do_update(index_elements=["name"], set_=rule))
    seats.judge(tx)
    book.note(tx, "second-factor-rule", None, actor=actor, roles=named)


def has_one(tx: Tx, user_id: str) -> bool:
    """Whether a code is asked of somebody."""
    query = sa.select(SecondFactor.id).where(
        SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None)
    )
    return tx.execute(query).first() is not None


def spend(tx: Tx, user_id: str, typed: str) -> str:
    """Take a code of the app, or a recovery code; ``totp`` or ``recovery``. Faulty at ``code``.

    That no code is taken twice is a condition of the change itself, so that of two who come at
    once with the same one a single one gets in.
    """
    mine = sa.and_(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
    factor = tx.execute(sa.select(SecondFactor.__table__).where(mine)).first()
    if factor is None:
        raise Faulty.one("code", _WRONG)
    step = totp.step_of(factor.id, typed, tx.now)
    if step is not None:
        later = sa.update(SecondFactor).where(mine, SecondFactor.last_step < step)
        if tx.execute(later.values(last_step=step)).rowcount == 0:
            raise Faulty.one("code", _USED)
        return "totp"
    unused = sa.and_(
        RecoveryCode.sha256 == sessions.digest(totp.plain(typed)),
        RecoveryCode.user_id == user_id,
        RecoveryCode.used_at.is_(None),
    )
    if tx.execute(sa.update(RecoveryCode).where(unused).values(used_at=tx.now)).rowcount == 0:
        raise Faulty.one("code", _WRONG)
    return "recovery"


def _remove(tx: Tx, user_id: str, actor: Actor) -> None:
    tx.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    tx.execute(sa.delete(SecondFactor).where(SecondFactor.user_id == user_id))
    seats.judge(tx)
    notices.note(tx, "second-factor-removed", user_id, actor=actor)


def _fresh_codes(tx: Tx, user_id: str) -> list[str]:
    tx.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = totp.fresh_codes()
    rows = [{"sha256": sessions.digest(one), "user_id": user_id, "used_at": None} for one in codes]
    tx.execute(sa.insert(RecoveryCode), rows)
    return codes
