"""Whether somebody may do the task in hand, asked by every verb that answers one."""

from portal.access import may
from portal.actor import Actor
from portal.db import Tx
from portal.engine.running import Running
from portal.errors import Unknown
from portal.language import gettext as _


def take_in_hand(tx: Tx, task_id: str, actor: Actor) -> Running:
    """The process of a task that the actor may do; Unknown, NotYours or LinkRevoked.

    All that decides it is read under the lock, the actor's link as well: it may have been revoked
    while its reader waited.
    """
    running = Running.of_task(tx, task_id, actor)
    task = running.tasks.get(task_id)
    told = _("There is no such task.")
    if task is None:
        raise Unknown(told)
    may.require_seen(tx, actor, running.process["id"], running.process["key"], told)
    its = may.InHand(
        id=task.id,
        kind=task.kind,
        state=task.state,
        participant_id=task.participant_id,
        others=task.others,
        holder_id=task.holder_id,
        team_id=task.team_id,
        owner_id=running.process["owner_id"],
        owner_team_id=running.process["team_id"],
        assigned_user_id=running.person(task.participant_id).user_id,
        **running.came_by._asdict(),
    )
    may.require_to_do(tx, actor, its)
    return running
