"""Blocks, checked: `parallel`, `choose` and `each`, and the lists inside them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.definition.blocks import Block, described, wrong_id
from portal.definition.outlines import KINDS, Outline, World
from portal.definition.shapes import ANY, Shape
from portal.definition.tree import Branch, ChooseStep, EachStep, Finish, ParallelStep, Step

Common = Mapping[str, Any]
FinishSteps = Callable[[Sequence[Outline], World], tuple[Step, ...]]


def read_parallel(
    outline: Outline, own: Block, world: World, common: Common, finish: FinishSteps
) -> Step:
    """`parallel`: its branches, and how many of them it takes."""
    own.only(KINDS["parallel"])
    branches = []
    for number, inner in enumerate(outline.lists, 1):
        inner.block.only(("name", "steps"))
        inner.block.require("steps")
        name = inner.block.text("name") or f"Branch {number}"
        branches.append(Branch(finish(inner.steps, world), name))
    _refuse_shared_names(outline)
    most = len(outline.lists)
    return ParallelStep(branches=tuple(branches), finish=_finish(own, most), **common)


def read_choose(outline: Outline, world: World, common: Common, finish: FinishSteps) -> Step:
    """`choose`: its branches in order, the last of them perhaps `otherwise`."""
    branches = []
    for inner in outline.lists:
        block = inner.block
        block.only(("when", "otherwise", "steps"))
        block.require("steps")
        is_last = inner is outline.lists[-1]
        when = block.condition("when", world.scope)
        _check_choice(block, is_last=is_last)
        branches.append(Branch(finish(inner.steps, world), when=when))
    return ChooseStep(branches=tuple(branches), **common)


def read_each(
    outline: Outline, own: Block, world: World, common: Common, finish: FinishSteps
) -> Step | None:
    """`each`: the items, what one is called, and the steps that run for it."""
    own.only(KINDS["each"])
    own.require("in", "as", "steps")
    items = own.expression("in", world.scope)
    if items and items.shape.kind not in ("any", "list"):
        own.fault("in", f"`{items.source}` is not a list, expected one, such as a table's rows")
    item = own.text("as") or ""
    wrong = _wrong_item(item, world) if item else None
    if wrong:
        own.fault("as", wrong)
    shape: Shape = (items.shape.item if items else None) or ANY
    inner = world.inside(outline, item or "item", shape)
    steps = finish(outline.lists[0].steps, inner) if outline.lists else ()
    if items is None:
        return None
    branches = (Branch(steps),)
    return EachStep(items=items, item=item, branches=branches, finish=_finish(own, 0), **common)


def _check_choice(block: Block, *, is_last: bool) -> None:
    if "when" in block and "otherwise" in block:
        block.fault("otherwise", "stands beside when, expected one of them")
    elif "otherwise" in block:
        if not block.flag("otherwise", default=True):
            block.fault("otherwise", "is false, expected true (or a when)")
        elif not is_last:
            block.fault("otherwise", "is not the last branch, so none after it could ever run")
    elif block.is_mapping and "when" not in block:
        block.fault("when", "is missing, expected a condition, or otherwise: true")


def _finish(own: Block, most: int) -> Finish:
    """`finish`: all, any or a number, of at most so many branches (0: no limit)."""
    node = own.node("finish")
    if node is None or node.value == "all":
        return "all"
    if node.value == "any":
        return "any"
    value = node.value
    if isinstance(value, bool | str | list | dict) or value is None or value % 1 or value < 1:
        own.fault("finish", f"is {described(node)}, expected all, any or a number")
        return "all"
    if most and value > most:
        own.fault("finish", f"is {value}, expected a number from 1 to {most}, the branches")
    return int(value)


def _wrong_item(name: str, world: World) -> str | None:
    wrong = wrong_id(name)
    if wrong:
        return wrong
    if name in world.scope or f"{name}_index" in world.scope:
        return f"{name!r} means something else already, expected another name"
    return None


@dataclass(frozen=True, slots=True)
class _Set:
    """A name that a step computes."""

    name: str
    block: Block


def _refuse_shared_names(outline: Outline) -> None:
    """No two branches of a `parallel` may set one name: which came last would be chance."""
    first: dict[str, int] = {}
    for number, inner in enumerate(outline.lists, 1):
        for one in _sets(inner.steps):
            if first.setdefault(one.name, number) != number:
                one.block.fault(
                    one.name,
                    f"is set in branch {first[one.name]} too, expected another name: branches "
                    "run side by side",
                )


def _sets(outlines: Sequence[Outline]) -> Iterator[_Set]:
    """What these steps compute; what is inside an `each` belongs to its items."""
    for one in outlines:
        computed = one.computed()
        if computed is not None:
            yield from (_Set(name, computed) for name in one.set_names())
        if one.kind != "each":
            for inner in one.lists:
                yield from _sets(inner.steps)
