"""An approval, checked: who decides on what, and where each outcome leads."""

from typing import Any, Literal

from portal.definition.blocks import Block, described, hint
from portal.definition.check_people import read_person
from portal.definition.check_ways import not_earlier, read_return_to
from portal.definition.outlines import KINDS, PERSON_KINDS, Outline, World
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
    return own.texts("show", lambda name: not_earlier(name, outline, earlier, world))


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


def _ids(world: World) -> dict[str, None]:
    return dict.fromkeys(one.id for one in world.outlines)
