"""Browsers that came in by a link.

Their cookies hold a random secret; the database holds its SHA-256. A session lives by the
database alone, so that ending it takes effect with the next request. Staff have their own
(``seats.py``).
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock, db
from portal.actor import Actor
from portal.db import Tx
from portal.models import (
    BrowserSession,
    Link,
    Participant,
    Preference,
    Process,
    ProvedAddress,
    Question,
    SessionLink,
    Task,
)
from portal.models.links import needs_own_link

IDLE, ABSOLUTE = timedelta(hours=8), timedelta(hours=24)
_TOUCH_AFTER = timedelta(minutes=1)

Standing = Literal["alive", "over", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class Guest:
    """A participant in a browser that entered by a link, before one task.

    ``standing``: ``alive``; ``over`` (the session timed out, the link still opens one);
    ``revoked`` (``revoked_reason`` may say why) or ``expired`` (the link). ``task`` and
    ``process`` have the columns of their rows, ``person`` the participant's;
    ``task.thread`` is whose turn it is in what they and staff wrote about it (``staff``,
    ``outside``, ``none``), ``None`` where nothing was written; ``block`` where they can't go on
    until staff have answered.
    """

    session_id: str
    link_id: str
    generation: int
    handed_by: str | None
    handed_by_name: str | None
    standing: Standing
    revoked_reason: str | None
    person: Any
    task: Any
    process: Any

    def actor(self, *, ip: str | None, agent: str | None) -> Actor:
        """The participant as the one who acts, reached by their link."""
        return Actor(
            kind="participant",
            id=self.person.id,
            name=self.person.name or self.person.email or "Participant",
            email=self.person.email,
            via="page",
            auth=how_verified(self),
            link=self.link_id,
            link_generation=self.generation,
            handed_by=self.handed_by,
            handed_by_name=self.handed_by_name,
            ip=ip,
            agent=agent,
        )


def how_verified(link: Any) -> str:
    """What a link says of whoever comes by it; only one that was mailed tells of the mailbox."""
    return "link" if link.handed_by_name is None else "handed-link"


def digest(secret: str) -> str:
    """What the database keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


# Whose turn it is in what the person and staff wrote about the task; ``none`` where nobody's.
_THREAD = (
    sa.select(
        sa.case((Question.is_block, "block"), else_=sa.func.coalesce(Question.waits_on, "none"))
    )
    .where(Question.task_id == Task.id, Question.participant_id == Participant.id)
    .scalar_subquery()
)
_PERSON = [column for column in Participant.__table__.columns if column.key != "timezone"]
_GUEST = (
    sa.select(
        BrowserSession.id.label("session_id"),
        SessionLink.entered_at.label("session_entered_at"),
        BrowserSession.seen_at.label("session_seen_at"),
        BrowserSession.ended_at.label("session_ended_at"),
        SessionLink.generation.label("entered_generation"),
        needs_own_link().label("needs_own_link"),
        *(column.label(f"link_{column.key}") for column in Link.__table__.columns),
        *(column.label(f"person_{column.key}") for column in _PERSON),
        sa.func.coalesce(Preference.timezone, Participant.timezone).label("person_timezone"),
        Preference.language.label("person_language"),
        *(column.label(f"process_{column.key}") for column in Process.__table__.columns),
        *(column.label(f"task_{column.key}") for column in Task.__table__.columns),
        _THREAD.label("task_thread"),
    )
    .select_from(BrowserSession)
    .join(SessionLink, SessionLink.session_id == BrowserSession.id)
    .join(Link, Link.id == SessionLink.link_id)
    .join(Participant, Participant.id == Link.participant_id)
    .outerjoin(Preference, Preference.email == Participant.email)
    .join(Process, Process.id == Link.process_id)
    .join(Task, Task.process_id == Process.id)
    .where(BrowserSession.secret_sha256 == sa.bindparam("secret"), Task.id == sa.bindparam("task"))
)


def participant(conn: Connection, secret: str | None, task_id: str) -> Guest | None:
    """Who stands before a task in this browser; ``None`` where no link of theirs leads to it.

    One statement. Where several links of the browser do, a living one is taken, and one that was
    mailed before one that was handed out.
    """
    if not secret:
        return None
    found = conn.execute(_GUEST, {"secret": digest(secret), "task": task_id}).all()
    guests = [_guest(row) for row in found if _is_theirs(row)]
    guests.sort(key=lambda guest: (_BEST_FIRST.index(guest.standing), bool(guest.handed_by_name)))
    if not guests:
        return None
    seen_at: datetime = found[0].session_seen_at
    if guests[0].standing == "alive" and clock.now() - seen_at > _TOUCH_AFTER:
        _touch(guests[0].session_id)
    return guests[0]


_BEST_FIRST: tuple[Standing, ...] = ("alive", "over", "expired", "revoked")


def _is_theirs(row: sa.Row[Any]) -> bool:
    """Whether the task concerns the person: it is theirs, or was when their link was made."""
    return _may_do(row) or row.link_task_id == row.task_id


def _may_do(row: sa.Row[Any]) -> bool:
    return row.person_id in (row.task_participant_id, *row.task_others)


