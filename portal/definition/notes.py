"""What a diagram says in a few words at each step: who does it, by when, and where it leads."""

from collections.abc import Iterator

from portal.definition.tree import (
    ApprovalStep,
    AssignExpr,
    BlockStep,
    Branch,
    CallStep,
    ChooseStep,
    Definition,
    DueAt,
    EachStep,
    MessageStep,
    PersonStep,
    ReturnTo,
    RunStep,
    SetStep,
    Step,
    WaitStep,
)

NO_SIGNS = str.maketrans("\ufffe\uffff", "\ufffd\ufffd")
"""What a text may hold and an XML document may not (XML 1.0, section 2.2)."""
_LONGEST = 56
_BY_ITSELF: dict[type[Step], str] = {
    MessageStep: "a message", CallStep: "another system", SetStep: "worked out",
    WaitStep: "waiting", RunStep: "another process",
}  # fmt: skip


def who(tree: Definition, step: Step) -> str:
    """Who does a step; of what runs by itself, what it is; nothing of a block."""
    if not isinstance(step, PersonStep):
        return _BY_ITSELF.get(type(step), "")
    if isinstance(step.assign, AssignExpr):
        return "named on the way"
    names = [tree.roles[role].name for role in step.assign if role in tree.roles]
    return (" and " if isinstance(step, ApprovalStep) else " or ").join(names)


def notes(tree: Definition, step: Step) -> Iterator[str]:
    """What is said of a step below its name, each in a line."""
    yield from _asked(step)
    if isinstance(step, MessageStep):
        yield f"to {', '.join(tree.roles[role].name for role in step.to if role in tree.roles)}"
    if isinstance(step, WaitStep):
        yield f"for the signal “{step.signal}”" if step.signal else f"for {step.span or 'a moment'}"
    if isinstance(step, PersonStep) and step.due is not None:
        yield "due at a set time" if isinstance(step.due, DueAt) else f"due after {step.due}"
    for outcome, way in ways(step).items():
        yield f"{outcome}: {_leads(tree, way)}"
    if step.control:
        yield "a safeguard"


def ways(step: Step) -> dict[str, ReturnTo | str]:
    """Where a step leads that does not simply go on: what happened, and to which step or end."""
    found: dict[str, ReturnTo | str] = {}
    if isinstance(step, ApprovalStep):
        if step.on_changes is not None:
            found["changes"] = step.on_changes
        if step.on_reject != "continue":
            found["rejected"] = step.on_reject
    if isinstance(step, PersonStep) and step.on_timeout is not None:
        found[f"after {step.on_timeout.after}"] = step.on_timeout.do
    return found


def returns(step: Step) -> list[str]:
    """The steps that a step may lead back to, each once."""
    back = (way.step for way in ways(step).values() if isinstance(way, ReturnTo))
    return list(dict.fromkeys(back))


_ENDS = {"end": "it ends", "skip": "on without it", "reject": "it counts as rejected"}


def _leads(tree: Definition, way: ReturnTo | str) -> str:
    if isinstance(way, ReturnTo):
        return f"back to “{tree.step(way.step).name}”"
    return _ENDS[way]


def _asked(step: Step) -> Iterator[str]:
    """The condition of a step that may be passed over."""
    if step.when is not None:
        yield f"only if {_short(step.when.source)}"


def opening(step: BlockStep) -> list[str]:
    """What opens a block: how its branches are taken."""
    said = {"parallel": "side by side", "choose": "one of these ways"}.get(step.kind, "")
    if isinstance(step, EachStep):
        said = f"for each {step.item.replace('_', ' ')} of {_short(step.items.source)}"
    return [*_asked(step), said]


def closing(step: BlockStep) -> str:
    """What it takes for a block to be over, where that is not all of it."""
    finish = getattr(step, "finish", "all")
    if finish == "all":
        return ""
    return "the first that is done ends it" if finish == "any" else f"done when {finish} are"


def branch_notes(step: BlockStep, branch: Branch) -> list[str]:
    """What a branch is called, or when it is taken."""
    if not isinstance(step, ChooseStep):
        return [branch.name] if branch.name else []
    return [_short(branch.when.source) if branch.when is not None else "otherwise"]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
