"""Ways back, checked: which earlier step a `return_to` may name."""

from collections.abc import Sequence

from portal.definition.blocks import Block, hint
from portal.definition.outlines import Outline, World, returnable
from portal.definition.tree import ReturnTo


def read_return_to(outline: Outline, own: Block, key: str, world: World) -> ReturnTo | None:
    """`{return_to: STEP}`: the way back, to an earlier step of this list or of one around it."""
    node = own.node(key)
    assert node is not None
    inner = Block(node, key, world.faults)
    inner.only(("return_to",))
    inner.require("return_to")
    step = inner.text("return_to")
    wrong = not_earlier(step, outline, returnable(outline), world) if step else None
    if wrong:
        inner.fault("return_to", wrong)
    return ReturnTo(step) if step else None


def not_earlier(name: str, outline: Outline, earlier: Sequence[str], world: World) -> str | None:
    """What is wrong with the name of an earlier step, if anything is."""
    if name in earlier:
        return None
    known = dict.fromkeys(earlier)
    if name == outline.id:
        return f"{name!r} is this step itself{hint(name, known)}"
    if name in world.above(outline):
        return f"{name!r} stands inside another block{hint(name, known)}"
    if world.kind_of(name) is not None:
        return f"{name!r} is not an earlier step{hint(name, known)}"
    return f"{name!r} is not a step{hint(name, known)}"
