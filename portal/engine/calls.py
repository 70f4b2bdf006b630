"""Calls of other systems: the request as it is at the opening, and what its answer brings."""

from typing import Any

from portal.definition import calls, facts
from portal.definition.tree import CallStep
from portal.engine import closing, troubles
from portal.engine.rows import Place, Round
from portal.engine.running import ENGINE, Running
from portal.ledger.catalogue import ValuesSet

EFFECT = "call.request"


def begin(running: Running, step: CallStep, scope: str) -> None:
    """Keep the request, so that every attempt is the same to the byte, and owe the call.

    Raises ExpressionFailed, with nothing changed, where the request can't be filled in.
    """
    request = calls.request(step, running.facts(scope))
    before = running.latest.get(Place(step.id, scope))
    begun = running.new_round(step.id, "open", scope)
    # What was saved for an item stands until the next answer is there.
    kept = dict(before.answers) if before is not None else {}
    begun.answers = {**kept, calls.REQUEST: request}
    running.chain.send(EFFECT, {"run": begun.id}, once=f"call:{begun.id}")


def end(running: Running, found: Round, saved: dict[str, Any]) -> None:
    """End the round of a call that succeeded, with what is saved of its answer."""
    if saved:
        _set(running, found, saved)
    # What is saved for an item belongs to it alone.
    closing.end_round(running, found, "succeeded", saved if found.scope else {})


def fail(running: Running, found: Round, sentence: str) -> None:
    """A call that will not be tried again by itself: somebody has to look."""
    again = {"kind": EFFECT, "ref": {"run": found.id}}
    troubles.open_trouble(
        running, "call", sentence, step=found.step, scope=found.scope, effect=again
    )


def _set(running: Running, found: Round, saved: dict[str, Any]) -> None:
    if not found.scope:
        running.set_values(saved)
    event = ValuesSet(
        step=found.step,
        scope=found.scope or None,
        names=list(saved),
        values={name: facts.plain_json(value) for name, value in saved.items()},
    )
    running.chain.add(event, actor=ENGINE)
