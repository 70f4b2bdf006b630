"""A sign-in from outside: whose it is here, by what the provider calls them and nothing else.

The e-mail address counts once, when somebody comes for the first time: it may change hands at
the provider, and the account here does not.
"""

import hmac
from typing import Any

import sqlalchemy as sa

from portal.access import book, may, seats, steps
from portal.actions import notices
from portal.actor import Actor
from portal.db import Tx, action
from portal.errors import NotSignedIn, Unknown
from portal.models import OutsideIdentity, User

_NOBODY = "Nobody here is known by that sign-in. An admin can add you by your e-mail address."
_OTHERS = "That address belongs to somebody who signs in another way. Ask an admin."


@action
def begin(tx: Tx, state: str, nonce: str, verifier: str) -> str:
    """Keep what the answer has to match; the secret for the browser."""
    return steps.begin(tx, "outside", None, {"state": state, "nonce": nonce, "verifier": verifier})


@action
def take(tx: Tx, step: str | None, state: str) -> tuple[str, str]:
    """The nonce and verifier of a sign-in that comes back, once; NotSignedIn."""
    told = steps.take(tx, step, "outside").told
    if not hmac.compare_digest(told["state"].encode(), state.encode()):
        raise NotSignedIn("That is the answer to another sign-in. Begin again.")
    return told["nonce"], told["verifier"]


@action
def enter(
    tx: Tx, issuer: str, subject: str, email: str | None, *, ip: str | None, agent: str | None
) -> str:
    """The secret of a new session of whoever that is; NotSignedIn.

    ``email`` is ``None`` where the provider does not say that it was verified.
    """
    user = _known(tx, issuer, subject) or _bound(tx, issuer, subject, email)
    if not user.is_active:
        raise NotSignedIn(_NOBODY)
    method = f"oidc:{issuer}"
    book.note_own(tx, "signed-in", user, ip=ip, agent=agent, method=method)
    return seats.begin(tx, user.id, method, ip=ip, agent=agent)


@action
def forget(tx: Tx, user_id: str, secret: str, *, actor: Actor) -> None:
    """Have somebody's sign-in from outside open the door no more; their sessions end."""
    may.require(actor, "people")
    seats.require_proof(tx, secret, actor)
    gone = sa.delete(OutsideIdentity).where(OutsideIdentity.user_id == user_id)
    if tx.execute(gone).rowcount == 0:
        raise Unknown("They have no sign-in from outside.")
    if user_id != actor.user_id:
        seats.end(tx, *seats.of(user_id))
    book.note(tx, "outside-removed", user_id, actor=actor)


def _known(tx: Tx, issuer: str, subject: str) -> Any:
    query = sa.select(User.id, User.name, User.is_active).join(
        OutsideIdentity, OutsideIdentity.user_id == User.id
    )
    mine = (OutsideIdentity.issuer == issuer, OutsideIdentity.subject == subject)
    return tx.execute(query.where(*mine)).first()


def _bound(tx: Tx, issuer: str, subject: str, email: str | None) -> Any:
    """Whoever has that address, bound to this subject from now on."""
    query = sa.select(User.id, User.name, User.is_active).where(User.email == email)
    user = tx.execute(query).first() if email else None
    if user is None or not user.is_active:
        raise NotSignedIn(_NOBODY)
    row = {"issuer": issuer, "subject": subject, "user_id": user.id, "bound_at": tx.now}
    new = tx.insert(OutsideIdentity).values(**row).on_conflict_do_nothing()
    if tx.execute(new.returning(OutsideIdentity.user_id)).first() is None:
        raise NotSignedIn(_OTHERS)
    who = Actor(kind="staff", id=user.id, name=user.name, user_id=user.id, via="page", auth="none")
    notices.note(tx, "outside-bound", user.id, actor=who, issuer=issuer)
    return user
