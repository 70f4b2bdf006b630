"""The keys of a step that a person does, checked: who, by when, and what if not."""

from collections.abc import Callable, Sequence
from typing import Any

from portal.definition.blocks import Block, described, hint
from portal.definition.check_ways import read_return_to
from portal.definition.durations import Duration, Rung
from portal.definition.expressions import Expression
from portal.definition.nodes import Faults, Node
from portal.definition.outlines import Outline, World
from portal.definition.tree import AssignExpr, DueAt, Escalation, Timeout

LONGEST_LINK_DAYS = 90
DELEGATE = ("allowed", "ask", "no")


def read_person(outline: Outline, world: World) -> dict[str, Any]:
    """The keys of a step that a person does."""
    block = outline.block
    due = _due(block, world)
    for key in ("remind", "escalate"):
        if key in block and "due" not in block:
            block.faults.add(block.items[key].line, key, "counts from due, expected due beside it")
    return {
        "assign": _assign(block, world) if "assign" in block else (),
        "instructions": block.template("instructions", world.scope),
        "due": due,
        "pick_up": block.duration("pick_up"),
        "remind": _remind(block) if "remind" in block else None,
        "escalate": _escalate(block, world) if "escalate" in block else (),
        "on_timeout": _on_timeout(outline, world) if "on_timeout" in block else None,
        "verify": block.choice("verify", ("link", "code")) or _own_proof(outline),
        "delegate": _delegate(block),
        "link_for": read_link_for(block),
    }


def _delegate(block: Block) -> str | None:
    """Whether the assignee may pass the work on; `no` may also stand as a YAML boolean."""
    node = block.node("delegate")
    return "no" if node and node.value is False else block.choice("delegate", DELEGATE)


def _own_proof(outline: Outline) -> str:
    """How somebody outside is verified where the step does not say: a signature takes a code."""
    return "code" if outline.kind == "sign" else "link"


def _assign(block: Block, world: World) -> tuple[str, ...] | AssignExpr:
    node = block.node("assign")
    assert node is not None
    if isinstance(node.value, dict):
        inner = Block(node, "assign", world.faults)
        inner.only(("email", "name"))
        inner.require("email")
        email, name = (_text(inner, key, world) for key in ("email", "name"))
        return AssignExpr(email, name) if email else ()
    check = known_role(world)
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


def _text(inner: Block, key: str, world: World) -> Expression | None:
    found = inner.expression(key, world.scope)
    if found and found.shape.kind not in ("any", "text"):
        inner.fault(key, f"`{found.source}` is not a text, expected one")
    return found


def known_role(world: World) -> Callable[[str], str | None]:
    """A check that a word is a role of the definition."""

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
        wrong = known_role(world)(to) if to and to != "owner" else None
        if wrong:
            inner.fault("to", f"{wrong}, or owner")
        then = inner.choice("then", ("notify", "reassign"))
        if after and to:
            escalations.append(
                Escalation(after, to, "reassign" if then == "reassign" else "notify")
            )
    return tuple(escalations)


def _on_timeout(outline: Outline, world: World) -> Timeout | None:
    node = outline.block.node("on_timeout")
    assert node is not None
    inner = Block(node, "on_timeout", world.faults)
    inner.only(("after", "do"))
    inner.require("after", "do")
    after, do = inner.duration("after"), inner.node("do")
    if after is None or do is None:
        return None
    if isinstance(do.value, dict):
        back = read_return_to(outline, inner, "do", world)
        return Timeout(after, back) if back else None
    if do.value not in ("skip", "end", "reject"):
        expected = "expected one of skip, end, reject, {return_to: STEP}"
        inner.fault("do", f"is {described(do)}, {expected}")
        return None
    return Timeout(after, do.value)


def read_link_for(block: Block) -> Duration | None:
    """`link_for`: how long links live, at most 90 days."""
    duration = block.duration("link_for")
    if duration and duration.days > LONGEST_LINK_DAYS:
        block.fault("link_for", f"is {duration}, expected at most {LONGEST_LINK_DAYS} days")
    return duration
