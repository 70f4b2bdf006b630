"""“Remind me on Thursday”: whoever has a task says when they want to hear of it again."""

from portal.access import may
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import handoffs, promises, reminders
from portal.engine.running import Running
from portal.ledger.catalogue import TaskSnoozed


@action
def snooze(tx: Tx, task_id: str, day: str, *, actor: Actor) -> None:
    """Have nobody reminded of an open task before a day, ``YYYY-MM-DD``, and then once.

    Those that come later go out as they would have. The same day again changes nothing. Raises
    Faulty at ``day``.
    """
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "reply")
    task = running.open_task(task_id)
    step = running.tree.person_step(task.step)
    found = promises.named(running, step, task, day)
    if found == task.snoozed_on:
        return
    task.snoozed_on = found
    running.keep_task(task)
    reminders.set_anew(running, step, task)
    person = handoffs.assignee(running, task, actor)
    event = TaskSnoozed(
        step=task.step, task=task.id, participant=person.id, snoozed_on=found.isoformat()
    )
    running.chain.add(event, actor=actor)
