"""“By Friday”: whoever has a task names a day of their own, and its reminders wait for that."""

from portal.access import may
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import handoffs, promises, reminders
from portal.engine.running import Running
from portal.ledger.catalogue import TaskPromised


@action
def promise(tx: Tx, task_id: str, day: str, *, actor: Actor) -> None:
    """Say by which day, ``YYYY-MM-DD``, an open task will be done; again to name another.

    Nobody is reminded before it, and the owner is told; the due moment and what follows from it
    stay. The same day again changes nothing. The owner and admins may do it on the assignee's
    behalf. Raises Faulty at ``day``.
    """
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "reply")
    task = running.open_task(task_id)
    step = running.tree.person_step(task.step)
    found = promises.named(running, step, task, day)
    if found == task.promised_on:
        return
    task.promised_on = found
    running.keep_task(task)
    reminders.set_anew(running, step, task)
    by = handoffs.assignee(running, task, actor)
    event = TaskPromised(
        step=task.step, task=task.id, participant=by.id, promised_on=found.isoformat(),
        person=by.told(),
    )  # fmt: skip
    recorded = running.chain.add(event, actor=actor)
    ref = {"task": task.id, "participant": by.id, "day": found.isoformat()}
    running.chain.send("mail.promise", ref, once=f"promise:{task.id}:{recorded.seq}")
