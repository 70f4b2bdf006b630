"""An approval, checked: who decides on what, and where each outcome leads."""

from collections.abc import Sequence
from typing import Any, Literal

from portal.definition.blocks import Block, described, hint
from portal.definition.check_people import read_person
from portal.definition.outlines import KINDS, PERSON_KINDS, Outline, World, returnable
from portal.definition.tree import ApprovalStep, AssignExpr, ReturnTo, Step


def read_approval(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    """`approval`: the question, who must agree, and where changes and a rejection lead."""
    own.only(KINDS["approval"])
    person = read_person(outline, world)
    back = read_return_to(outline, own, "on_changes", world) if "on_changes" in own else None
    return ApprovalStep(
        question=own.template("question", world.scope) or common["name"],
        show=_show(outline, own, world) if "show" in own else (),
        needs=_needs(own, person["assign"]),
        on_changes=back,
        on_reject=_on_reject(outline, own, world),
        separate_from=_separate_from(outline, own, world) if "separate_from" in own else (),
        **common,
        **person,
    )


def _show(outline: Outline, own: Block, world: World) -> tuple[str, ...]:
    earlier = world.above(outline)
    return own.texts("show", lambda name: _not_earlier(name, outline, earlier, world))


def _needs(own: Block, assign: tuple[str, ...] | AssignExpr) -> Literal["all", "any"] | int:
    node = own.node("needs")
    most = max(1, len(assign)) if isinstance(assign, tuple) else 1
    if node is None or node.value == "all":
        return "all"
    if node.value == "any":
        return "any"
    value = node.value
    if isinstance(value, bool | str | list | dict) or value is None or value % 1:
        own.fault("needs", f"is {described(node)}, expected all, any or a number")
        return "all"
    if not 1 <= value <= most:
        own.fault("needs", f"is {value}, expected a number from 1 to {most}, the assignees")
    return int(value)


def read_return_to(outline: Outline, own: Block, key: str, world: World) -> ReturnTo | None:
    """`{return_to: STEP}`: the way back, to an earlier step of this list or of one around it."""
    node = own.node(key)
    assert node is not None
    inner = Block(node, key, world.faults)
    inner.only(("return_to",))
    inner.require("return_to")
    step = inner.text("return_to")
    wrong = _not_earlier(step, outline, returnable(outline), world) if step else None
    if wrong:
        inner.fault("return_to", wrong)
    return ReturnTo(step) if step else None


def _on_reject(outline: Outline, own: Block, world: World) -> ReturnTo | Literal["end", "continue"]:
    node = own.node("on_reject")
    if node is None or node.value == "end":
        return "end"
    if node.value == "continue":
        return "continue"
    if isinstance(node.value, dict):
        return read_return_to(outline, own, "on_reject", world) or "end"
    own.fault("on_reject", f"is {described(node)}, expected {{return_to: STEP}}, end or continue")
    return "end"


def _separate_from(outline: Outline, own: Block, world: World) -> tuple[str, ...]:
    def check(name: str) -> str | None:
        kind = world.kind_of(name)
        if name == "starter" or (kind in PERSON_KINDS and name != outline.id):
            return None
        if name == outline.id:
            return f"{name!r} is this step itself, expected starter or another step"
        if kind is None:
            return f"{name!r} is not a step{hint(name, {'starter': 0, **_ids(world)})}"
        return f"{name!r} is not done by a person, expected starter or a step that is"

    return own.texts("separate_from", check)


def _not_earlier(name: str, outline: Outline, earlier: Sequence[str], world: World) -> str | None:
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


def _ids(world: World) -> dict[str, None]:
    return dict.fromkeys(one.id for one in world.outlines)
