"""Steps of a definition, checked: first their ids, kinds and fields, then all that names them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from portal.definition.blocks import (
    EXPECTED,
    Block,
    Scope,
    described,
    hint,
    humanized,
    one_of,
    wrong_id,
)
from portal.definition.check_fields import (
    Sketch,
    finish_fields,
    read_documents,
    sketch_documents,
    sketch_fields,
)
from portal.definition.durations import Duration, Rung
from portal.definition.nodes import Faults, Node
from portal.definition.shapes import ANY, TEXT, Shape, of_step
from portal.definition.text import Text
from portal.definition.tree import (
    ApprovalStep,
    AssignExpr,
    DueAt,
    Escalation,
    FormStep,
    MessageStep,
    ReturnTo,
    Role,
    SetStep,
    Step,
    TaskStep,
    UploadStep,
)

LONGEST_LINK_DAYS = 90
KINDS: Mapping[str, tuple[str, ...]] = {
    "form": ("fields",),
    "upload": ("documents",),
    "approval": ("question", "show", "needs", "on_changes", "on_reject", "separate_from"),
    "task": ("instructions", "checklist"),
    "message": ("to", "subject", "body"),
    "set": (),
}
"""Every step kind that runs, and the keys of its own."""

LATER_KINDS = ("sign", "call", "wait", "run", "parallel", "choose", "each")
STEP_KEYS = ("id", "name", "when", "why", "control")
PERSON_KINDS = ("form", "upload", "approval", "task")
PERSON_KEYS = (
    "assign",
    "instructions",
    "due",
    "remind",
    "escalate",
    "verify",
    "delegate",
    "link_for",
)
_LATER = "is not supported by this version, expected"
LATER_KEYS = {
    "pick_up": f"{_LATER} the step without it",
    "on_timeout": f"{_LATER} the step without it (escalate tells somebody)",
}
_NOT_A_PERSON = "goes only with a step that a person does, expected one of " + ", ".join(
    PERSON_KINDS
)


@dataclass(frozen=True, slots=True)
class Outline:
    """A step after the first look."""

    id: str
    kind: str
    block: Block
    own: Block | None
    fields: tuple[Sketch, ...] = ()

    def shape(self) -> Shape:
        """What expressions may read of it."""
        if self.kind == "form" and self.fields:
            return of_step(tuple(sketch.field for sketch in self.fields))
        if self.kind == "upload" and self.own and "documents" in self.own:
            return of_step(documents=sketch_documents(_nodes(self.own, "documents")))
        return ANY if self.kind in ("form", "upload") or self.kind not in KINDS else of_step()

    def set_names(self) -> tuple[str, ...]:
        """The values it computes."""
        return tuple(self.own.items) if self.kind == "set" and self.own else ()


@dataclass(frozen=True, slots=True)
class World:
    """What the second look may name."""

    scope: Scope
    roles: Mapping[str, Role]
    outlines: Sequence[Outline]
    faults: Faults

    def kind_of(self, step: str) -> str | None:
        """The kind of a step, None where there is none of that id."""
        return next((one.kind for one in self.outlines if one.id == step), None)

    def before(self, step: str) -> list[str]:
        """The ids of the steps above a step."""
        ids = [one.id for one in self.outlines]
        return ids[: ids.index(step)]


def outline_steps(nodes: Sequence[Node], faults: Faults) -> list[Outline]:
    """The first look at a list of steps. What has no id or no kind is noted and left out."""
    outlines: dict[str, Outline] = {}
    for node in nodes:
        block = Block(node, "steps", faults)
        block.require("id")
        name, kind = block.id(), _kind(block)
        outline = _outline(name or "", kind, block)
        if name in outlines:
            first = outlines[name].block.line
            block.fault("id", f"{name!r} is given twice (first on line {first}), expected it once")
        elif name:
            outlines[name] = outline
    return list(outlines.values())


def finish_steps(world: World) -> tuple[Step, ...]:
    """The second look, with every name in sight."""
    finished = (_finish(outline, world) for outline in world.outlines)
    return tuple(step for step in finished if step is not None)


def read_link_for(block: Block) -> Duration | None:
    """`link_for`: how long links live, at most 90 days."""
    duration = block.duration("link_for")
    if duration and duration.days > LONGEST_LINK_DAYS:
        block.fault("link_for", f"is {duration}, expected at most {LONGEST_LINK_DAYS} days")
    return duration


def _kind(block: Block) -> str:
    kinds = [key for key in block.items if key in KINDS or key in LATER_KINDS]
    if not kinds and block.is_mapping:
        unknown = [key for key in block.items if key not in _KNOWN]
        if not unknown:
            block.faults.add(
                block.line, "steps", f"this step has no kind, expected {one_of(tuple(KINDS))}"
            )
        return "" if not unknown else _unknown_kind(block, unknown[0])
    for key in kinds[1:]:
        block.faults.add(
            block.items[key].line, key, f"is a second kind beside {kinds[0]}, expected one a step"
        )
    if kinds and kinds[0] in LATER_KINDS:
        message = f"is not supported by this version, expected {one_of(tuple(KINDS))}"
        block.faults.add(block.items[kinds[0]].line, kinds[0], message)
    return kinds[0] if kinds else ""


def _unknown_kind(block: Block, key: str) -> str:
    message = f"is neither a step kind nor a known key{hint(key, dict.fromkeys(KINDS))}"
    block.faults.add(block.items[key].line, key, message)
    return ""


def _outline(name: str, kind: str, block: Block) -> Outline:
    node = block.node(kind) if kind in KINDS else None
    if node is None:
        return Outline(name, kind, block, None)
    if node.value is None and kind in ("task", "approval"):
        node = Node({}, node.line)
    own = Block(node, kind, block.faults, block.items[kind].line)
    fields: tuple[Sketch, ...] = ()
    if kind == "form":
        own.only(KINDS["form"])
        own.require("fields")
        fields = sketch_fields(own.list("fields"), "fields", block.faults)
    return Outline(name, kind, block, own, fields)


def _finish(outline: Outline, world: World) -> Step | None:
    block = outline.block
    if outline.kind not in KINDS:
        return None
    if outline.kind in PERSON_KINDS:
        block.only((*STEP_KEYS, *PERSON_KEYS, outline.kind), LATER_KEYS | _other_kinds(outline))
        block.require("assign")
    else:
        refused = dict.fromkeys((*PERSON_KEYS, *LATER_KEYS), _NOT_A_PERSON)
        block.only((*STEP_KEYS, outline.kind), refused | _other_kinds(outline))
    common = {
        "id": outline.id,
        "name": block.template("name", world.scope) or Text(humanized(outline.id)),
        "when": block.condition("when", world.scope),
        "why": block.text("why"),
        "control": block.flag("control", default=False),
        "line": block.line,
    }
    if outline.own is None or not outline.own.is_mapping:
        return None
    return _FINISH[outline.kind](outline, outline.own, world, common)


def _other_kinds(outline: Outline) -> dict[str, str]:
    """Second kinds are named by the first look; the second look only has to pass them by."""
    kinds = [key for key in (*KINDS, *LATER_KINDS) if key != outline.kind]
    first = f"is a second kind beside {outline.kind}, expected one a step"
    return dict.fromkeys(kinds, first)


def _form(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    fields = finish_fields(outline.fields, world.scope)
    return FormStep(fields=fields, **common, **_person(outline, world))


def _upload(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    own.only(KINDS["upload"])
    own.require("documents")
    documents = read_documents(own.list("documents"), world.scope, world.faults)
    return UploadStep(documents=documents, **common, **_person(outline, world))


def _approval(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    own.only(KINDS["approval"])
    person = _person(outline, world)
    return ApprovalStep(
        question=own.template("question", world.scope) or common["name"],
        show=_show(outline, own, world) if "show" in own else (),
        needs=_needs(own, person["assign"]),
        on_changes=_return_to(outline, own, "on_changes", world) if "on_changes" in own else None,
        on_reject=_on_reject(outline, own, world),
        separate_from=_separate_from(outline, own, world) if "separate_from" in own else (),
        **common,
        **person,
    )


def _task(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    own.only(KINDS["task"])
    person = _person(outline, world)
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
        to=own.texts("to", _known_role(world)) if "to" in own else (),
        subject=own.template("subject", scope) or Text(""),
        body=own.template("body", scope) or Text(""),
        **common,
    )


def _set(outline: Outline, own: Block, world: World, common: dict[str, Any]) -> Step:
    if not own.items:
        outline.block.fault("set", "is empty, expected {name: expression}")
    computed = []
    for name in own.items:
        wrong = _wrong_id(name)
        if wrong:
            world.faults.add(own.items[name].line, name, wrong)
        expression = own.expression(name, world.scope)
        if expression:
            computed.append((name, expression))
    return SetStep(assignments=tuple(computed), **common)


def _person(outline: Outline, world: World) -> dict[str, Any]:
    """The keys of a step that a person does."""
    block = outline.block
    _refuse_later_ways(block)
    due = _due(block, world)
    for key in ("remind", "escalate"):
        if key in block and "due" not in block:
            block.faults.add(block.items[key].line, key, "counts from due, expected due beside it")
    return {
        "assign": _assign(block, world) if "assign" in block else (),
        "instructions": block.template("instructions", world.scope),
        "due": due,
        "remind": _remind(block) if "remind" in block else None,
        "escalate": _escalate(block, world) if "escalate" in block else (),
        "link_for": read_link_for(block),
    }


def _refuse_later_ways(block: Block) -> None:
    verify = block.choice("verify", ("link", "code"))
    if verify == "code":
        block.fault("verify", f"code {_LATER} link")
    node = block.node("delegate")
    if node and node.value not in (False, "no"):
        known = node.value in ("allowed", "ask")
        wrong = f"{node.value} {_LATER} no" if known else f"is {described(node)}, expected no"
        block.fault("delegate", wrong)


def _assign(block: Block, world: World) -> tuple[str, ...] | AssignExpr:
    node = block.node("assign")
    assert node is not None
    if isinstance(node.value, dict):
        inner = Block(node, "assign", world.faults)
        inner.only(("email", "name"))
        inner.require("email")
        email = inner.expression("email", world.scope)
        name = inner.expression("name", world.scope)
        return AssignExpr(email, name) if email else ()
    check = _known_role(world)
    if isinstance(node.value, str):
        wrong = check(node.value)
        if wrong:
            block.fault("assign", wrong)
        return (node.value,)
    if not isinstance(node.value, list):
        block.fault(
            "assign", f"is {described(node)}, expected a role, a list of roles or {{email, name}}"
        )
        return ()
    return block.texts("assign", check)


def _known_role(world: World) -> Callable[[str], str | None]:
    def check(name: str) -> str | None:
        if name in world.roles:
            return None
        return f"{name!r} is not a role of this definition{hint(name, world.roles)}"

    return check


def _due(block: Block, world: World) -> Duration | DueAt | None:
    node = block.node("due")
    if node is None or not isinstance(node.value, dict):
        return block.duration("due")
    inner = Block(node, "due", world.faults)
    inner.only(("at",))
    inner.require("at")
    at = inner.expression("at", world.scope)
    if at and at.shape.kind not in ("any", "date", "time"):
        inner.fault("at", f"`{at.source}` is not a date, expected a point in time or a date")
    return DueAt(at) if at else None


def _remind(block: Block) -> tuple[Rung, ...]:
    node = block.node("remind")
    assert node is not None
    if isinstance(node.value, dict):
        nodes: Sequence[Node] = [node]
    elif isinstance(node.value, list):
        nodes = node.value
    else:
        block.fault(
            "remind", f"is {described(node)}, expected a list such as [1 day before, on due]"
        )
        nodes = []
    rungs = (_rung(one, block.faults) for one in nodes)
    return tuple(rung for rung in rungs if rung)


def _rung(node: Node, faults: Faults) -> Rung | None:
    if isinstance(node.value, dict):
        inner = Block(node, "remind", faults)
        inner.only(("every", "at_most"))
        inner.require("every")
        every, at_most = inner.duration("every"), inner.whole("at_most", 1, 100)
        return Rung("every", every, at_most or Rung.parse("on due").at_most) if every else None
    try:
        return Rung.parse(node.value if isinstance(node.value, str) else described(node))
    except ValueError as error:
        faults.add(node.line, "remind", str(error))
        return None


def _escalate(block: Block, world: World) -> tuple[Escalation, ...]:
    escalations = []
    for node in block.list("escalate"):
        inner = Block(node, "escalate", world.faults)
        inner.only(("after", "to", "then"))
        inner.require("after", "to")
        after, to = inner.duration("after", zero=True), inner.text("to")
        wrong = _known_role(world)(to) if to and to != "owner" else None
        if wrong:
            inner.fault("to", f"{wrong}, or owner")
        if inner.choice("then", ("notify", "reassign")) == "reassign":
            inner.fault("then", f"reassign {_LATER} notify")
        if after and to:
            escalations.append(Escalation(after, to))
    return tuple(escalations)


def _show(outline: Outline, own: Block, world: World) -> tuple[str, ...]:
    earlier = world.before(outline.id)
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


def _return_to(outline: Outline, own: Block, key: str, world: World) -> ReturnTo | None:
    node = own.node(key)
    assert node is not None
    inner = Block(node, key, world.faults)
    inner.only(("return_to",))
    inner.require("return_to")
    step = inner.text("return_to")
    wrong = _not_earlier(step, outline, world.before(outline.id), world) if step else None
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
        return _return_to(outline, own, "on_reject", world) or "end"
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
    if world.kind_of(name) is not None:
        return f"{name!r} is not an earlier step{hint(name, known)}"
    return f"{name!r} is not a step{hint(name, known)}"


def _ids(world: World) -> dict[str, None]:
    return dict.fromkeys(one.id for one in world.outlines)


def _nodes(own: Block, key: str) -> Sequence[Node]:
    node = own.node(key)
    return node.value if node and isinstance(node.value, list) else []


def _is_text(node: Node, key: str, faults: Faults) -> bool:
    if isinstance(node.value, str) and node.value.strip():
        return True
    faults.add(node.line, key, f"is {described(node)}, expected a text (in quotes if need be)")
    return False


def _wrong_id(name: str) -> str | None:
    wrong = wrong_id(name)
    return f"{wrong}, expected {EXPECTED['id']}" if wrong else None


_KNOWN = frozenset([*STEP_KEYS, *PERSON_KEYS, *LATER_KEYS])
_FINISH: Mapping[str, Callable[[Outline, Block, World, dict[str, Any]], Step]] = {
    "form": _form,
    "upload": _upload,
    "approval": _approval,
    "task": _task,
    "message": _message,
    "set": _set,
}
