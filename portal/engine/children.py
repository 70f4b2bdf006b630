"""A process within a process: begun by a step, told to it when it ends, cancelled with it."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from portal.definition import facts as definition_facts
from portal.definition.expressions import ExpressionFailed
from portal.definition.tree import RunStep
from portal.engine import starting
from portal.engine.rows import Round
from portal.engine.running import ENGINE, Running
from portal.engine.starting import Parent
from portal.errors import Faulty
from portal.ledger.catalogue import RunStarted
from portal.models import Process

DEEPEST = 8


def begin(running: Running, step: RunStep, scope: str, advance: Callable[[Running], None]) -> None:
    """Start the process that a step runs, and let it go as far as it goes.

    Raises ExpressionFailed, with nothing changed, where it can't start.
    """
    depth = running.process["depth"] + 1
    if depth > DEEPEST:
        raise ExpressionFailed(f"Processes run each other more than {DEEPEST} deep.")
    inputs = _computed(running, step.inputs, scope)
    people = {
        role: _person(role, person)
        for role, person in _computed(running, step.participants, scope).items()
    }
    begun = running.new_round(step.id, "open", scope)
    parent = Parent(running.id, begun.id, depth)
    try:
        start = starting.prepare(
            running.tx,
            step.definition,
            inputs=inputs,
            participants=people,
            reference=running.process["reference"],
            actor=ENGINE,
            parent=parent,
        )
    except Faulty as fault:
        running.forget_round(begun)
        told = "; ".join(f"{one.at}: {one.message.rstrip('.')}" for one in fault.faults)
        raise ExpressionFailed(f"“{step.definition}” could not be started: {told}.") from fault
    begun.answers = {"process": start.process["id"]}
    running.chain.add(
        RunStarted(
            step=step.id, scope=scope or None, round=begun.round, process=start.process["id"]
        ),
        actor=ENGINE,
    )
    advance(starting.begin(running.tx, start, ENGINE, parent))


def _computed(running: Running, wanted: Any, scope: str) -> dict[str, Any]:
    facts = running.facts(scope)
    return {
        name: definition_facts.plain_json(definition_facts.pack(expression.evaluate(facts)))
        for name, expression in wanted
    }


def _person(role: str, person: Any) -> dict[str, Any]:
    if not isinstance(person, dict) or not person.keys() <= {"email", "name"}:
        raise ExpressionFailed(f"`participants.{role}` gives no person, expected {{email, name}}.")
    return person


def tell_parent(running: Running) -> None:
    """Owe the step that runs this process the word that it has ended."""
    run_id = running.process["parent_run_id"]
    if run_id is not None:
        running.chain.send("run.ended", {"run": run_id, "process": running.id}, once="run:ended")


def cancelled_with(running: Running, found: list[Round]) -> list[Running]:
    """The running children of rounds that are taken back, in hand."""
    ids = [
        one.answers.get("process")
        for one in found
        if isinstance(running.tree.step(one.step), RunStep)
    ]
    if not ids:
        return []
    query = sa.select(Process.id).where(Process.id.in_(ids), Process.state == "running")
    written = running.tx.execute(query.order_by(Process.id)).scalars().all()
    # One that was begun in this very transaction is not written yet.
    begun = [kept for one in ids if (kept := running.tx.kept.get((Running, one))) is not None]
    fresh = [kept for kept in begun if kept.is_running and kept.id not in written]
    return [*(Running.load(running.tx, child) for child in written), *fresh]
