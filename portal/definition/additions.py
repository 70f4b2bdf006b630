"""A step that is added to one running process: its definition with the step in its place.

The step is written in the language of definitions and judged as if it had stood there from the
beginning. Where it goes may not have been passed, in any item of an ``each``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

from portal.definition.check import check
from portal.definition.load import DefinitionFaults
from portal.definition.nodes import Faults, Item, Node, canonical, read
from portal.definition.outlines import KINDS, PERSON_KINDS
from portal.definition.tree import Definition, Step

Side = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Stands:
    """A current round: ``open``, ``done`` or ``skipped``, and the branch that a ``choose`` took."""

    state: str
    branch: int | None = None


def with_step(
    tree: Definition, text: str, near: str, side: Side, id_: str | None = None
) -> tuple[Definition, Step]:
    """The definition with the step of this text beside another, and that step.

    A step that says no ``id`` is called ``id_``, else ``added_1`` or the next that is free.
    Raises DefinitionFaults with the lines of ``text``.
    """
    faults = Faults("step")
    added = _read(text, faults, tree, id_)
    if added is None:
        raise DefinitionFaults(faults.told())
    document = read(tree.source, Faults("definition"))
    assert document is not None  # it was taken before
    whole = _placed(document, near, side, added)
    assert whole is not None  # a step of the tree stands in its document
    digest = hashlib.sha256(canonical(whole).encode()).hexdigest()
    made = check(whole, faults, written(whole), digest)
    if made is None or faults:
        raise DefinitionFaults(faults.told())
    return made, made.step(added.value["id"].node.value)


def _read(text: str, faults: Faults, tree: Definition, id_: str | None) -> Node | None:
    """The step as a mapping of a kind that a person does, with an id of its own."""
    node = read(text, faults) if text.strip() else None
    if node is None or not isinstance(node.value, dict):
        if not faults:
            faults.add(1, "step", "is no mapping, expected one step with its kind and assign")
        return None
    items: dict[str, Item] = node.value
    if "id" not in items:
        items = {"id": Item(node.line, Node(id_ or _free_id(tree), node.line)), **items}
    wrong = [kind for kind in items if kind in KINDS and kind not in PERSON_KINDS]
    expected = f"expected one of {', '.join(PERSON_KINDS)}"
    for kind in wrong:
        faults.add(items[kind].line, kind, f"can’t be added to a running process, {expected}")
    own = items["id"].node
    if isinstance(own.value, str) and tree.has_step(own.value):
        faults.add(
            own.line, "id", f"{own.value!r} is a step of this process already, expected another"
        )
    return None if faults else Node(items, node.line)


def _free_id(tree: Definition) -> str:
    return next(id_ for n in range(1, 10_000) if not tree.has_step(id_ := f"added_{n}"))


def _placed(node: Node, near: str, side: Side, added: Node) -> Node | None:
    """The node with the step in the list of ``near``; ``None`` where that is not inside it."""
    if isinstance(node.value, list):
        for n, one in enumerate(node.value):
            if _id_of(one) == near:
                at = n + (side == "after")
                return replace(node, value=[*node.value[:at], added, *node.value[at:]])
            found = _placed(one, near, side, added)
            if found is not None:
                return replace(node, value=[*node.value[:n], found, *node.value[n + 1 :]])
    elif isinstance(node.value, dict):
        for key, item in node.value.items():
            if key not in _HOLDERS:
                continue
            found = _placed(item.node, near, side, added)
            if found is not None:
                return replace(node, value={**node.value, key: replace(item, node=found)})
    return None


_HOLDERS = ("steps", "parallel", "branches", "choose", "each")


def _id_of(node: Node) -> Any:
    """The id of a step; a field or a document has one too, but stands in no list of steps."""
    items = node.value if isinstance(node.value, dict) else {}
    is_step = any(key in KINDS for key in items) and "id" in items
    return items["id"].node.value if is_step else None


def written(node: Node) -> str:
    """A text that reads as the same document; a plain ``yes`` is another than a quoted one."""
    value = node.value
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}: {written(item.node)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str):
        return value if node.is_plain and value in ("yes", "no") else json.dumps(value)
    if isinstance(value, Decimal):
        return str(value)
    return "null" if value is None else str(value).lower()


# Where


def passed_by(
    tree: Definition, near: str, side: Side, stands: Mapping[tuple[str, str], Stands]
) -> Step | None:
    """The step or block by which a place in the list of ``near`` was passed; ``None``: not yet.

    ``stands`` are the current rounds by step and scope, withdrawn ones left out.
    """
    siblings = tree.enclosing_list(near)
    at = siblings.index(tree.step(near)) + (side == "after")
    begun = {step for step, _ in stands}
    for later in siblings[at:]:
        if later.id in begun:
            return later
    blocks = tree.blocks_around(near)
    inner = [*(block.id for block in blocks), near][1:]
    for block, one in zip(blocks, inner, strict=True):
        own = [found for (step, _), found in stands.items() if step == block.id]
        if any(found.state in ("done", "skipped") for found in own):
            return block
        if own and block.kind == "choose":
            mine = next(
                n
                for n, branch in enumerate(block.branches)
                if any(step.id == one for step in branch.steps)
            )
            if all(found.branch != mine for found in own):
                return block
    return None
