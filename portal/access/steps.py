"""Sign-ins that are under way: begun, kept by the house, and good once."""

import secrets
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access.sessions import digest
from portal.db import Tx
from portal.errors import NotSignedIn
from portal.models import SignInStep

LASTS = timedelta(minutes=10)
TRIES = 5
_OVER = "This sign-in has been under way for too long, or was tried too often. Begin again."


def begin(tx: Tx, purpose: str, user_id: str | None, told: dict[str, Any]) -> str:
    """Keep what is under way; the secret for the browser."""
    secret = secrets.token_urlsafe(32)
    tx.execute(
        sa.insert(SignInStep).values(
            sha256=digest(secret), purpose=purpose, user_id=user_id, told=told, tries=0,
            expires_at=tx.now + LASTS,
        )
    )  # fmt: skip
    return secret


def attempt(secret: str | None, purpose: str) -> Any:
    """The row, one try of ``TRIES`` spent on it, which counts even where it fails.

    NotSignedIn where there is none or it is over.
    """
    with db.transaction() as tx:
        living = sa.and_(*_living(tx, secret, purpose), SignInStep.tries < TRIES)
        tried = sa.update(SignInStep).where(living).values(tries=SignInStep.tries + 1)
        row = tx.execute(tried.returning(*SignInStep.__table__.columns)).first()
    if row is None:
        raise NotSignedIn(_OVER)
    return row


def take(tx: Tx, secret: str | None, purpose: str) -> Any:
    """The row, which is gone then; NotSignedIn where there is none or it is over."""
    taken = sa.delete(SignInStep).where(*_living(tx, secret, purpose))
    row = tx.execute(taken.returning(*SignInStep.__table__.columns)).first()
    if row is None:
        raise NotSignedIn(_OVER)
    return row


def prune(tx: Tx) -> None:
    """Drop what is over."""
    tx.execute(sa.delete(SignInStep).where(SignInStep.expires_at <= tx.now))


def _living(tx: Tx, secret: str | None, purpose: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        SignInStep.sha256 == digest(secret or ""),
        SignInStep.purpose == purpose,
        SignInStep.expires_at > tx.now,
    )
