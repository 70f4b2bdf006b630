"""Work changes hands: somebody is invited to it, with a link of their own, or it is given on.

Every change of hands begins a handoff: from then on a clock runs until somebody takes the work
up. What became of each is told by the ledger alone (``readings/handoffs.py``).
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.actor import Actor
from portal.db import Tx
from portal.definition.tree import PersonStep
from portal.engine import clocks, lifetimes, reminders, troubles
from portal.engine.rows import Asked, Person
from portal.engine.running import Running
from portal.ledger import record
from portal.ledger.catalogue import TaskDelegated, TaskReassigned
from portal.models import Link, Timer


def invite(running: Running, step: PersonStep, task: Asked, people: list[Person]) -> None:
    """Owe people the mail that asks them; those outside get a link of their own each."""
    running.links += [
        link_row(running, step, task, person) for person in people if person.kind == "external"
    ]
    # The same person may be given the same task again, later on.
    once = f"invite:{task.id}:{people[0].id}:{running.chain.head.seq}"
    ref = {"task": task.id, "people": [person.id for person in people]}
    running.chain.send("mail.invite", ref, once=once)


# The clock


def begin_clock(running: Running, step: PersonStep, task: Asked) -> None:
    """Have a handoff of a task begin now."""
    task.offered_at = running.now
    task.picked_up_at = task.missed_at = task.delegation = None
    task.pick_up_by = _pick_up_by(running, step, task)


def set_clock(running: Running, task: Asked) -> None:
    """Write down when somebody should have taken the task up, unless somebody has."""
    if task.pick_up_by is not None and task.picked_up_at is None:
        clocks.set_timer(running, task, "pick_up", task.handoff, task.pick_up_by, {})


def stop_clock(tx: Tx, task_id: str) -> None:
    """Nobody has to take the task up any more."""
    its = sa.delete(Timer).where(Timer.task_id == task_id, Timer.kind == "pick_up")
    tx.execute(its)


def _pick_up_by(running: Running, step: PersonStep, task: Asked) -> datetime | None:
    """Until when the task should be taken up; ``None`` where nothing is said of times.

    Half of the time to its due moment, unless the step says how long. Where that moment has
    passed already there is as much time as there was for the first of its people.
    """
    if step.pick_up is not None:
        zone = running.zone_of(running.person(task.participant_id))
        return step.pick_up.after(running.now, running.calendar, zone)
    if task.due_at is None:
        return None
    begins = running.now if task.due_at > running.now else task.opened_at
    left = task.due_at - begins
    return running.now + left / 2 if left.total_seconds() > 0 else None


# Giving on


def assignee(running: Running, task: Asked, actor: Actor) -> Person:
    """Whoever the actor is among those who may do the task; the first on somebody's behalf."""
    people = [running.person(id_) for id_ in task.people]
    for one in people if not actor.on_behalf else ():
        is_user = one.user_id is not None and one.user_id == actor.user_id
        if one.id == actor.id or is_user or (one.team_id and one.team_id in actor.team_ids):
            return one
    return people[0]


def hand_over(
    running: Running, step: PersonStep, task: Asked, person: Person, reason: str, actor: Actor
) -> None:
    """Give an open task to somebody else; the old links die, and both sides are told.

    What went wrong with it while the others had it needs nobody any more.
    """
    before = [running.person(id_) for id_ in task.people]
    unreachable = troubles.bounced(running, task.id)
    _end_links(running, task, before, "reassigned")
    task.participant_id, task.others = person.id, []
    _go_on(running, step, task, person, reason, actor)
    told = _told(task, before[0], person, reason)
    running.chain.add(TaskReassigned(**told), actor=actor)
    keys = {key for key in (person.user_id, person.email) if key}
    for one in before:
        # Whoever goes on with it gets a new link, and needs no word of the old one; and what
        # is sent where mails bounce would be the next exception.
        if not one.is_one_of(keys) and one.id not in unreachable:
            _tell(running, "mail.reassigned", task, one)


@dataclass(frozen=True, slots=True)
class PassedOn:
    """Somebody has another person do their task, for a reason.

    ``user`` is the member of staff who passed it on, where it was one.
    """

    by: Person
    to: Person
    reason: str
    user: str | None = None

    def noted(self) -> dict[str, Any]:
        """What the task keeps of it."""
        name = self.by.name or self.by.email
        ids = {"from": self.by.id, "to": self.to.id, "user": self.user}
        return {**ids, "name": name, "reason": self.reason}


def pass_on(
    running: Running, step: PersonStep, task: Asked, passed: PassedOn, actor: Actor
) -> None:
    """Put the person named in the place of one of those who may do a task.

    The links of that one die, and both are told; whoever else may do it still may.
    """
    _end_links(running, task, [passed.by], "delegated")
    people = [passed.to.id if one == passed.by.id else one for one in task.people]
    task.participant_id, *task.others = people
    task.passed_on = [*task.passed_on, passed.noted()]
    _go_on(running, step, task, passed.to, passed.reason, actor)
    told = _told(task, passed.by, passed.to, passed.reason)
    recorded = running.chain.add(TaskDelegated(**told), actor=actor)
    _tell(running, "mail.delegated", task, passed.by, seq=recorded.seq)


def _go_on(
    running: Running, step: PersonStep, task: Asked, person: Person, reason: str, actor: Actor
) -> None:
    """Begin the next handoff, to that person."""
    troubles.resolve_all(running, "reassign", reason, actor, task_id=task.id)
    first = running.person(task.participant_id)
    task.holder_id, task.team_id = first.user_id, first.team_id
    task.handoff += 1
    stop_clock(running.tx, task.id)
    begin_clock(running, step, task)
    set_clock(running, task)
    if task.asks_since or task.promised_on or task.declined_at or task.snoozed_on:
        # It was somebody else who said so.
        task.asks_since = task.blocked_since = task.declined_at = None
        task.promised_on = task.snoozed_on = None
        reminders.set_anew(running, step, task)
    running.keep_task(task)
    invite(running, step, task, [person])


def _end_links(running: Running, task: Asked, people: list[Person], why: str) -> None:
    theirs = Link.participant_id.in_([one.id for one in people])
    running.tx.execute(
        sa.update(Link)
        .where(Link.task_id == task.id, theirs, Link.revoked_at.is_(None))
        .values(revoked_at=running.now, revoked_reason=why)
    )


def _told(task: Asked, before: Person, person: Person, reason: str) -> dict[str, Any]:
    """What the event of a change of hands tells."""
    return {
        "step": task.step,
        "task": task.id,
        "from_participant": before.id,
        "to_participant": person.id,
        "pick_up_by": record.moment(task.pick_up_by) if task.pick_up_by else None,
        "from_person": before.told(),
        "person": person.told(),
        "reason": reason,
    }


def _tell(running: Running, kind: str, task: Asked, person: Person, **more: Any) -> None:
    """Owe somebody a word of a task that they no longer have."""
    running.chain.send(
        kind,
        {"task": task.id, "participant": person.id, **more},
        once=f"{kind.removeprefix('mail.')}:{task.id}:{person.id}:{running.chain.head.seq}",
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
