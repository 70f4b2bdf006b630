"""Whether somebody may do the task in hand, asked by every verb that answers one."""

from portal.access import may
from portal.actor import Actor
from portal.engine.running import Running


def require_to_do(running: Running, task_id: str, actor: Actor) -> None:
    """Refuse whoever may not do the task, with Unknown, NotYours or LinkRevoked.

    What is in hand was read under the lock and is not read again; a link is, since it may have
    been revoked while its reader waited.
    """
    task = running.tasks.get(task_id)
    if task is None or actor.kind == "participant":
        may.task_for(running.tx, actor, task_id, "decide")
        return
    its = may.InHand(
        kind=task.kind,
        state=task.state,
        participant_id=task.participant_id,
        others=task.others,
        holder_id=task.holder_id,
        team_id=task.team_id,
        owner_id=running.process["owner_id"],
        owner_team_id=running.process["team_id"],
        assigned_user_id=running.person(task.participant_id).user_id,
    )
    may.require_to_do(running.tx, actor, its)