def _guest(row: sa.Row[Any]) -> Guest:
    parts: dict[str, dict[str, Any]] = {"person": {}, "process": {}, "task": {}}
    for name, value in row._mapping.items():  # noqa: SLF001 - SQLAlchemy’s public name for it
        part, _, column = name.partition("_")
        if part in parts:
            parts[part][column] = value
    return Guest(
        session_id=row.session_id,
        link_id=row.link_id,
        generation=row.link_generation,
        handed_by=row.link_handed_by,
        handed_by_name=row.link_handed_by_name,
        standing=_standing(row),
        revoked_reason=row.link_revoked_reason,
        person=SimpleNamespace(**parts["person"]),
        task=SimpleNamespace(**parts["task"]),
        process=SimpleNamespace(**parts["process"]),
    )


def _standing(row: sa.Row[Any]) -> Standing:
    now = clock.now()
    is_replaced = row.entered_generation != row.link_generation
    is_shut = row.needs_own_link and row.link_task_id != row.task_id
    if row.link_revoked_at is not None or is_replaced or is_shut or not _may_do(row):
        return "revoked"
    if row.link_expires_at <= now and row.task_state == "open":
        return "expired"
    is_over = (
        row.session_ended_at is not None
        or now - row.session_seen_at > IDLE
        or now - row.session_entered_at > ABSOLUTE
    )
    return "over" if is_over else "alive"


def links_of(conn: Connection, secret: str | None) -> list[str]:
    """The ids of the living links that a living browser session entered by."""
    if not secret:
        return []
    now = clock.now()
    query = (
        sa.select(Link.id)
        .join(SessionLink, SessionLink.link_id == Link.id)
        .join(BrowserSession, BrowserSession.id == SessionLink.session_id)
        .where(
            BrowserSession.secret_sha256 == digest(secret),
            Link.expires_at > now,
            *is_alive(now),
        )
    )
    return list(conn.execute(query).scalars())


def enter(tx: Tx, secret: str | None, link_id: str, generation: int) -> str:
    """Let a browser in by a link; the new secret for its cookie.

    Always a new session: whoever planted or copied the cookie that came gains nothing by this
    entry. Of the session that the cookie named this person's links come along, so that two of
    them in two tabs live side by side; nobody else's do, for a cookie is good for one person
    alone. The old session is left to end by itself: a form may be under way in it.
    """
    fresh, session_id = secrets.token_urlsafe(32), db.new_id()
    tx.execute(
        sa.insert(BrowserSession).values(
            id=session_id,
            secret_sha256=digest(fresh),
            started_at=tx.now,
            seen_at=tx.now,
            ended_at=None,
        )
    )
    entry = {"session_id": session_id, "link_id": link_id, "generation": generation}
    tx.execute(sa.insert(SessionLink).values(**entry, entered_at=tx.now))
    if secret:
        _bring_along(tx, secret, session_id, link_id)
    return fresh


def _bring_along(tx: Tx, secret: str, session_id: str, but: str) -> None:
    """Copy the same person's living links and their proof of the address.

    Each keeps the moment of its own entry.
    """
    columns = (SessionLink.link_id, SessionLink.generation, SessionLink.entered_at)
    whose = sa.select(Participant.email).join(Link, Link.participant_id == Participant.id)
    living = (
        sa.select(sa.literal(session_id), *columns)
        .join(BrowserSession, BrowserSession.id == SessionLink.session_id)
        .join(Link, Link.id == SessionLink.link_id)
        .join(Participant, Participant.id == Link.participant_id)
        .where(
            BrowserSession.secret_sha256 == digest(secret),
            *is_alive(tx.now),
            SessionLink.link_id != but,
            Participant.email == whose.where(Link.id == but).scalar_subquery(),
        )
    )
    names = ("session_id", *(column.key for column in columns))
    tx.execute(sa.insert(SessionLink).from_select(names, living))
    proofs = (
        sa.select(sa.literal(session_id), ProvedAddress.email, ProvedAddress.proved_at)
        .join(BrowserSession, BrowserSession.id == ProvedAddress.session_id)
        .where(BrowserSession.secret_sha256 == digest(secret), BrowserSession.ended_at.is_(None))
        .where(BrowserSession.seen_at > tx.now - IDLE)
        .where(ProvedAddress.email == whose.where(Link.id == but).scalar_subquery())
    )
    columns_of_proofs = ("session_id", "email", "proved_at")
    tx.execute(sa.insert(ProvedAddress).from_select(columns_of_proofs, proofs))


def is_alive(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Session in use, entered within the day, and by a link that was not replaced since."""
    return (
        BrowserSession.ended_at.is_(None),
        BrowserSession.seen_at > now - IDLE,
        SessionLink.entered_at > now - ABSOLUTE,
        SessionLink.generation == Link.generation,
        Link.revoked_at.is_(None),
    )


def _touch(session_id: str) -> None:
    """Note that the session is in use, once a minute at the most."""
    mine = BrowserSession.id == session_id
    with db.transaction() as tx:
        tx.execute(sa.update(BrowserSession).where(mine).values(seen_at=tx.now))


__all__ = ["Guest", "digest", "enter", "links_of", "participant"]
