"""Carrying out what `decide` decides, until somebody has to act or the process ends."""

from collections.abc import Callable, Mapping

from portal import language
from portal.definition import facts as definition_facts
from portal.definition.expressions import ExpressionFailed
from portal.definition.scopes import chain, index, innermost, item
from portal.definition.tree import (
    BlockStep,
    CallStep,
    ChooseStep,
    EachStep,
    MessageStep,
    ParallelStep,
    PersonStep,
    RunStep,
    SetStep,
    Step,
    WaitStep,
    within,
)
from portal.engine import asking, calls, children, closing, troubles, waiting
from portal.engine.decide import Begin, Close, End, EndItem, walk
from portal.engine.rows import Person, Place
from portal.engine.running import ENGINE, Running
from portal.ledger.catalogue import BranchesOpened, StepSkipped, ValuesSet
from portal.models.troubles import Kind

LINK = "\ue000"
"""Stands in the kept body of a message for the reader's own link."""

MOST_ITEMS = 5_000


def advance(running: Running) -> None:
    """Go on with a process as far as it goes without anybody.

    What stands in the ledger and in exceptions is said in English, whoever opened the way.
    """
    with language.speaking(language.SOURCE):
        _go_on(running)


def _go_on(running: Running) -> None:
    if not running.is_running:
        return
    for decision in walk(running.tree.steps, running):
        match decision:
            case Begin(step, scope):
                _begin(running, step, scope)
            case EndItem(step, scope):
                _end_item(running, step, scope)
            case Close(step, scope):
                _close(running, step, scope)
            case End(state):
                closing.end_by_walk(running, state, None)


def _begin(running: Running, step: Step, scope: str) -> None:
    """Begin a round, or skip the step; where neither can be, an exception holds its place."""
    try:
        if step.when is not None and not step.when.truth(running.facts(scope)):
            _skip(running, step, scope)
        else:
            _open(running, step, scope)
    except ExpressionFailed as failed:
        _stop(running, "expression", step, scope, failed.sentence)
    except asking.Nobody as nobody:
        _stop(running, "nobody", step, scope, str(nobody))


def _open(running: Running, step: Step, scope: str) -> None:
    if isinstance(step, PersonStep):
        asking.ask(running, step, scope)
    else:
        _OPENS[type(step)](running, step, scope)


def _stop(running: Running, kind: Kind, step: Step, scope: str, sentence: str) -> None:
    running.stuck.add(Place(step.id, scope))
    troubles.open_trouble(running, kind, sentence, step=step.id, scope=scope)


def _skip(running: Running, step: Step, scope: str) -> None:
    skipped = running.new_round(step.id, "skipped", scope)
    skipped.answers = {}
    running.settle_round(skipped, None)
    event = StepSkipped(step=step.id, scope=scope or None, round=skipped.round, why="condition")
    running.chain.add(event, actor=ENGINE)


def _set(running: Running, step: SetStep, scope: str) -> None:
    """Compute all or nothing; a later value sees the earlier ones."""
    facts = running.facts(scope)
    computed = {}
    for name, expression in step.assignments:
        value = expression.evaluate(facts)
        computed[name] = definition_facts.pack(value)
        facts = {**facts, "values": {**facts["values"], name: value}}
    done = running.new_round(step.id, "open", scope)
    if not scope:
        running.set_values(computed)
    running.chain.add(
        ValuesSet(
            step=step.id,
            scope=scope or None,
            names=list(computed),
            values={name: definition_facts.plain_json(value) for name, value in computed.items()},
        ),
        actor=ENGINE,
    )
    # What is computed for an item belongs to it alone.
    closing.end_round(running, done, "succeeded", computed if scope else {})


def _send(running: Running, step: MessageStep, scope: str) -> None:
    """Owe everybody named the message, as it reads now; one mail each, whatever roles they play."""
    people = asking.each_once([_recipient(running, role) for role in step.to])
    facts = {**running.facts(scope), "link": LINK}
    words = {
        "subject": " ".join(step.subject.render(facts, "plain").split()),
        "body": step.body.render(facts, "markdown"),
    }
    sent = running.new_round(step.id, "open", scope)
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


