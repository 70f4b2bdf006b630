"""The way back: which steps run again, and what their new rounds are told.

A step that has to run again loses its current round; the walk then begins the next one. What
was sent before stays in the history and is filled in.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from portal.actor import Actor
from portal.definition import scopes, ways
from portal.definition.fields import visible
from portal.definition.tree import (
    ApprovalStep,
    BlockStep,
    Definition,
    EachStep,
    FormStep,
    PersonStep,
    ReturnTo,
    Step,
    UploadStep,
)
from portal.engine import closing, troubles
from portal.engine.decide import after
from portal.engine.rows import Place, Round
from portal.engine.running import ENGINE, Running
from portal.ledger.catalogue import StepReturned


class Item(NamedTuple):
    """A field or document that a reviewer can mark."""

    step: str
    id: str

    def __str__(self) -> str:
        return f"{self.step}.{self.id}"


def markable(running: Running, step: ApprovalStep, scope: str) -> list[Item]:
    """What a request for changes may mark: what the steps shown brought, as far as it goes back."""
    return [
        item
        for one in ways.can_mark(running.tree, step)
        if (place := Place(*ways.beside(running.tree, one.id, scope))) in running.rounds
        and running.rounds[place].state == "done"
        for item in items_of(one)
    ]


def items_of(step: Step) -> list[Item]:
    """The fields or documents of a step; other kinds have none."""
    if isinstance(step, FormStep):
        return [Item(step.id, field.id) for field in step.fields]
    if isinstance(step, UploadStep):
        return [Item(step.id, document.id) for document in step.documents]
    return []


def read_items(allowed: Sequence[Item], sent: Sequence[str]) -> list[Item]:
    """Marked items by ``STEP.ID``, or by bare id where unique; ValueError with the unknown one."""
    found = []
    for text in dict.fromkeys(sent):
        fitting = [item for item in allowed if text in (str(item), item.id)]
        if len(fitting) != 1:
            raise ValueError(text)
        found.append(fitting[0])
    return found


def again_from(
    running: Running,
    last: Place,
    to: str,
    reason: str,
    actor: Actor,
    items: Sequence[Item] = (),
) -> None:
    """Have all from step ``to`` up to ``last``, how far its list has come, run again.

    With ``items`` only they are asked again, and what has nothing to do with them stands.
    """
    found, step = running.rounds.get(last), running.tree.step(last.step)
    if found is not None and found.state == "open":
        inside = _inside(running, step, last.scope)
        closing.withdraw_rounds(running, [found, *inside], "returned")
    begun = asking(running, step, last.scope, to, reason)
    if last.step == to:  # its next round takes the place of the one that would tell why
        running.reasons[begun.place] = reason
    send_back(running, begun, to, items=items, comment=reason, why="reopened", actor=actor)


def _inside(running: Running, step: Step, scope: str) -> list[Round]:
    return closing.rounds_inside(running, step, scope) if isinstance(step, BlockStep) else []


def asking(running: Running, step: Step, scope: str, to: str, reason: str) -> Round:
    """A round that stands for somebody who sends work back from a step.

    It is withdrawn as it begins, keeps its number, and the reason for whoever is asked again.
    """
    begun = running.new_round(step.id, "withdrawn", scope)
    begun.answers = {"return_to": to, "comment": reason}
    begun.done_at = running.now
    return begun


def send_back(
    running: Running,
    asking: Round,
    to: str,
    *,
    items: Sequence[Item],
    comment: str,
    why: str,
    actor: Actor = ENGINE,
) -> None:
    """Have everything from step ``to`` up to the asking one run again.

    With marked items only the steps they are of, what the portal did between, and the asking
    step: the rest stands as accepted.
    """
    marked = {item.step for item in items}
    again = _in_region(running, asking, to)
    running.chain.add(
        StepReturned(
            step=asking.step,
            scope=asking.scope or None,
            to=to,
            why=why,
            items=[str(item) for item in items],
            comment=comment,
        ),
        actor=actor,
    )
    closing.withdraw_rounds(running, [one for one in again if one.state == "open"], "returned")
    _free(running, asking, to)
    for one in again:
        if not (marked and _stands(running.tree.step(one.step), one, marked)):
            _run_again(running, one)
    _run_again(running, asking)


def _free(running: Running, asking: Round, to: str) -> None:
    """Have what could not begin on the way tried anew, should it be come to again."""
    around = scopes.outer(asking.scope, len(running.tree.eaches_around(to)))
    region = {one.id for one in ways.region(running.tree, to, asking.step)}
    troubles.free(running, region, around)


def _run_again(running: Running, found: Round) -> None:
    """Have the walk begin the step anew. A withdrawn round stays, so that the next is numbered."""
    if found.state != "withdrawn":
        found.is_current = False
        running.keep_round(found)


def _in_region(running: Running, asking: Round, to: str) -> list[Round]:
    """The current rounds from step ``to`` up to the asking one, which is left out."""
    tree = running.tree
    region = ways.region(tree, to, asking.step)
    if any(isinstance(one, EachStep) for one in region):
        running.whole()
    ids = {one.id for one in region}
    around = scopes.outer(asking.scope, len(tree.eaches_around(to)))
    return [
        found
        for place, found in running.rounds.items()
        if place.step in ids and found is not asking and scopes.is_within(place.scope, around)
    ]


def tell_why(running: Running, begun: Round) -> None:
    """Note on a new round the words that led to it, and the items that are asked again."""
    if begun.round == 1:
        return
    begun.comment = running.reasons.pop(begun.place, None)
    if begun.comment is not None:
        return
    senders = [
        (found.done_at, _place(running.tree, found.step), found)
        for found in (*running.latest.values(), *running.rounds.values())
        if (not found.is_current or found.state == "withdrawn")
        and found.done_at is not None
        and _leads_to(running.tree, found, begun)
    ]
    if not senders:
        return
    answers = max(senders, key=lambda sender: sender[:2])[2].answers
    begun.comment = answers.get("comment")
    items = [item.partition(".") for item in answers.get("items", ())]
    marked = [id_ for step, _, id_ in items if step == begun.step]
    begun.only = _with_conditions(running, begun, marked)


def _with_conditions(running: Running, begun: Round, marked: list[str]) -> list[str]:
    """The marked fields with those that they hang on, so that what is asked can be answered.

    A hidden field comes with the fields of its condition, and a marked one with the empty
    fields that a new answer to it may bring to light.
    """
    step = running.tree.step(begun.step)
    if not isinstance(step, FormStep) or not any(field.show_if for field in step.fields):
        return marked
    seen = visible(step.fields, begun.answers, running.facts(begun.scope))
    for field in reversed(step.fields):
        if field.show_if and field.id in marked and field.id not in seen:
            marked = [*marked, *_named(step, field.show_if.names, marked)]
    return _with_hidden(step, marked, begun.answers)


def _named(step: FormStep, names: Collection[str], marked: list[str]) -> list[str]:
    return [one.id for one in step.fields if one.id in names and one.id not in marked]


def _with_hidden(step: FormStep, marked: list[str], answers: Mapping[str, Any]) -> list[str]:
    for field in step.fields:
        names = field.show_if.names if field.show_if else ()
        hidden = answers.get(field.id) is None and field.id not in marked
        if hidden and any(name in marked for name in names):
            marked = [*marked, field.id]
    return marked


def _stands(step: Step, done: Round, marked: set[str]) -> bool:
    """Whether a step is left as it is when others have marked items."""
    return isinstance(step, PersonStep) and done.state == "done" and step.id not in marked


def _leads_to(tree: Definition, found: Round, begun: Round) -> bool:
    to = _way_of(tree, found)
    if to is None:
        return False
    around = scopes.outer(found.scope, len(tree.eaches_around(to)))
    covered = {one.id for one in ways.region(tree, to, found.step)}
    return begun.step in covered and scopes.is_within(begun.scope, around)


def _way_of(tree: Definition, found: Round) -> str | None:
    """The step that a round sent work back to, if it did: an approval, or a person by hand."""
    by_hand = found.answers.get("return_to") if found.state == "withdrawn" else None
    if by_hand is not None:
        return str(by_hand)
    sender = tree.step(found.step)
    if not isinstance(sender, ApprovalStep) or found.state != "done" or found.outcome is None:
        return None
    if found.outcome not in ("approved", "changes_requested", "rejected"):
        return None
    way = after(sender, found.outcome)  # type: ignore[arg-type]  # an approval's own outcomes
    return way.step if isinstance(way, ReturnTo) else None


def _place(tree: Definition, step: str) -> int:
    return [one.id for one in tree.all_steps()].index(step)
