"""Answering a form."""

from typing import Any

from portal.actions import codes, permits
from portal.actions.codes import Proof, Unproved
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition import facts as definition_facts
from portal.definition.fields import FormSent, JsonSent
from portal.definition.tree import FormStep
from portal.engine import closing
from portal.engine.advance import advance
from portal.engine.rows import Round
from portal.engine.running import Running
from portal.errors import Fault, Faulty
from portal.ledger.catalogue import FormSubmitted


@action
def submit(
    tx: Tx,
    task_id: str,
    sent: FormSent | JsonSent,
    *,
    nonce: str | None = None,
    proof: Proof | None = None,
    actor: Actor,
) -> Unproved | None:
    """Take the answers to a form, or return what is missing before they count.

    Raises Faulty at field ids. The same page's answer again (``nonce``) changes nothing and is
    no fault.
    """
    running = permits.take_in_hand(tx, task_id, actor)
    task = running.task_to_do(task_id, nonce)
    if task is None:
        return None
    step = running.step_of(task, FormStep, "a form")
    begun = running.round_of(task)
    answers = _read(running, step, begun, sent)
    new = {name: answers[name] for name in begun.only or answers if name in answers}
    proved = codes.prove(running, task, actor, new, proof)
    if isinstance(proved, Unproved):
        return proved
    event = FormSubmitted(step=step.id, task=task.id, round=task.round, answers=new)
    closing.finish_task(
        running, task, event, outcome="completed", answers=new, nonce=nonce, actor=proved
    )
    closing.end_round(running, begun, "completed", answers)
    advance(running)
    return None


def _read(
    running: Running, step: FormStep, begun: Round, sent: FormSent | JsonSent
) -> dict[str, Any]:
    """Every field's answer; what is not asked again in this round stands."""
    entry = sent.read(
        step.fields,
        today=running.today,
        facts=running.facts(begun.scope) if definition_facts.are_needed(step.fields) else None,
        known=begun.answers,
        only=set(begun.only) or None,
    )
    if entry.faults:
        raise Faulty([Fault(at, sentence) for at, sentence in entry.faults.items()])
    return entry.values
