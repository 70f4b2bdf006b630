"""“This does not match reality”: said at a task, answered by whoever owns the definition."""

from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import may
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine.running import Running
from portal.errors import Conflict, Unknown
from portal.language import gettext as _
from portal.ledger.catalogue import DoubtRaised, DoubtSettled
from portal.models import DefinitionRow, Doubt

LONGEST = 4000  # letters; it is mailed to the other side
_TABLE = Doubt.__table__


@action
def tell(tx: Tx, task_id: str, text: str, *, nonce: str | None = None, actor: Actor) -> str:
    """Say what of a step does not match reality; its id. The definition's owner is told.

    By whoever may do the task outside, and by staff who may comment, also where it is closed.
    Raises Faulty at ``text``, and AlreadyRecorded where this page's (``nonce``) was recorded.
    """
    running = Running.of_task(tx, task_id)
    task = running.tasks.get(task_id)
    if task is None:
        raise Unknown(_("There is no such task."))
    if actor.kind == "participant":
        may.task_for(tx, actor, task_id, "speak")
    else:
        may.process_for(tx, actor, running.id, "comment")
    said = words("text", text, _("Write what is different in reality."), longest=LONGEST)
    id_ = db.new_id()
    event = DoubtRaised(
        step=task.step, task=task.id, scope=task.scope or None, doubt=id_, text=said
    )
    once = f"doubt:{task.id}:{nonce}" if nonce else None
    recorded = running.chain.add(event, actor=actor, once=once)
    row = {
        "id": id_, "key": running.process["key"], "version": running.process["version"],
        "process_id": running.id, "task_id": task.id,
        "participant_id": actor.id if actor.kind == "participant" else None,
        "user_id": actor.user_id if actor.kind != "participant" else None,
        "raised_at": tx.now, "raised_seq": recorded.seq,
    }  # fmt: skip
    tx.execute(sa.insert(Doubt), row)
    running.chain.send("mail.doubt", {"doubt": id_}, once=f"doubt:{id_}")
    return id_


@action
def settle(tx: Tx, doubt_id: str, answer: str, *, actor: Actor) -> None:
    """Tick off what somebody told, with what was changed or why not; whoever told it hears so.

    Raises Faulty at ``answer``, and Conflict where somebody did so before.
    """
    running = Running.of_task(tx, _known(tx, doubt_id).task_id)
    found = _known(tx, doubt_id)  # as it is now that nobody else writes
    may.require(actor, "manage", _definition(tx, found.key))
    if found.settled_at is not None:
        raise Conflict("This was answered already.")
    said = words("answer", answer, "Say what was changed, or why nothing is.", longest=LONGEST)
    task = running.tasks[found.task_id]
    event = DoubtSettled(
        step=task.step, task=task.id, scope=task.scope or None, doubt=doubt_id, answer=said
    )
    recorded = running.chain.add(event, actor=actor, once=f"doubt:{doubt_id}:settled")
    done = {"settled_at": tx.now, "settled_seq": recorded.seq}
    tx.execute(sa.update(Doubt).where(Doubt.id == doubt_id).values(done))
    if found.participant_id or found.user_id not in (None, actor.user_id):
        running.chain.send("mail.settled", {"doubt": doubt_id}, once=f"settled:{doubt_id}")


def _known(tx: Tx, doubt_id: str) -> Any:
    row = tx.execute(sa.select(*_TABLE.columns).where(_TABLE.c.id == doubt_id)).first()
    if row is None:
        raise Unknown("There is nothing of that kind here.")
    return row


def _definition(tx: Tx, key: str) -> Any:
    """The current version, whose owner answers for what is said of any."""
    columns = (DefinitionRow.owner_id, DefinitionRow.team_id)
    current = sa.and_(DefinitionRow.key == key, DefinitionRow.is_current)
    return tx.execute(sa.select(*columns).where(current)).one()
