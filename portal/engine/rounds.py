"""The way back: which steps run again, and what their new rounds are told.

A step that has to run again loses its current round; the walk then begins the next one. What
was sent before stays in the history and is filled in.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from portal.definition.tree import (
    ApprovalStep,
    Definition,
    FormStep,
    PersonStep,
    ReturnTo,
    Step,
    UploadStep,
)
from portal.engine.decide import after
from portal.engine.rows import Round
from portal.engine.running import ENGINE, Running
from portal.ledger.catalogue import StepReturned


class Item(NamedTuple):
    """A field or document that a reviewer can mark."""

    step: str
    id: str

    def __str__(self) -> str:
        return f"{self.step}.{self.id}"


def markable(running: Running, step: ApprovalStep) -> list[Item]:
    """What a request for changes may mark: what the steps shown brought, as far as it goes back."""
    if step.on_changes is None:
        return []
    return [
        item
        for one in _between(running.tree, step.on_changes.step, step.id)
        if (not step.show or one.id in step.show)
        and one.id in running.rounds
        and running.rounds[one.id].state == "done"
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


def send_back(
    running: Running, asking: Round, to: str, *, items: Sequence[Item], comment: str, why: str
) -> None:
    """Have everything from step ``to`` up to the asking one run again.

    With marked items only the steps they are of, what the portal did between, and the asking
    step: the rest stands as accepted.
    """
    marked = {item.step for item in items}
    for step in _between(running.tree, to, asking.step):
        done = running.rounds.get(step.id)
        if done is not None and not (marked and _stands(step, done, marked)):
            done.is_current = False
            running.keep_round(done)
    asking.is_current = False
    running.keep_round(asking)
    running.chain.add(
        StepReturned(
            step=asking.step, to=to, why=why, items=[str(item) for item in items], comment=comment
        ),
        actor=ENGINE,
    )


def tell_why(running: Running, begun: Round) -> None:
    """Note on a new round the words that led to it, and the items that are asked again."""
    senders = [
        (found.done_at, _place(running.tree, found.step), found)
        for found in running.latest.values()
        if not found.is_current and _leads_to(running.tree, found, begun.step)
    ]
    if begun.round == 1 or not senders:
        return
    answers = max(senders)[2].answers
    begun.comment = answers.get("comment")
    items = [item.partition(".") for item in answers.get("items", ())]
    marked = [id_ for step, _, id_ in items if step == begun.step]
    begun.only = _with_hidden(running.tree.step(begun.step), marked, begun.answers)


def _with_hidden(step: Step, marked: list[str], answers: Mapping[str, Any]) -> list[str]:
    """The marked fields, and empty ones that a new answer to them may bring to light."""
    if not isinstance(step, FormStep):
        return marked
    for field in step.fields:
        names = field.show_if.names if field.show_if else ()
        hidden = answers.get(field.id) is None and field.id not in marked
        if hidden and any(name in marked for name in names):
            marked = [*marked, field.id]
    return marked


def _stands(step: Step, done: Round, marked: set[str]) -> bool:
    """Whether a step is left as it is when others have marked items."""
    return isinstance(step, PersonStep) and done.state == "done" and step.id not in marked


def _leads_to(tree: Definition, found: Round, step: str) -> bool:
    sender = tree.step(found.step)
    if not isinstance(sender, ApprovalStep) or found.outcome is None:
        return False
    way = after(sender, found.outcome)  # type: ignore[arg-type]  # an approval's own outcomes
    if not isinstance(way, ReturnTo):
        return False
    covered = {one.id for one in _between(tree, way.step, sender.id)} | {sender.id}
    return step in covered


def _between(tree: Definition, first: str, last: str) -> tuple[Step, ...]:
    """The steps from ``first`` up to and without ``last``, of one list."""
    steps = tree.enclosing_list(last)
    places = [step.id for step in steps]
    return steps[places.index(first) : places.index(last)]


def _place(tree: Definition, step: str) -> int:
    return [one.id for one in tree.all_steps()].index(step)
