"""The file that says what people answer in a simulation, when, and what other systems say."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from portal.definition import nodes
from portal.definition.blocks import Block, hint
from portal.definition.durations import Duration
from portal.definition.nodes import Faults, Node
from portal.definition.tree import CallStep, Definition, PersonStep, WaitStep

_REPLY = ("after", "values", "decision", "comment", "items", "signature", "note", "decline")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer to one round: how long after it was asked (``None``: as everybody), and what.

    ``is_never``: nobody answers. ``by`` says otherwise for some of several who are asked, by
    their roles. ``line`` is where the file says so.
    """

    after: Duration | None = None
    is_never: bool = False
    said: Mapping[str, Any] = field(default_factory=dict)
    by: Mapping[str, "Reply"] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that happens outside, so long after the start."""

    name: str
    after: Duration
    data: Any


@dataclass(slots=True)
class Answers:
    """What is answered; where the file says nothing, everybody does what is asked of them."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    signals: list[Signal] = field(default_factory=list)
    calls: dict[str, tuple[int, Any]] = field(default_factory=dict)

    def reply(self, step: str, round_: int, role: str | None) -> Reply | None:
        """What a role answers in a round; the last one said holds for those after it."""
        said = self.replies.get(step)
        if not said:
            return None
        reply = said[min(round_, len(said)) - 1]
        return reply.by.get(role or "", reply)


def read(text: str, filename: str, tree: Definition) -> tuple[Answers, list[nodes.Fault]]:
    """The answers for a definition, and every fault of the file."""
    faults = Faults(filename)
    found = Answers()
    with suppress(nodes.DefinitionFaults):  # so many that they are enough
        node = nodes.read(text, faults)
        if node is not None:
            _read_all(Block(node, "answers", faults), tree, found)
    return found, faults.told()


def _read_all(whole: Block, tree: Definition, found: Answers) -> None:
    whole.only(("inputs", "steps", "signals", "calls"))
    found.inputs = _plain(whole.node("inputs")) or {}
    _steps(whole, tree, found)
    _signals(whole, tree, found)
    _calls(whole, tree, found)


def _steps(whole: Block, tree: Definition, found: Answers) -> None:
    node = whole.node("steps")
    if node is None:
        return
    block = Block(node, "steps", whole.faults)
    people = {step.id: None for step in tree.all_steps() if isinstance(step, PersonStep)}
    for name, item in block.items.items():
        if name not in people:
            block.faults.add(item.line, name, f"is no step that a person does{hint(name, people)}")
            continue
        value = item.node.value
        rounds = value if isinstance(value, list) else [item.node]
        found.replies[name] = [_reply(name, one, whole.faults, tree) for one in rounds]


def _reply(step: str, node: Node, faults: Faults, tree: Definition | None = None) -> Reply:
    """``tree``: whose roles ``by`` may name; none: it may not stand here."""
    if node.value == "never":
        return Reply(is_never=True, line=node.line)
    block = Block(node, step, faults)
    block.only((*_REPLY, "by") if tree else _REPLY)
    after = block.duration("after", zero=True)
    said = {name: _plain(one.node) for name, one in block.items.items() if name in _REPLY[1:]}
    by = _by(block.node("by"), faults, tree) if tree else {}
    return Reply(after, said=said, by=by, line=node.line)


def _by(node: Node | None, faults: Faults, tree: Definition) -> dict[str, Reply]:
    if node is None:
        return {}
    found = {}
    for role, item in Block(node, "by", faults).items.items():
        if role in tree.roles:
            found[role] = _reply(role, item.node, faults)
        else:
            faults.add(item.line, role, f"is not a role{hint(role, tree.roles)}")
    return found


def _signals(whole: Block, tree: Definition, found: Answers) -> None:
    node = whole.node("signals")
    if node is None:
        return
    block = Block(node, "signals", whole.faults)
    waits = (step for step in tree.all_steps() if isinstance(step, WaitStep))
    known = {step.signal: None for step in waits if step.signal}
    for name, item in block.items.items():
        if name not in known:
            block.faults.add(item.line, name, f"is no signal that is waited for{hint(name, known)}")
            continue
        inner = Block(item.node, name, whole.faults)
        inner.only(("after", "data"))
        inner.require("after")
        after = inner.duration("after", zero=True)
        if after is not None:
            found.signals.append(Signal(name, after, _plain(inner.node("data"))))


def _calls(whole: Block, tree: Definition, found: Answers) -> None:
    node = whole.node("calls")
    if node is None:
        return
    block = Block(node, "calls", whole.faults)
    known = {step.id: None for step in tree.all_steps() if isinstance(step, CallStep)}
    for name, item in block.items.items():
        if name not in known:
            block.faults.add(item.line, name, f"is no step that calls{hint(name, known)}")
            continue
        inner = Block(item.node, name, whole.faults)
        inner.only(("status", "json"))
        status = inner.whole("status", 100, 599)
        found.calls[name] = (200 if status is None else status, _plain(inner.node("json")))


def _plain(node: Node | None) -> Any:
    """A node as JSON; a number keeps its digits as text where it is no whole one."""
    if node is None:
        return None
    if isinstance(node.value, dict):
        return {name: _plain(item.node) for name, item in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(one) for one in node.value]
    if isinstance(node.value, Decimal):
        whole = node.value == node.value.to_integral_value()
        return int(node.value) if whole else str(node.value)
    return node.value
