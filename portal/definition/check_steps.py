"""The second look at the steps: each becomes its class, with every name in sight."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from portal.definition import check_blocks
from portal.definition.blocks import Block, described, humanized, read_key
from portal.definition.check_approvals import read_approval
from portal.definition.check_calls import read_call
from portal.definition.check_fields import finish_fields, read_documents
from portal.definition.check_people import known_role, read_person
from portal.definition.check_signs import read_sign
from portal.definition.expressions import Expression
from portal.definition.nodes import Faults, Node
from portal.definition.outlines import (
    KINDS,
    PERSON_KEYS,
    PERSON_KINDS,
    STEP_KEYS,
    Outline,
    World,
)
from portal.definition.shapes import TEXT
from portal.definition.text import Text
from portal.definition.tree import (
    FormStep,
    MessageStep,
    RunStep,
    SetStep,
    Step,
    TaskStep,
    UploadStep,
    WaitStep,
)

_NOT_A_PERSON = "goes only with a step that a person does, expected one of " + ", ".join(
    PERSON_KINDS
)


def finish_steps(outlines: Sequence[Outline], world: World) -> tuple[Step, ...]:
    """The second look at one list, and at those inside it."""
    finished = (_finish(outline, world) for outline in outlines)
    return tuple(step for step in finished if step is not None)


def _finish(outline: Outline, world: World) -> Step | None:
    block = outline.block
    if outline.kind not in KINDS:
        return None
    if outline.kind in PERSON_KINDS:
        block.only((*STEP_KEYS, *PERSON_KEYS, outline.kind), _other_kinds(outline))
        block.require("assign")
    else:
        refused = dict.fromkeys(PERSON_KEYS, _NOT_A_PERSON)
        block.only((*STEP_KEYS, outline.kind), {**refused, **_other_kinds(outline)})
    common = {
        "id": outline.id,
        "name": block.template("name", world.scope) or Text(humanized(outline.id)),
        "when": block.condition("when", world.scope),
        "why": block.text("why"),
        "control": block.flag("control", default=False),
        "line": block.line,
    }
    for second in outline.seconds:
        _read(second, world, common)
    return _read(outline, world, common)


def _read(outline: Outline, world: World, common: dict[str, Any]) -> Step | None:
    if outline.kind == "choose":
        return check_blocks.read_choose(outline, world, common, finish_steps)
    if outline.kind not in KINDS or outline.own is None or not outline.own.is_mapping:
        return None
    if outline.kind in _BLOCKS:
        return _BLOCKS[outline.kind](outline, outline.own, world, common, finish_steps)
    return _FINISH[outline.kind](outline, outline.own, world, common)


def _other_kinds(outline: Outline) -> dict[str, str]:
    """Second kinds are named by the first look; the second look only has to pass them by."""
    kinds = [key for key in KINDS if key != outline.kind]
    first = f"is a second kind beside {outline.kind}, expected one a step"
    return dict.fromkeys(kinds, first)


def _form(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    fields = finish_fields(outline.fields, world.scope)
    return FormStep(fields=fields, **common, **read_person(outline, world))


def _upload(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    own.only(KINDS["upload"])
    own.require("documents")
    documents = read_documents(own.list("documents"), world.scope, world.faults)
    return UploadStep(documents=documents, **common, **read_person(outline, world))


def _task(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    own.only(KINDS["task"])
    person = read_person(outline, world)
    inner = own.template("instructions", world.scope)
    if "instructions" in own and "instructions" in outline.block:
        outline.block.fault("instructions", "is given here and in task, expected it in task alone")
    checklist = [
        own.compiled("checklist", node, node.value, world.scope)
        for node in own.list("checklist")
        if _is_text(node, "checklist", world.faults)
    ]
    person["instructions"] = inner or person["instructions"]
    return TaskStep(checklist=tuple(filter(None, checklist)), **common, **person)


def _message(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    own.only(KINDS["message"])
    own.require("to", "subject", "body")
    scope = {**world.scope, "link": TEXT}
    return MessageStep(
        to=own.texts("to", known_role(world)) if "to" in own else (),
        subject=own.template("subject", scope) or Text(""),
        body=own.template("body", scope) or Text(""),
        **common,
    )


def _set(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    if not own.items:
        outline.block.fault("set", "is empty, expected {name: expression}")
    return SetStep(assignments=own.computed(world.scope), **common)


def _wait(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    own.only(KINDS["wait"])
    ways = [key for key in ("for", "until", "signal") if key in own]
    if not ways:
        outline.block.fault("wait", "says not for what, expected one of for, until, signal")
    for key in ways[1:]:
        own.fault(key, f"is a second thing to wait for beside {ways[0]}, expected one")
    if "timeout" in own and "signal" not in own:
        own.fault("timeout", "goes only with signal, expected the wait without it")
    until = own.expression("until", world.scope)
    if until and until.shape.kind not in ("any", "date", "time"):
        own.fault("until", f"`{until.source}` is not a date, expected a point in time or a date")
    return WaitStep(
        span=own.duration("for", zero=True),
        until=until,
        signal=own.id("signal"),
        timeout=own.duration("timeout"),
        **common,
    )


def _run(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    own.only(KINDS["run"])
    own.require("definition")
    return RunStep(
        definition=own.parsed("definition", read_key) or "",
        inputs=_computed(own, "inputs", world),
        participants=_computed(own, "participants", world),
        **common,
    )


def _computed(own: Block, key: str, world: World) -> tuple[tuple[str, Expression], ...]:
    """`{NAME: expression}`."""
    node = own.node(key)
    if node is None:
        return ()
    inner = Block(node, key, world.faults)
    found = ((name, inner.expression(name, world.scope)) for name in inner.items)
    return tuple((name, expression) for name, expression in found if expression)


def _is_text(node: Node, key: str, faults: Faults) -> bool:
    if isinstance(node.value, str) and node.value.strip():
        return True
    faults.add(node.line, key, f"is {described(node)}, expected a text (in quotes if need be)")
    return False


_FINISH: Mapping[str, Callable[[Outline, Block, World, dict[str, Any]], Step]] = {
    "form": _form,
    "upload": _upload,
    "approval": read_approval,
    "sign": read_sign,
    "task": _task,
    "message": _message,
    "call": read_call,
    "set": _set,
    "wait": _wait,
    "run": _run,
}
_BLOCKS: Mapping[str, Callable[..., Step | None]] = {
    "parallel": check_blocks.read_parallel,
    "each": check_blocks.read_each,
}
