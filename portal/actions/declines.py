"""“I won’t do this”: whoever has a task says so, with a reason, and its owner decides."""

import json

import sqlalchemy as sa

from portal.access import may
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import declines, handoffs
from portal.engine.rows import Asked, Person
from portal.engine.running import Running
from portal.errors import Conflict
from portal.language import gettext as _
from portal.language import mark
from portal.ledger.catalogue import TaskDeclined
from portal.ledger.tables import Entry

KINDS = ("form", "upload", "task")
"""Kinds of step that may be declined so; an approval is rejected, a signature has its own way."""
LONGEST = 2000  # letters; the owner is mailed it
_OTHERWISE = {
    "approval": mark("Reject it, and say why."),
    "sign": mark("Decline to sign, and say why."),
}


@action
def decline(tx: Tx, task_id: str, reason: str | None, *, actor: Actor) -> None:
    """Say that one will not do an open task: an exception of its owner's opens with the reason.

    The task stays open, so that it can be done after all. Again it changes nothing. Raises Faulty
    at ``reason``, and Conflict for kinds of step that have an answer of their own for this.
    """
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "reply")
    task = running.open_task(task_id)
    if task.kind not in KINDS:
        sentence = _("“%(name)s” has an answer of its own for this.", name=task.name)
        raise Conflict(sentence, _(_OTHERWISE[task.kind]))
    person = handoffs.assignee(running, task, actor)
    if _has_said_so(running, task, person):
        return
    why = words("reason", reason, _("Say in a sentence why."), longest=LONGEST)
    event = TaskDeclined(
        step=task.step, task=task.id, participant=person.id, person=person.told(), reason=why
    )
    recorded = running.chain.add(event, actor=actor)
    declines.stop(running, task, person, why)
    if person.kind == "external":
        ref = {"task": task.id, "participant": person.id, "seq": recorded.seq}
        running.chain.send("mail.declined", ref, once=f"declined:{task.id}:{recorded.seq}")


def _has_said_so(running: Running, task: Asked, person: Person) -> bool:
    """Whether this person, of those who may do the task, declined it since it was last asked."""
    if task.declined_at is None:
        return False
    said = sa.select(Entry.body).where(
        Entry.log == running.id,
        Entry.task == task.id,
        Entry.type == TaskDeclined.TYPE,
        Entry.at >= task.declined_at,
    )
    bodies = map(json.loads, running.tx.execute(said).scalars())
    return any(body["data"]["participant"] == person.id for body in bodies)
