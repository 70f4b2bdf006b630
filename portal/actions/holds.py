"""Legal holds: what must not be erased, by nobody and by no clock, until somebody lifts it."""

from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import book, may
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.values import is_email
from portal.errors import Conflict, Faulty, Unknown
from portal.ledger import record
from portal.ledger.catalogue import HoldLifted, HoldPlaced
from portal.models import DefinitionRow, Hold, addresses

_LONGEST = 500  # letters of a reason
_WHY = "Say why: whoever wants to erase reads it."


@action
def on_process(tx: Tx, process_id: str, reason: str, *, actor: Actor) -> str:
    """Hold one process; the hold's id. By its owner or an admin; Conflict where one stands."""
    chain = record.open_chain(tx, process_id)
    may.process_for(tx, actor, process_id, "hold")
    why = _reason(reason)
    id_ = _place(tx, {"process_id": process_id}, why, actor)
    chain.add(HoldPlaced(hold=id_, reason=why), actor=actor, once=f"hold:{id_}")
    return id_


@action
def on_definition(tx: Tx, key: str, reason: str, *, actor: Actor) -> str:
    """Hold every process of a definition, those to come too; by its owner or an admin."""
    its = sa.select(DefinitionRow.owner_id, DefinitionRow.team_id).where(DefinitionRow.key == key)
    row = tx.execute(its.where(DefinitionRow.is_current)).first()
    if row is None:
        raise Faulty.one("definition", "There is no definition of this key.")
    may.require(actor, "hold", row)
    return _place(tx, {"definition": key}, _reason(reason), actor)


@action
def on_person(tx: Tx, email: str, reason: str, *, actor: Actor) -> str:
    """Hold every process that an outside person takes part in; by an admin."""
    may.require(actor, "hold")
    address = addresses.plain(email)
    if not is_email(address):
        raise Faulty.one("email", "Enter an e-mail address, such as ann@sea.example.")
    return _place(tx, {"email": address}, _reason(reason), actor)


@action
def lift(tx: Tx, hold_id: str, reason: str, *, actor: Actor) -> None:
    """End a hold; its reason and whom it was on go with it. Conflict where it was lifted before.

    By whoever put it there, while they answer for what it is on, or by an admin.
    """
    row = tx.execute(sa.select(Hold.__table__).where(Hold.id == hold_id)).first()
    if row is None:
        raise Unknown("There is no such hold.")
    chain = None
    if row.process_id is not None:
        chain = record.open_chain(tx, row.process_id)
        may.process_for(tx, actor, row.process_id, "hold")
    else:
        may.require(actor, "hold", _definition(tx, row.definition))
    if row.placed_by != actor.user_id:
        # An owner must not clear the way for the clock: others rely on the hold, against them too.
        may.require(actor, "lift")
    why = _reason(reason)
    values = {"lifted_at": tx.now, "lifted_by": actor.user_id, "reason": None, "email": None}
    standing = sa.and_(Hold.id == hold_id, Hold.lifted_at.is_(None))
    if tx.execute(sa.update(Hold).where(standing).values(values)).rowcount == 0:
        raise Conflict("This hold was lifted already.")
    if chain is not None:
        chain.add(HoldLifted(hold=hold_id, reason=why), actor=actor, once=f"hold:{hold_id}:end")
    book.note(tx, "hold-lifted", None, actor=actor, hold=hold_id, on=_on(row))


def _place(tx: Tx, on: dict[str, str], reason: str, actor: Actor) -> str:
    row: dict[str, Any] = {
        "id": db.new_id(), **dict.fromkeys(("process_id", "definition", "email")), **on,
        "reason": reason, "placed_by": actor.user_id or actor.id, "placed_at": tx.now,
        "lifted_by": None, "lifted_at": None,
    }  # fmt: skip
    placed = tx.insert(Hold).values(row).on_conflict_do_nothing().returning(Hold.__table__)
    hold = tx.execute(placed).first()
    if hold is None:
        raise Conflict("A legal hold stands on it already.")
    book.note(tx, "hold-placed", None, actor=actor, hold=hold.id, on=_on(hold))
    return str(hold.id)


def _reason(text: str) -> str:
    told = " ".join(text.split())
    if not told or len(told) > _LONGEST:
        raise Faulty.one("reason", _WHY if not told else f"Use at most {_LONGEST} characters.")
    return told if told.endswith((".", "!", "?")) else f"{told}."


def _definition(tx: Tx, key: str | None) -> Any:
    its = sa.select(DefinitionRow.owner_id, DefinitionRow.team_id).where(
        DefinitionRow.key == key, DefinitionRow.is_current
    )
    return tx.execute(its).first()


def _on(row: Any) -> str:
    if row.process_id is not None:
        return "process"
    return "definition" if row.definition is not None else "person"
