"""Work changes hands: somebody is invited to it, with a link of their own, or it is given on."""

import secrets
from typing import Any

import sqlalchemy as sa

from portal.actor import Actor
from portal.definition.tree import PersonStep
from portal.engine import lifetimes, troubles
from portal.engine.rows import Asked, Person
from portal.engine.running import Running
from portal.ledger.catalogue import TaskReassigned
from portal.models import Link


def invite(running: Running, step: PersonStep, task: Asked, people: list[Person]) -> None:
    """Owe people the mail that asks them; those outside get a link of their own each."""
    running.links += [
        link_row(running, step, task, person) for person in people if person.kind == "external"
    ]
    # The same person may be given the same task again, later on.
    once = f"invite:{task.id}:{people[0].id}:{running.chain.head.seq}"
    running.chain.send("mail.invite", {"task": task.id}, once=once)


def hand_over(
    running: Running, step: PersonStep, task: Asked, person: Person, reason: str, actor: Actor
) -> None:
    """Give an open task to somebody else; the old links die, and both sides are told.

    What went wrong with it while the others had it needs nobody any more.
    """
    troubles.resolve_all(running, "reassign", reason, actor, task_id=task.id)
    before = [running.person(id_) for id_ in task.people]
    running.tx.execute(
        sa.update(Link)
        .where(Link.task_id == task.id, Link.revoked_at.is_(None))
        .values(revoked_at=running.now, revoked_reason="reassigned")
    )
    task.participant_id, task.others = person.id, []
    task.holder_id, task.team_id = person.user_id, person.team_id
    task.picked_up_at = None
    running.keep_task(task)
    invite(running, step, task, [person])
    running.chain.add(
        TaskReassigned(
            step=task.step,
            task=task.id,
            from_participant=before[0].id,
            to_participant=person.id,
            from_person=before[0].told(),
            person=person.told(),
            reason=reason,
        ),
        actor=actor,
    )
    _tell_who_lost_it(running, task, before, person)


def _tell_who_lost_it(running: Running, task: Asked, before: list[Person], now: Person) -> None:
    """Owe everybody whose link ended a word of it; whoever goes on with it gets a new one."""
    keys = {key for key in (now.user_id, now.email) if key}
    for one in before:
        if not one.is_one_of(keys):
            running.chain.send(
                "mail.reassigned",
                {"task": task.id, "participant": one.id},
                once=f"reassigned:{task.id}:{one.id}:{running.chain.head.seq}",
            )


def link_row(running: Running, step: PersonStep, task: Asked, person: Person) -> dict[str, Any]:
    """A fresh link of a person to a task."""
    return {
        "id": secrets.token_hex(16), "process_id": running.id, "participant_id": person.id,
        "task_id": task.id, "generation": 1, "made_at": running.now,
        "expires_at": lifetimes.link_ends_at(running.tree, step.id, running.now),
        "revoked_at": None, "revoked_reason": None,
        "entered_at": None,
    }  # fmt: skip
