"""Whether a definition still matches reality: its owner is asked now and then, and confirms."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import may
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.tree import Definition
from portal.engine.running import work_calendar
from portal.errors import Unknown
from portal.ledger import outbox
from portal.models import DefinitionReview, DefinitionRow, trees


@action
def confirm(tx: Tx, key: str, *, actor: Actor) -> None:
    """Say that the current version still matches reality; the next review counts from now."""
    row = _current(tx, key, actor)
    review_at = next_review(trees.tree(tx.conn, row.id), tx.now)
    told = {"confirmed_at": tx.now, "confirmed_by": actor.user_id, "review_at": review_at}
    tx.execute(sa.update(DefinitionRow).where(DefinitionRow.id == row.id).values(told))
    _note(tx, row, actor, holds=True)


@action
def outdate(tx: Tx, key: str, note: str, *, actor: Actor) -> None:
    """Say that the current version no longer matches reality, and what does not.

    It stands with the definition until one is published or confirmed that does. Raises Faulty at
    ``note``.
    """
    said = words("note", note, "Say in a sentence what no longer matches.")
    _note(tx, _current(tx, key, actor), actor, holds=False, note=said)


def _current(tx: Tx, key: str, actor: Actor) -> Any:
    current = sa.and_(DefinitionRow.key == key, DefinitionRow.is_current)
    row = tx.execute(sa.select(DefinitionRow.__table__).where(current).with_for_update()).first()
    if row is None:
        raise Unknown("There is no such definition.")
    may.require(actor, "manage", row)
    return row


def _note(tx: Tx, row: Any, actor: Actor, *, holds: bool, note: str = "") -> None:
    said = {
        "id": db.new_id(), "key": row.key, "version": row.version, "holds": holds, "note": note,
        "said_by": actor.user_id, "said_by_name": actor.name, "said_at": tx.now,
    }  # fmt: skip
    tx.execute(sa.insert(DefinitionReview), said)


@action
def ask(tx: Tx) -> int:
    """Owe a mail to the owner of each definition whose review is due; how many those are.

    Once for each review: moving its moment on and owing the mail are one step. Reviews missed
    together are one.
    """
    due = sa.select(DefinitionRow.id, DefinitionRow.review_at).where(
        DefinitionRow.is_current, DefinitionRow.review_at <= tx.now
    )
    return sum(_ask(tx, row) for row in tx.execute(due).all())


def next_review(tree: Definition, since: datetime) -> datetime | None:
    """When the owner is asked after a version was published or confirmed; ``None`` for never."""
    if tree.review_every is None:
        return None
    calendar = work_calendar(tree)
    return tree.review_every.after(since, calendar, calendar.timezone)


def _ask(tx: Tx, row: Any) -> bool:
    tree = trees.tree(tx.conn, row.id)
    later = next_review(tree, row.review_at)
    if later is not None and later <= tx.now:
        later = next_review(tree, tx.now)
    mine = sa.and_(DefinitionRow.id == row.id, DefinitionRow.review_at == row.review_at)
    moved = tx.execute(sa.update(DefinitionRow).where(mine).values(review_at=later))
    once = f"review:{row.id}:{row.review_at.timestamp()}"
    owed = outbox.row("mail.review", {"definition": row.id}, once=once, process_id=None, now=tx.now)
    outbox.put(tx, [owed] if moved.rowcount else [])
    return bool(moved.rowcount)
