"""The ways of an approval: what it shows, what a request for changes may mark, what runs again."""

from collections.abc import Collection

from portal.definition import scopes
from portal.definition.tree import (
    ApprovalStep,
    BlockStep,
    Definition,
    EachStep,
    FormStep,
    PersonStep,
    Step,
    UploadStep,
    within,
)


def region(tree: Definition, first: str, last: str) -> list[Step]:
    """The steps from ``first`` up to ``last`` and with it, and all that stand inside them.

    ``first`` stands in the list of ``last`` or in one around it; then the block that holds
    ``last`` runs again whole.
    """
    steps = tree.enclosing_list(first)
    inside = [*(block.id for block in tree.blocks_around(last)), last]
    places = [step.id for step in steps]
    end = next(places.index(one) for one in inside if one in places)
    return list(within(steps[places.index(first) : end + 1]))


def shown(tree: Definition, step: ApprovalStep) -> list[PersonStep]:
    """What people did that an approval puts before whoever decides, in document order.

    A block that is named stands for all that is inside it; where nothing is named, everything
    before it is shown.
    """
    named = [tree.step(id_) for id_ in step.show] if step.show else tree.steps_before(step.id)
    found = {one.id for one in within(tuple(named))}
    return [one for one in tree.all_steps() if one.id in found and isinstance(one, PersonStep)]


def can_mark(tree: Definition, step: ApprovalStep) -> list[Step]:
    """The steps whose fields or documents a request for changes may mark, of this very item."""
    if step.on_changes is None:
        return []
    around = tree.eaches_around(step.id)
    back = {one.id for one in region(tree, step.on_changes.step, step.id)}
    return [
        one
        for one in shown(tree, step)
        if isinstance(one, (FormStep, UploadStep))
        and one.id in back
        and _is_beside(tree.eaches_around(one.id), around)
    ]


def _is_beside(theirs: tuple[Step, ...], around: tuple[Step, ...]) -> bool:
    """Whether a step runs once for the items that the approval is of, not for others besides."""
    return len(theirs) <= len(around) and all(
        ours is other for ours, other in zip(around, theirs, strict=False)
    )


def beside(tree: Definition, step: str, scope: str) -> tuple[str, str]:
    """Step and scope in which a step runs for the items that ``scope`` is within."""
    return step, scopes.outer(scope, len(tree.eaches_around(step)))


def side_branches(tree: Definition, step: str) -> list[Step]:
    """What stands in other branches of the blocks that the step is in."""
    around = [*(block.id for block in tree.blocks_around(step)), step]
    found: list[Step] = []
    for block, inner in zip(tree.blocks_around(step), around[1:], strict=True):
        for branch in block.branches:
            if all(one.id != inner for one in branch.steps):
                found += within(branch.steps)
    return found


def ended_around(
    tree: Definition, step: str, scope: str, is_open: Collection[tuple[str, str]]
) -> BlockStep | None:
    """The outermost block around a step that is over; ``None`` where the step's list still runs.

    ``is_open`` are the places, step and scope, that stand open; an item stands under its `each`.
    """
    depth = 0
    for block in tree.blocks_around(step):
        if (block.id, scopes.outer(scope, depth)) not in is_open:
            return block
        if isinstance(block, EachStep):
            depth += 1
            if (block.id, scopes.outer(scope, depth)) not in is_open:
                return block
    return None
