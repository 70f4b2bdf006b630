"""Carrying out what `decide` decides, until somebody has to act or the process ends."""

from portal.definition import facts as definition_facts
from portal.definition.expressions import ExpressionFailed
from portal.definition.tree import MessageStep, PersonStep, SetStep, Step
from portal.engine import asking, closing, troubles
from portal.engine.decide import Decision, End, Open, Skip, Stuck, decide
from portal.engine.rows import Person
from portal.engine.running import ENGINE, Running
from portal.ledger.catalogue import StepSkipped, ValuesSet

LINK = "\ue000"
"""Stands in the kept body of a message for the reader's own link."""


def advance(running: Running) -> None:
    """Go on with a process. Ends, since every turn gives one more step a current round."""
    while running.is_running:
        decision = decide(
            running.tree.steps, running.standing(), lambda step: _holds(running, step)
        )
        if decision is None or not _carry_out(running, decision):
            return


def _holds(running: Running, step: Step) -> bool:
    return step.when is None or step.when.truth(running.facts())


def _carry_out(running: Running, decision: Decision) -> bool:
    """Whether the process can go on from here."""
    match decision:
        case Stuck(step, sentence):
            _stop(running, "expression", step, sentence)
            return False
        case Skip(step):
            _skip(running, step)
        case Open(step):
            return _open(running, step)
        case End(state):
            closing.end_by_walk(running, state, None)
    return True


def _open(running: Running, step: Step) -> bool:
    try:
        if isinstance(step, PersonStep):
            asking.ask(running, step)
        elif isinstance(step, SetStep):
            _set(running, step)
        elif isinstance(step, MessageStep):
            _send(running, step)
    except ExpressionFailed as failed:
        _stop(running, "expression", step, failed.sentence)
        return False
    except asking.Nobody as nobody:
        _stop(running, "nobody", step, str(nobody))
        return False
    return True


def _stop(running: Running, kind: str, step: Step, sentence: str) -> None:
    troubles.open_trouble(running, kind, sentence, step=step.id)


def _skip(running: Running, step: Step) -> None:
    skipped = running.new_round(step.id, "skipped")
    skipped.answers = {}
    running.settle_round(skipped, None)
    running.chain.add(StepSkipped(step=step.id, round=skipped.round, why="condition"), actor=ENGINE)


def _set(running: Running, step: SetStep) -> None:
    """Compute all or nothing; a later value sees the earlier ones."""
    facts = running.facts()
    computed = {}
    for name, expression in step.assignments:
        value = expression.evaluate(facts)
        computed[name] = definition_facts.pack(value)
        facts = {**facts, "values": {**facts["values"], name: value}}
    done = running.new_round(step.id, "open")
    running.set_values(computed)
    running.chain.add(
        ValuesSet(
            step=step.id,
            names=list(computed),
            values={name: definition_facts.plain_json(value) for name, value in computed.items()},
        ),
        actor=ENGINE,
    )
    closing.end_round(running, done, "succeeded", {})


def _send(running: Running, step: MessageStep) -> None:
    """Owe everybody named the message, as it reads now."""
    people = [_recipient(running, role) for role in step.to]
    facts = {**running.facts(), "link": LINK}
    words = {
        "subject": " ".join(step.subject.render(facts, "plain").split()),
        "body": step.body.render(facts, "markdown"),
    }
    sent = running.new_round(step.id, "open")
    for person in people:
        running.chain.send(
            "mail.message",
            {"run": sent.id, "participant": person.id},
            once=f"message:{sent.id}:{person.id}",
        )
    closing.end_round(running, sent, "succeeded", words)


def _recipient(running: Running, role: str) -> Person:
    person = running.of_role(role)
    if person is None:
        raise asking.Nobody(f"Nobody is named yet for: {running.tree.roles[role].name}.")
    return person
