"""Passkeys: made, named, removed, and shown at the door in the place of a password.

A challenge is kept by the house and goes with the first answer, right or wrong.
"""

from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import book, limits, passkeys, seats, steps
from portal.actions import notices
from portal.actor import Actor
from portal.db import Tx, action
from portal.errors import Conflict, Faulty, NotSignedIn, Unknown
from portal.models import Passkey, User

_FROM_HERE, _TEN_MINUTES = 60, 600
_UNKNOWN = "This passkey is not known here, or was removed. Sign in another way."


@action
def begin(tx: Tx, secret: str, house: str, *, actor: Actor) -> tuple[str, str]:
    """What the browser is asked to make, as JSON, and the secret of this step. NotProved."""
    seats.require_proof(tx, secret, actor)
    if not passkeys.is_possible():
        raise Conflict("Passkeys need the portal to be reached by a name, over https.")
    mine = sa.select(Passkey.credential).where(Passkey.user_id == actor.user_id)
    known = list(tx.execute(mine).scalars())
    options, challenge = passkeys.to_make(
        str(actor.user_id), str(actor.email), actor.name, house, known
    )
    return options, steps.begin(tx, "passkey-new", actor.user_id, {"challenge": challenge})


def add(secret: str, step: str | None, name: str, answer: str, *, actor: Actor) -> None:
    """Take a new passkey into use under a name. Faulty at ``name``, NotSignedIn, NotProved."""
    named = _named(name)
    begun = _take(step, "passkey-new")
    if begun.user_id != actor.user_id:
        raise NotSignedIn("This passkey was begun by somebody else. Begin again.")
    _add(secret, named, passkeys.made(answer, begun.told["challenge"]), actor=actor)


@action
def rename(tx: Tx, passkey_id: str, name: str, *, actor: Actor) -> None:
    """Call a passkey of one's own otherwise. Faulty at ``name``, Unknown."""
    told = sa.update(Passkey).where(*_mine(passkey_id, actor)).values(name=_named(name))
    if tx.execute(told).rowcount == 0:
        raise Unknown("You have no such passkey.")


@action
def remove(tx: Tx, secret: str, passkey_id: str, *, actor: Actor) -> None:
    """Have a passkey open the door no more. NotProved, Unknown; Conflict for the last key."""
    seats.require_proof(tx, secret, actor)
    gone = sa.delete(Passkey).where(*_mine(passkey_id, actor)).returning(Passkey.name)
    name = tx.execute(gone).scalar()
    if name is None:
        raise Unknown("You have no such passkey.")
    left = sa.select(Passkey.id).where(Passkey.user_id == actor.user_id).exists()
    has_password = User.password_hash.is_not(None)
    can_enter = sa.select(has_password | left).where(User.id == actor.user_id)
    if not tx.execute(can_enter).scalar():
        raise Conflict("This is all that lets you in. Make another passkey first.")
    notices.note(tx, "passkey-removed", str(actor.user_id), actor=actor, name=name)


def ask(*, ip: str | None) -> tuple[str, str]:
    """What a browser is asked to show, as JSON, and the secret of this step. Conflict, TooFast.

    Whoever is at the door may ask, and each time something is kept: so they are slowed.
    """
    limits.spend(f"passkey-ask:{limits.place(ip)}", _FROM_HERE, _TEN_MINUTES)
    return _ask()


@action
def _ask(tx: Tx) -> tuple[str, str]:
    if not passkeys.is_possible():
        raise Conflict("Passkeys need the portal to be reached by a name, over https.")
    options, challenge = passkeys.to_show()
    return options, steps.begin(tx, "passkey", None, {"challenge": challenge})


def sign_in(step: str | None, answer: str, *, ip: str | None, agent: str | None) -> str:
    """The secret of a new session of whoever showed a passkey; NotSignedIn, TooFast."""
    limits.spend(f"passkey:{limits.place(ip)}", _FROM_HERE, _TEN_MINUTES)
    known, count = _shown(step, answer)
    return _begin(known, count, ip=ip, agent=agent)


def prove(secret: str, step: str | None, answer: str, *, actor: Actor) -> str:
    """Show by a passkey that it is they; the new secret of this session. NotSignedIn."""
    known, count = _shown(step, answer)
    if known.user_id != actor.user_id:
        raise NotSignedIn("This is another person’s passkey.")
    return _renew(secret, known, count, actor=actor)


def _shown(step: str | None, answer: str) -> tuple[Any, int]:
    """The passkey that answered, and its new counter."""
    challenge = _take(step, "passkey").told["challenge"]
    query = (
        sa.select(Passkey.__table__, User.name.label("whose"))
        .join(User, User.id == Passkey.user_id)
        .where(Passkey.credential == passkeys.credential_of(answer), User.is_active)
    )
    with db.reading() as conn:
        known = conn.execute(query).first()
    if known is None:
        raise NotSignedIn(_UNKNOWN)
    whose, key, counter = known.user_id, known.public_key, known.counter
    return known, passkeys.shown(answer, challenge, whose, key, counter)


@action
def _take(tx: Tx, step: str | None, purpose: str) -> Any:
    return steps.take(tx, step, purpose)


@action
def _add(tx: Tx, secret: str, name: str, made: passkeys.Made, *, actor: Actor) -> None:
    seats.require_proof(tx, secret, actor)
    row = {"credential": made.credential, "public_key": made.public_key, "counter": made.count}
    whose = {"id": db.new_id(), "user_id": actor.user_id, "name": name}
    new = tx.insert(Passkey).values(**row, **whose, made_at=tx.now, used_at=None)
    kept = new.on_conflict_do_nothing(index_elements=["credential"]).returning(Passkey.id)
    if tx.execute(kept).first() is None:
        raise Conflict("This passkey is in use already.")
    notices.note(tx, "passkey-added", str(actor.user_id), actor=actor, name=name)


@action
def _begin(tx: Tx, known: Any, count: int, *, ip: str | None, agent: str | None) -> str:
    _note_use(tx, known, count)
    user = tx.execute(sa.select(User.id, User.name).where(User.id == known.user_id)).one()
    book.note_own(tx, "signed-in", user, ip=ip, agent=agent, method="passkey", passkey=known.name)
    return seats.begin(tx, user.id, "passkey", ip=ip, agent=agent)


@action
def _renew(tx: Tx, secret: str, known: Any, count: int, *, actor: Actor) -> str:
    _note_use(tx, known, count)
    book.note(tx, "proved", actor.user_id, actor=actor)
    return seats.renew(tx, secret)


def _note_use(tx: Tx, known: Any, count: int) -> None:
    """Keep the counter, if nobody has come by the same one meanwhile."""
    same = sa.and_(Passkey.id == known.id, Passkey.counter == known.counter)
    if (
        tx.execute(sa.update(Passkey).where(same).values(counter=count, used_at=tx.now)).rowcount
        == 0
    ):
        raise NotSignedIn(_UNKNOWN)


def _mine(passkey_id: str, actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    return Passkey.id == passkey_id, Passkey.user_id == actor.user_id


def _named(name: str) -> str:
    told = name.strip()
    if not told or len(told) > 60:
        raise Faulty.one("name", "Give it a name, in up to 60 letters: where it is kept.")
    return told
