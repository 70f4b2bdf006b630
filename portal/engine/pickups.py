"""Staff take work up: from then on nobody waits for that, and of a team it is one member's."""

from portal.actor import Actor
from portal.definition.tree import ApprovalStep
from portal.engine import asking, handoffs
from portal.engine.rows import Asked
from portal.engine.running import Running
from portal.errors import Conflict
from portal.ledger.catalogue import TaskPickedUp


def take_up(running: Running, task: Asked, actor: Actor) -> None:
    """Note that somebody of the staff is at a task; a team's is theirs alone from now on.

    Again by the same person it changes nothing. Raises Conflict where a colleague has it, and
    NotYours for a second vote or for whoever took part in what is judged.
    """
    if task.team_id is None:
        if task.picked_up_at is not None:
            return
    elif task.holder_id == actor.user_id:
        return
    else:
        _claim(running, task, actor)
    task.picked_up_at = task.picked_up_at or running.now
    task.missed_at = None
    handoffs.stop_clock(running.tx, task.id)
    running.keep_task(task)
    running.chain.add(TaskPickedUp(step=task.step, task=task.id), actor=actor)


def _claim(running: Running, task: Asked, actor: Actor) -> None:
    """Have one member hold a team's task; the others, who were asked as well, are told."""
    if task.holder_id is not None:
        raise Conflict("Somebody else in the team has claimed this task already.")
    step = running.tree.step(task.step)
    if isinstance(step, ApprovalStep):  # or the work would lie with whoever may not do it
        asking.require_separate(running, step, task, actor)
        asking.require_own_vote(running, task, actor)
    task.holder_id = actor.user_id
    running.claims[task.id] = {"kind": "staff", "email": actor.email, "name": actor.name}
    ref = {"task": task.id, "holder": actor.user_id}
    running.chain.send("mail.claimed", ref, once=f"claimed:{task.id}:{task.handoff}")
