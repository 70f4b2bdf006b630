"""Somebody leaves: what they answer for, play and hold in a process goes to their successor.

What is left without anybody who can act is an exception of its own, so that it is not found by
its silence.
"""

from typing import Any

import sqlalchemy as sa

from portal.actor import Actor
from portal.definition.tree import PersonStep
from portal.engine import casting, handoffs, successors, troubles
from portal.engine.rows import Asked
from portal.engine.running import Running
from portal.errors import Faulty
from portal.ledger.catalogue import ProcessOwnerChanged
from portal.models import Process, Trouble, User
from portal.models.people import WRITERS


def take_over(
    running: Running, leaver: Any, successor: Any, reason: str, actor: Actor
) -> list[str]:
    """Give all that ``leaver`` has here to ``successor`` (rows of users).

    The names of the tasks that stay where they are, since the successor may not decide them.
    """
    own(running, leaver, successor, reason, actor)
    if not running.is_running:
        return []
    if _play(running, leaver, successor, actor):
        troubles.resolve_all(running, "reassign", reason, actor, kind="nobody")
    kept = [
        task.name
        for task in running.open_tasks()
        if _is_held_by(running, task, leaver.id)
        and not _give(running, task, successor, reason, actor)
    ]
    flag(running)
    return kept


def own(running: Running, before: Any, after: Any, reason: str, actor: Actor) -> None:
    """Have ``after`` answer for the process, and for its open exceptions, where ``before`` did."""
    open_ones = sa.and_(
        Trouble.process_id == running.id, Trouble.state == "open", Trouble.owner_id == before.id
    )
    running.tx.execute(sa.update(Trouble).where(open_ones).values(owner_id=after.id))
    if running.process["owner_id"] != before.id:
        return
    running.process["owner_id"] = after.id
    this = sa.update(Process).where(Process.id == running.id)
    running.tx.execute(this.values(owner_id=after.id))
    running.chain.give_to(after.id)
    running.chain.add(
        ProcessOwnerChanged(
            owner=after.id,
            from_owner=before.id,
            person={"email": after.email, "name": after.name},
            from_person={"email": before.email, "name": before.name},
            reason=reason,
        ),
        actor=actor,
    )


def flag(running: Running) -> None:
    """Open an exception for each open task that nobody can do any more."""
    tasks = running.open_tasks()
    people = {id_: running.person(id_) for task in tasks for id_ in task.people}
    hands = casting.hands(running.tx, list(people.values()))
    for task in tasks:
        holder = _lost_holder(running, task)
        if holder is None and any(hands[id_] for id_ in task.people):
            continue
        who = holder or people[task.participant_id].name or "whoever had it"
        troubles.open_trouble(
            running,
            "nobody",
            f"Nobody can do “{task.name}” any more: {who} can’t act here now.",
            step=task.step,
            scope=task.scope,
            task=task.id,
        )


def _lost_holder(running: Running, task: Asked) -> str | None:
    """Who took a task for their team and can't act any more: the team has no hand on it."""
    if task.team_id is None or task.holder_id is None:
        return None
    row = running.tx.execute(
        sa.select(User.name, User.is_active, User.role).where(User.id == task.holder_id)
    ).one()
    return None if row.is_active and row.role in WRITERS else row.name


def _play(running: Running, leaver: Any, successor: Any, actor: Actor) -> bool:
    """Put the successor in each role that the leaver plays and may be theirs; whether any was."""
    roles = [one.role for one in running.people.values() if one.role and one.user_id == leaver.id]
    named = False
    for role in roles:
        try:
            successors.name(running, role, {"email": successor.email}, actor)
        except Faulty:  # a team's role, and the successor is not of the team
            continue
        named = True
    return named


def _is_held_by(running: Running, task: Asked, user: str) -> bool:
    """Whether nobody but this user has the task; one that others may do too needs no successor."""
    if task.others:
        return False
    return task.holder_id == user or running.person(task.participant_id).user_id == user


def _give(running: Running, task: Asked, successor: Any, reason: str, actor: Actor) -> bool:
    step = running.tree.step(task.step)
    person = running.of_address(successor.email) or casting.somebody(
        running.tx, running.process, None, successor.email, None
    )
    if not isinstance(step, PersonStep) or successors.barred(running, task, person) is not None:
        return False
    handoffs.hand_over(running, step, task, running.keep_person(person), reason, actor)
    return True
