"""Whose browser it is, over all processes: the address that its links went to, proved or not.

A link lets its person at one process alone. For what belongs to others the mailbox has to be
reached once more, by a code: a link that was forwarded tells nothing of them.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock
from portal.access import sessions
from portal.models import BrowserSession, Link, Participant, Preference, ProvedAddress, SessionLink


@dataclass(frozen=True, slots=True)
class Visitor:
    """A living browser session and the one address that its links are for.

    ``has_digest``: its reminders come in one mail a day. ``language``: what is known of its reader.
    """

    session_id: str
    email: str
    is_proved: bool
    has_digest: bool = False
    language: str | None = None


def visitor(conn: Connection, secret: str | None) -> Visitor | None:
    """Who is in this browser; ``None`` where no link of theirs is alive. One statement."""
    if not secret:
        return None
    row = conn.execute(_query(), {"secret": sessions.digest(secret)}).first()
    if row is None:
        return None
    proved, digest = row.proved_at is not None, bool(row.has_digest)
    return Visitor(row.id, row.email, proved, digest, row.language)


def _query() -> Any:
    now = clock.now()
    proof = sa.and_(
        ProvedAddress.session_id == BrowserSession.id,
        ProvedAddress.email == Participant.email,
        ProvedAddress.proved_at > now - sessions.ABSOLUTE,
    )
    return (
        sa.select(
            BrowserSession.id,
            Participant.email,
            ProvedAddress.proved_at,
            Preference.has_digest,
            Preference.language,
        )
        .join(SessionLink, SessionLink.session_id == BrowserSession.id)
        .join(Link, Link.id == SessionLink.link_id)
        .join(Participant, Participant.id == Link.participant_id)
        .outerjoin(ProvedAddress, proof)
        .outerjoin(Preference, Preference.email == Participant.email)
        .where(
            BrowserSession.secret_sha256 == sa.bindparam("secret"),
            Participant.email.is_not(None),
            Link.expires_at > now,
            *sessions.is_alive(now),
        )
        # Its links are of one person; of the last that came in, should an address change since.
        .order_by(SessionLink.entered_at.desc(), SessionLink.link_id.desc())
        .limit(1)
    )