# Blocks


def _side_by_side(running: Running, step: ParallelStep, scope: str) -> None:
    begun = running.new_round(step.id, "open", scope)
    _tell_of_branches(running, step, scope, begun.round, count=len(step.branches))


def _choose(running: Running, step: ChooseStep, scope: str) -> None:
    """Take the first branch whose condition holds."""
    facts = running.facts(scope)
    holds = (
        place
        for place, branch in enumerate(step.branches)
        if branch.when is None or branch.when.truth(facts)
    )
    chosen = next(holds, None)
    begun = running.new_round(step.id, "open", scope)
    begun.answers = {"branch": chosen}
    _tell_of_branches(running, step, scope, begun.round, chosen=chosen)


def _each(running: Running, step: EachStep, scope: str) -> None:
    """Begin an item for each value of the list; one that has run before stays as it is."""
    items = step.items.items(running.facts(scope))
    if len(items) > MOST_ITEMS:
        raise ExpressionFailed(
            f"`{step.items.source}` gives {len(items)} items, expected at most {MOST_ITEMS}."
        )
    packed = [definition_facts.pack(value) for value in items]
    begun = running.new_round(step.id, "open", scope)
    if begun.round > 1:
        _forget_items_past(running, step, scope, len(packed))
    begun.answers = {"count": len(packed), "done": 0}
    for place, value in enumerate(packed):
        one = running.new_round(step.id, "open", item(scope, step.id, place))
        one.answers = {"item": value}
    running.forget_facts()
    _tell_of_branches(running, step, scope, begun.round, count=len(packed))


def _forget_items_past(running: Running, step: EachStep, scope: str, count: int) -> None:
    """Items that the list no longer has do not stand any more, nor does what was done for them."""
    depth = len(chain(scope))
    for found in [*running.whole().rounds.values()]:
        around = chain(found.scope)
        if len(around) <= depth or around[depth - 1] != scope or found.state == "withdrawn":
            continue
        if innermost(around[depth]) == step.id and index(around[depth]) >= count:
            found.is_current = False
            running.keep_round(found)


def _tell_of_branches(
    running: Running,
    step: BlockStep,
    scope: str,
    round_: int,
    *,
    count: int | None = None,
    chosen: int | None = None,
) -> None:
    event = BranchesOpened(
        step=step.id,
        scope=scope or None,
        round=round_,
        kind=step.kind,
        count=count,
        chosen=None if chosen is None else chosen + 1,
    )
    running.chain.add(event, actor=ENGINE)


def _end_item(running: Running, step: EachStep, scope: str) -> None:
    """Count an item as done; its ``each`` is finished when enough of them are."""
    ended = running.rounds[Place(step.id, scope)]
    ended.state, ended.done_at = "done", running.now
    running.make_latest(ended)
    around = running.rounds[Place(step.id, scope.rpartition("/")[0])]
    around.answers = {**around.answers, "done": around.answers["done"] + 1}
    running.keep_round(around)


def _close(running: Running, step: BlockStep, scope: str) -> None:
    """Finish a block, and take back what of it is still open."""
    block = running.rounds[Place(step.id, scope)]
    if isinstance(step, EachStep) and block.answers["done"] < block.answers["count"]:
        running.whole()
    inside = closing.rounds_inside(running, step, scope)
    closing.withdraw_rounds(running, inside, "finished")
    troubles.free(running, {one.id for one in within((step,))}, scope)
    closing.end_round(running, block, "succeeded", block.answers)


_OPENS: Mapping[type[Step], Callable[..., None]] = {
    SetStep: _set,
    MessageStep: _send,
    CallStep: calls.begin,
    WaitStep: waiting.begin,
    ParallelStep: _side_by_side,
    ChooseStep: _choose,
    EachStep: _each,
    RunStep: lambda running, step, scope: children.begin(running, step, scope, advance),
}
