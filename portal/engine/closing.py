"""Ending things: a task with its answer, a round with its outcome, a process with its state."""

from collections.abc import Sequence
from typing import Any, Literal

from portal.actor import Actor
from portal.definition.scopes import is_within
from portal.definition.tree import BlockStep, CallStep, RunStep, within
from portal.engine import children, troubles
from portal.engine.rows import Asked, Place, Round
from portal.engine.running import ENGINE, Running, doer
from portal.ledger.catalogue import (
    Event,
    ProcessCancelled,
    ProcessCompleted,
    ProcessRejected,
    StepCompleted,
    TaskExpired,
    TaskWithdrawn,
)
from portal.ledger.record import Recorded


def finish_task(
    running: Running,
    task: Asked,
    event: Event,
    *,
    outcome: str,
    answers: dict[str, Any],
    nonce: str | None,
    actor: Actor,
) -> Recorded:
    """Close a task with its answer; ``event`` is recorded once, whoever else tries."""
    recorded = running.chain.add(event, actor=actor, once=f"task:{task.id}:outcome")
    task.close("done", running.now)
    task.outcome, task.answers, task.nonce, task.done_by = outcome, answers, nonce, doer(actor)
    task.picked_up_at = task.picked_up_at or running.now
    task.done_seq, task.done_hash = recorded.seq, recorded.hash
    if task.team_id and actor.user_id:
        task.holder_id = actor.user_id
    running.keep_task(task)
    running.end_task_timers(task)
    if _gets_receipt(running, task, actor):
        running.chain.send("mail.receipt", {"task": task.id}, once=f"receipt:{task.id}")
    troubles.resolve_all(running, "complete", None, ENGINE, task_id=task.id)
    return recorded


def _gets_receipt(running: Running, task: Asked, actor: Actor) -> bool:
    """Whether somebody outside did it, or had it done on their behalf.

    Of several who may do a task the first is not always the one who did.
    """
    if actor.kind == "participant":
        return True
    people = [running.person(id_) for id_ in task.people]
    is_own = any(
        one.user_id == actor.user_id if one.user_id else one.team_id in actor.team_ids
        for one in people
    )
    return people[0].kind == "external" and not is_own


def end_round(running: Running, found: Round, outcome: str, answers: dict[str, Any]) -> None:
    """End a round with what it brought."""
    found.answers = answers
    running.settle_round(found, outcome)
    troubles.drop_proposals(running, (found.place,))
    running.chain.add(
        StepCompleted(
            step=found.step, scope=found.scope or None, round=found.round, outcome=outcome
        ),
        actor=ENGINE,
        once=f"run:{found.id}:end",
    )


def withdraw(running: Running, tasks: Sequence[Asked], why: str) -> None:
    """Take back tasks that are no longer needed; everybody concerned is told once."""
    told: set[str] = set()
    for task in tasks:
        running.chain.add(
            TaskWithdrawn(step=task.step, task=task.id, why=why),
            actor=ENGINE,
            once=f"task:{task.id}:outcome",
        )
        task.close("withdrawn", running.now)
        running.keep_task(task)
        running.end_task_timers(task)
        person = running.person(task.participant_id)
        if (person.email or person.id) not in told:
            told.add(person.email or person.id)
            running.chain.send(
                "mail.withdrawn", {"task": task.id, "why": why}, once=f"withdrawn:{task.id}"
            )
        troubles.resolve_all(running, "withdrawn", None, ENGINE, task_id=task.id)


def expire(running: Running, tasks: Sequence[Asked]) -> None:
    """Close tasks whose time has run out; everybody concerned is told."""
    for task in tasks:
        event = TaskExpired(step=task.step, task=task.id)
        running.chain.add(event, actor=ENGINE, once=f"task:{task.id}:outcome")
        task.close("expired", running.now)
        running.keep_task(task)
        running.end_task_timers(task)
        told = {"task": task.id, "why": "expired"}
        running.chain.send("mail.withdrawn", told, once=f"withdrawn:{task.id}")
        troubles.resolve_all(running, "complete", None, ENGINE, task_id=task.id)


def rounds_inside(running: Running, block: BlockStep, scope: str) -> list[Round]:
    """The open rounds of what stands inside a block that runs in ``scope``, items included."""
    inside = {one.id for branch in block.branches for one in within(branch.steps)} | {block.id}
    own = Place(block.id, scope)
    return [
        found
        for place, found in running.rounds.items()
        if place.step in inside
        and place != own
        and found.state == "open"
        and is_within(place.scope, scope)
    ]


def withdraw_rounds(running: Running, found: Sequence[Round], why: str) -> None:
    """Take back open rounds, and what people were asked in them."""
    for one in found:
        one.state, one.done_at = "withdrawn", running.now
        running.keep_round(one)
        running.end_timers(one)
        if isinstance(running.tree.step(one.step), CallStep | RunStep):
            where = {"step": one.step, "scope": one.scope}
            troubles.resolve_all(running, "withdrawn", None, ENGINE, **where)
    troubles.drop_proposals(running, {one.place for one in found})
    for child in children.cancelled_with(running, list(found)):
        reason = "The process that ran it no longer needs it."
        end_process(child, "cancelled", ProcessCancelled(reason=reason), ENGINE)
    ids = {one.id for one in found}
    withdraw(running, [task for task in running.open_tasks() if task.run_id in ids], why)


def end_process(
    running: Running,
    state: Literal["completed", "rejected", "cancelled"],
    event: Event,
    actor: Actor,
) -> None:
    """End the process; whatever is still open is withdrawn."""
    running.process.update(state=state, ended_at=running.now)
    running.chain.add(event, actor=actor, once="process:end")
    still_open = [one for one in running.whole().rounds.values() if one.state == "open"]
    withdraw_rounds(running, still_open, state)
    children.tell_parent(running)
    troubles.resolve_all(running, "cancel" if state == "cancelled" else "complete", None, ENGINE)


def end_by_walk(
    running: Running, state: Literal["completed", "rejected"], step: str | None
) -> None:
    """End a process as its definition says."""
    event = ProcessRejected(step=step) if state == "rejected" else ProcessCompleted()
    end_process(running, state, event, ENGINE)
