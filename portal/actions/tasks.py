"""What is done with a task apart from its answer: tick, claim, remind, hand to somebody else."""

from collections.abc import Collection, Mapping
from typing import Any

from portal.access import may
from portal.actions import codes, permits
from portal.actions.codes import Proof, Unproved
from portal.actions.repeats import Repeat, keep_answer
from portal.actions.wording import remark, words
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.tree import PersonStep, TaskStep
from portal.engine import closing, handoffs, pickups, successors
from portal.engine.advance import advance
from portal.engine.rows import Asked, Person
from portal.engine.running import Running
from portal.errors import Conflict, Fault, Faulty, together
from portal.language import gettext as _
from portal.ledger.catalogue import ReminderAsked, TaskDone

ASKED_FOR = "asked for by staff"


@action
def tick(
    tx: Tx,
    task_id: str,
    note: str | None = None,
    ticked: Collection[int] | None = None,
    *,
    nonce: str | None = None,
    proof: Proof | None = None,
    actor: Actor,
) -> Unproved | None:
    """Tick off a to-do, or return what is missing before it counts.

    ``ticked`` are the places (from 0) of its checklist; ``None`` is all. Raises Faulty at
    ``item-N`` (from 1) for what is not ticked, and at ``note``. The same page's answer again
    changes nothing and is no fault.
    """
    running = permits.take_in_hand(tx, task_id, actor)
    task = running.task_to_do(task_id, nonce)
    if task is None:
        return None
    step = running.step_of(task, TaskStep, "a to-do")
    words, _ticked = together(lambda: remark("note", note), lambda: _require_ticked(step, ticked))
    answers = {"note": words}
    proved = codes.prove(running, task, actor, answers, proof)
    if isinstance(proved, Unproved):
        return proved
    event = TaskDone(step=step.id, task=task.id, note=words)
    closing.finish_task(
        running, task, event, outcome="completed", answers=answers, nonce=nonce, actor=proved
    )
    closing.end_round(running, running.round_of(task), "completed", answers)
    advance(running)
    return None


@action
def claim(tx: Tx, task_id: str, *, actor: Actor) -> None:
    """Take a team's task: it is now held by one member."""
    running = permits.take_in_hand(tx, task_id, actor)
    task = running.open_task(task_id)
    if task.team_id is None or actor.user_id is None:
        raise Conflict("Only a task that was offered to a team can be claimed.")
    pickups.take_up(running, task, actor)


@action
def remind(tx: Tx, task_id: str, *, repeat: Repeat | None = None, actor: Actor) -> None:
    """Have a reminder go out now, beside those of the definition; once a second at the most.

    That it was asked for is recorded at once, with who did it and in whose place: the mail itself
    is the portal's. AlreadyRecorded where ``repeat`` was answered before.
    """
    running = Running.of_task(tx, task_id)
    keep_answer(tx, repeat, running.process["id"])
    may.task_for(tx, actor, task_id, "manage")
    task = running.open_task(task_id)
    running.chain.add(ReminderAsked(step=task.step, task=task.id), actor=actor)
    running.chain.send(
        "mail.reminder",
        {"task": task.id, "rung": None, "label": ASKED_FOR},
        once=f"remind:{task.id}:by-hand:{int(running.now.timestamp())}",
    )


@action
def reassign(
    tx: Tx,
    task_id: str,
    to: Mapping[str, Any],
    reason: str,
    *,
    repeat: Repeat | None = None,
    actor: Actor,
) -> None:
    """Hand an open task to somebody else, ``{email, name}``; the old links die with it.

    Raises Faulty at ``to.email`` and ``reason``; AlreadyRecorded where ``repeat`` was answered
    before.
    """
    running = Running.of_task(tx, task_id)
    keep_answer(tx, repeat, running.process["id"])
    may.task_for(tx, actor, task_id, "manage")
    task = running.open_task(task_id)
    step = running.tree.step(task.step)
    if not isinstance(step, PersonStep):
        raise Conflict("This step is not done by a person.")
    person, why = together(
        lambda: _another(running, task, to),
        lambda: words("reason", reason, "Say in a sentence why."),
    )
    handoffs.hand_over(running, step, task, person, why, actor)


def _another(running: Running, task: Asked, to: Mapping[str, Any]) -> Person:
    """The person ``{email, name}``, who does not have the task yet."""
    if running.person(task.participant_id).email == successors.address_of(to):
        raise Faulty.one("to.email", "This person has the task already.")
    return successors.by_address(running, task, to)


def _require_ticked(step: TaskStep, ticked: Collection[int] | None) -> None:
    faults = [
        Fault(f"item-{place + 1}", _("Tick this too, once it is done."))
        for place in range(len(step.checklist))
        if ticked is not None and place not in ticked
    ]
    if faults:
        raise Faulty(faults)
