"""Somebody leaves: what is theirs goes to a successor, their account is closed.

Each process has a transaction of its own, so that hundreds of them hold up nobody; what an
interruption leaves undone is done by the same call again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import book, may, seats
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import leaving
from portal.engine.running import Running
from portal.errors import Conflict, Faulty, Unknown
from portal.models import (
    ApiToken,
    DefinitionRow,
    Participant,
    Process,
    StaffSession,
    Task,
    Team,
    TeamMember,
    Trouble,
    User,
)
from portal.models.people import WRITERS

AT_ONCE = 500  # processes


@dataclass(frozen=True, slots=True)
class HandedOver:
    """How many processes and definitions went over.

    ``kept`` are the tasks that the successor may not decide; ``is_more`` tells that there are
    further processes, which the same call again takes on.
    """

    processes: int
    definitions: int
    kept: Sequence[str] = ()
    is_more: bool = False


def hand_over(
    user_id: str, to: str, reason: str, *, secret: str | None = None, actor: Actor
) -> HandedOver:
    """Give all that a user answers for, plays and holds to another, whose address is ``to``.

    Definitions go over until their next version names somebody; system tokens act for the
    successor from now on. ``secret`` names the session where the account is closed with it.
    Raises Faulty at ``to`` and ``reason``; NotProved.
    """
    may.require(actor, "people")
    why = words("reason", reason, "Say in a sentence why.", longest=1000)
    leaver, successor = _people(user_id, to)
    _require_proof(secret, actor=actor)
    definitions = _hand_house(leaver, successor, why, actor=actor)
    with db.reading() as conn:
        ids = conn.execute(_processes_of(user_id).limit(AT_ONCE + 1)).scalars().all()
    kept: list[str] = []
    for id_ in ids[:AT_ONCE]:
        kept += _hand_process(id_, leaver, successor, why, actor=actor)
    return HandedOver(min(len(ids), AT_ONCE), definitions, kept, len(ids) > AT_ONCE)


def close(user_id: str, *, secret: str | None = None, actor: Actor) -> None:
    """Close somebody's account: sessions and tokens end at once, and nobody can write as them.

    Each open task that is left without anybody who can act has an exception then. ``secret`` is
    ``None`` where nobody sits at the desk. Raises Conflict for one's own account and for the last
    admin's; NotProved.
    """
    may.require(actor, "people")
    _require_proof(secret, actor=actor)
    _close(user_id, actor=actor)
    flag_left(user_id)


def flag_left(user_id: str) -> None:
    """Open an exception for each open task that nobody can do since this user can't any more."""
    with db.reading() as conn:
        ids = conn.execute(_tasks_left_by(user_id)).scalars().all()
    for id_ in ids:
        _flag(id_)


@action
def _require_proof(tx: Tx, secret: str | None, *, actor: Actor) -> None:
    seats.require_proof(tx, secret, actor)


@action
def _flag(tx: Tx, process_id: str) -> None:
    running = Running.load(tx, process_id)
    if running.is_running:
        leaving.flag(running)


@action
def _hand_house(tx: Tx, leaver: Any, successor: Any, reason: str, *, actor: Actor) -> int:
    """Definitions and system tokens; how many definitions those were."""
    tokens = sa.and_(
        ApiToken.user_id == leaver.id, ApiToken.is_system, ApiToken.revoked_at.is_(None)
    )
    tx.execute(sa.update(ApiToken).where(tokens).values(user_id=successor.id))
    # What was made for their own requests ends with them; whoever succeeds asks by their own.
    mine = sa.and_(
        DefinitionRow.owner_id == leaver.id,
        DefinitionRow.is_current,
        DefinitionRow.made_for.is_(None),
    )
    handed = {"handed_at": tx.now, "handed_by": actor.user_id, "handed_reason": reason}
    told = {"owner_id": successor.id, **handed}
    return tx.execute(sa.update(DefinitionRow).where(mine).values(told)).rowcount


@action
def _hand_process(
    tx: Tx, process_id: str, leaver: Any, successor: Any, reason: str, *, actor: Actor
) -> list[str]:
    return leaving.take_over(Running.load(tx, process_id), leaver, successor, reason, actor)


@action
def _close(tx: Tx, user_id: str, *, actor: Actor) -> None:
    if user_id == actor.user_id:
        raise Conflict("Nobody closes their own account.", "Ask another admin to do it.")
    # All admins, in one order: two who close each other's account can't both be right.
    admin = sa.and_(User.role == "admin", User.is_active)
    admins = tx.execute(sa.select(User.id).where(admin).order_by(User.id).with_for_update())
    if set(admins.scalars()) == {user_id}:
        raise Conflict("This is the only admin; make somebody else one first.")
    closed = sa.update(User).where(User.id == user_id).values(is_active=False)
    if tx.execute(closed).rowcount == 0:
        raise Unknown("There is nobody here of that name.")
    seats.end(tx, StaffSession.user_id == user_id)
    living = sa.and_(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None))
    tx.execute(sa.update(ApiToken).where(living).values(revoked_at=tx.now))
    book.note(tx, "account-closed", user_id, actor=actor)


def _people(user_id: str, to: str) -> tuple[Any, Any]:
    """The one who leaves and the one who follows; Unknown, or Faulty at ``to``."""
    email = to.strip().lower()
    who = sa.select(User.id, User.email, User.name, User.role, User.is_active)
    with db.reading() as conn:
        leaver = conn.execute(who.where(User.id == user_id)).first()
        successor = conn.execute(who.where(User.email == email)).first() if email else None
    if leaver is None:
        raise Unknown("There is nobody here of that name.")
    if successor is None:
        raise Faulty.one("to", "Choose who takes over.")
    if successor.id == leaver.id:
        raise Faulty.one("to", f"It is {leaver.name}’s already. Choose somebody else.")
    if not successor.is_active or successor.role not in WRITERS:
        raise Faulty.one("to", f"{successor.name} can’t be given work. Choose somebody else.")
    return leaver, successor


def _processes_of(user_id: str) -> Any:
    """The processes in which anything is this user's that a successor would take over."""
    running = sa.select(Process.id.label("id")).where(Process.state == "running")
    plays = sa.select(Participant.process_id).where(
        Participant.user_id == user_id, Participant.role.is_not(None)
    )
    holds = sa.select(Task.process_id).where(Task.holder_id == user_id, Task.state == "open")
    open_ones = sa.select(Trouble.process_id.label("id")).where(
        Trouble.owner_id == user_id, Trouble.state == "open"
    )
    found = sa.union(
        running.where(Process.owner_id == user_id),
        running.where(Process.id.in_(plays)),
        holds.with_only_columns(Task.process_id.label("id")),
        open_ones,
    ).subquery()
    return sa.select(found.c.id).order_by(found.c.id)


def _tasks_left_by(user_id: str) -> Any:
    """The processes with open tasks of this user, or of a team in which nobody can act."""
    able = sa.select(TeamMember.team_id).join(User, User.id == TeamMember.user_id)
    able = able.where(User.is_active, User.role.in_(WRITERS))
    empty = sa.select(Team.id).where(Team.id.not_in(able))
    plays = sa.select(Participant.id).where(Participant.user_id == user_id)
    left = sa.or_(
        Task.holder_id == user_id, Task.team_id.in_(empty), Task.participant_id.in_(plays)
    )
    query = sa.select(Task.process_id).where(Task.state == "open", left)
    return query.distinct().order_by(Task.process_id)
