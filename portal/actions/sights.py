"""Who may see the processes of a definition: restricting it, and letting people and teams in.

Whoever owns the definition, or the process, says so, or an admin. What is said of a definition is
written into the book, what is said of one process into its ledger, in the same transaction.
"""

from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import book, may
from portal.actor import Actor
from portal.db import Tx, action
from portal.errors import Conflict, Faulty, Unknown
from portal.ledger import record
from portal.ledger.catalogue import SightGranted, SightWithdrawn
from portal.models import DefinitionRow, Grant, Restriction, Team, User

_Row = sa.Row[*tuple[Any, ...]]


@action
def restrict(tx: Tx, key: str, *, actor: Actor) -> None:
    """Let only those see the definition's processes, of every version, whom they name.

    Unknown where there is no such definition. Said again it changes nothing.
    """
    row = _definition(tx, key, actor)
    told = {"key": key, "set_at": tx.now, "set_by": actor.user_id or actor.id}
    insert = tx.insert(Restriction).values(told).on_conflict_do_nothing(index_elements=["key"])
    if tx.execute(insert.returning(Restriction.key)).first() is not None:
        book.note(tx, "sight-restricted", None, actor=actor, definition=row.name, key=key)


@action
def open_to_all(tx: Tx, key: str, *, actor: Actor) -> None:
    """Let all staff see the definition's processes again. Said again it changes nothing.

    Whom somebody let in stays on the list, for when it is restricted once more.
    """
    row = _definition(tx, key, actor)
    if tx.execute(sa.delete(Restriction).where(Restriction.key == key)).rowcount:
        book.note(tx, "sight-opened", None, actor=actor, definition=row.name, key=key)


@action
def grant(tx: Tx, key: str, whom: str, *, actor: Actor) -> None:
    """Let somebody (by their address) or a team (by its name) see all the definition's processes.

    Faulty at ``whom``; Conflict while all staff see them anyway.
    """
    row = _definition(tx, key, actor)
    _require_restricted(tx, key)
    to = _found(tx, whom)
    if _let_in(tx, {"key": key, "process_id": None}, to, actor):
        told = {"definition": row.name, "key": key, "name": to.name, "to": to.id}
        book.note(tx, "sight-granted", to.user_id, actor=actor, **told)


@action
def withdraw(tx: Tx, key: str, grant_id: str, *, actor: Actor) -> None:
    """Let them see it no longer, unless something else lets them. Said again it changes nothing."""
    row = _definition(tx, key, actor)
    to = _shut_out(tx, grant_id, Grant.key == key)
    if to is not None:
        told = {"definition": row.name, "key": key, "name": to.name, "to": to.id}
        book.note(tx, "sight-withdrawn", to.user_id, actor=actor, **told)


@action
def grant_process(tx: Tx, process_id: str, whom: str, *, actor: Actor) -> None:
    """Let somebody (by their address) or a team (by its name) see one process.

    Faulty at ``whom``; Conflict while all staff see it anyway.
    """
    chain = record.open_chain(tx, process_id)
    row = may.process_for(tx, actor, process_id, "manage")
    _require_restricted(tx, row.key)
    to = _found(tx, whom)
    if _let_in(tx, {"key": None, "process_id": process_id}, to, actor):
        chain.add(SightGranted(to=to.id, person=_told(to)), actor=actor)


@action
def withdraw_process(tx: Tx, process_id: str, grant_id: str, *, actor: Actor) -> None:
    """Let them see it no longer, unless something else lets them. Said again it changes nothing."""
    chain = record.open_chain(tx, process_id)
    may.process_for(tx, actor, process_id, "manage")
    to = _shut_out(tx, grant_id, Grant.process_id == process_id)
    if to is not None:
        chain.add(SightWithdrawn(to=to.id, person=_told(to)), actor=actor)


def is_restricted(tx: Tx, key: str) -> bool:
    """Whether not all staff see the definition's processes."""
    return tx.execute(sa.select(Restriction.key).where(Restriction.key == key)).first() is not None


def _definition(tx: Tx, key: str, actor: Actor) -> _Row:
    """The current version, its row held; NotYours for whoever does not answer for it."""
    current = sa.and_(DefinitionRow.key == key, DefinitionRow.is_current)
    query = sa.select(DefinitionRow.__table__).where(current, DefinitionRow.made_for.is_(None))
    row = tx.execute(query.with_for_update()).first()
    if row is None:
        raise Unknown("There is no such definition.")
    may.require(actor, "manage", row)
    return row


def _require_restricted(tx: Tx, key: str) -> None:
    if not is_restricted(tx, key):
        raise Conflict("All staff see these processes. Restrict the definition first.")


def _found(tx: Tx, whom: str) -> _Row:
    """Who that is: ``id``, ``name``, ``email``, and ``user_id`` or ``team_id``."""
    text = whom.strip()
    none, is_user = sa.null().label("team_id"), User.email == text.lower()
    user = sa.select(User.id, User.name, User.email, User.id.label("user_id"), none)
    email, no_user = sa.null().label("email"), sa.null().label("user_id")
    team = sa.select(Team.id, Team.name, email, no_user, Team.id.label("team_id"))
    row = tx.execute(user.where(is_user, User.is_active)).first() if "@" in text else None
    row = row or tx.execute(team.where(Team.name == text)).first()
    if row is None:
        raise Faulty.one(
            "whom",
            f"Nobody of the staff and no team is called “{text}”."
            if text
            else "Give the e-mail address of a colleague, or the name of a team.",
        )
    return row


def _let_in(tx: Tx, what: dict[str, Any], to: _Row, actor: Actor) -> bool:
    """Write it down; False where they were let in already."""
    told = {"id": db.new_id(), **what, "user_id": to.user_id, "team_id": to.team_id}
    said = {"granted_at": tx.now, "granted_by": actor.user_id or actor.id}
    insert = tx.insert(Grant).values(**told, **said).on_conflict_do_nothing()
    return tx.execute(insert.returning(Grant.id)).first() is not None


def _shut_out(tx: Tx, grant_id: str, which: sa.ColumnElement[bool]) -> _Row | None:
    """Take it away; whom it was about, ``None`` where it was gone."""
    mine = sa.and_(Grant.id == grant_id, which)
    name = sa.func.coalesce(User.name, Team.name).label("name")
    query = (
        sa.select(Grant.user_id, Grant.team_id, name, User.email)
        .add_columns(sa.func.coalesce(Grant.user_id, Grant.team_id).label("id"))
        .select_from(Grant)
        .outerjoin(User, User.id == Grant.user_id)
        .outerjoin(Team, Team.id == Grant.team_id)
        .where(mine)
    )
    row = tx.execute(query).first()
    gone = tx.execute(sa.delete(Grant).where(mine)).rowcount
    return row if gone else None


def _told(to: _Row) -> dict[str, Any]:
    return {"name": to.name, "email": to.email} if to.email else {"name": to.name}
