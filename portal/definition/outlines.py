"""The first look at the steps: their ids, kinds and lists, and what each may name.

Ids, kinds and fields are known of every step before any expression is read, so that expressions
anywhere may name them. The second look (`check_steps`) then goes down the same lists with a
`World` in hand: the names as they are seen from where it stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from portal.definition.blocks import Block, Scope, hint, one_of
from portal.definition.check_fields import Sketch, sketch_documents, sketch_fields
from portal.definition.nodes import Faults, Node
from portal.definition.shapes import ANY, NAMELESS, NUMBER, Shape, of_step, scope
from portal.definition.tree import Field, Role

KINDS: Mapping[str, tuple[str, ...]] = {
    "form": ("fields",),
    "upload": ("documents",),
    "approval": ("question", "show", "needs", "on_changes", "on_reject", "separate_from"),
    "sign": ("statement", "document", "methods"),
    "task": ("instructions", "checklist"),
    "message": ("to", "subject", "body"),
    "call": ("method", "url", "headers", "json", "secret", "retry", "save"),
    "set": (),
    "wait": ("for", "until", "signal", "timeout"),
    "run": ("definition", "inputs", "participants"),
    "parallel": ("branches", "finish"),
    "choose": (),
    "each": ("in", "as", "steps", "finish"),
}
"""Every step kind that runs, and the keys of its own."""

PERSON_KINDS = ("form", "upload", "approval", "sign", "task")
STEP_KEYS = ("id", "name", "when", "why", "control")
PERSON_KEYS = (
    "assign",
    "instructions",
    "due",
    "pick_up",
    "remind",
    "escalate",
    "on_timeout",
    "verify",
    "delegate",
    "link_for",
)
_KNOWN_KEYS = frozenset([*STEP_KEYS, *PERSON_KEYS])
_EMPTY_KINDS = ("task", "approval")
"""Kinds that may be written without keys of their own."""


@dataclass(slots=True, eq=False)
class Outline:
    """A step after the first look. `lists` are those inside it, each with its own mapping."""

    id: str
    kind: str
    block: Block
    own: Block | None
    eaches: "tuple[Outline, ...]" = ()
    fields: tuple[Sketch, ...] = ()
    lists: "list[OutlineList]" = field(default_factory=list)
    siblings: "list[Outline]" = field(default_factory=list)
    parent: "Outline | None" = None
    seconds: "list[Outline]" = field(default_factory=list)
    """The step again as each further kind that was given with the first, which is a fault."""

    def shape(self) -> Shape:
        """What expressions may read of it, from beside it."""
        if self.kind == "form" and self.fields:
            return of_step(tuple(sketch.field for sketch in self.fields))
        if self.kind == "upload" and self.own and "documents" in self.own:
            return of_step(documents=sketch_documents(_nodes(self.own, "documents")))
        if self.kind == "wait":
            return of_step(extra={"data": ANY})
        if self.kind == "run":
            return of_step(extra={"values": ANY})
        return ANY if self.kind in ("form", "upload") or self.kind not in KINDS else of_step()

    def set_names(self) -> tuple[str, ...]:
        """The values it computes."""
        computed = self.computed()
        return tuple(computed.items) if computed else ()

    def computed(self) -> Block | None:
        """The mapping whose keys are the values it computes."""
        if self.own is None or self.kind == "set":
            return self.own
        node = self.own.node("save") if self.kind == "call" else None
        if node is None or not isinstance(node.value, dict):
            return None
        return Block(node, "save", self.own.faults, self.own.items["save"].line)


@dataclass(frozen=True, slots=True, eq=False)
class OutlineList:
    """One list of steps inside a block, with the mapping that holds it."""

    block: Block
    steps: Sequence[Outline]


@dataclass(frozen=True, slots=True)
class World:
    """What the second look may name from where it stands. `eaches` are the items it is within."""

    inputs: tuple[Field, ...]
    roles: Mapping[str, Role]
    top: Sequence[Outline]
    outlines: Sequence[Outline]
    faults: Faults
    eaches: tuple[Outline, ...] = ()
    items: Mapping[str, Shape] = field(default_factory=dict)
    scope: Scope = field(default_factory=dict)

    @classmethod
    def at_top(
        cls,
        inputs: tuple[Field, ...],
        roles: Mapping[str, Role],
        top: Sequence[Outline],
        faults: Faults,
    ) -> "World":
        """The world outside all blocks."""
        return _named(cls(inputs, roles, top, list(_all(top)), faults))

    def inside(self, each: Outline, name: str, item: Shape) -> "World":
        """The world of one item, which is called `name`."""
        items = {**self.items, name: item, f"{name}_index": NUMBER}
        return _named(replace(self, eaches=(*self.eaches, each), items=items))

    def outline(self, step: str) -> Outline | None:
        """The step of that id, None where there is none."""
        return next((one for one in self.outlines if one.id == step), None)

    def kind_of(self, step: str) -> str | None:
        """The kind of a step, None where there is none of that id."""
        found = self.outline(step)
        return found.kind if found else None

    def above(self, outline: Outline) -> list[str]:
        """The ids of the steps above a step in the document, its own blocks left out."""
        blocks: set[str] = set()
        around = outline.parent
        while around is not None:
            blocks.add(around.id)
            around = around.parent
        ids = [one.id for one in self.outlines]
        return [name for name in ids[: ids.index(outline.id)] if name not in blocks]


def _named(world: World) -> World:
    """The world with every name that is in sight from where it stands."""
    steps = {one.id: _seen(world, one) for one in world.outlines}
    values = {
        name: ANY
        for one in world.outlines
        if one.eaches == world.eaches[: len(one.eaches)]
        for name in one.set_names()
    }
    names = scope(world.inputs, steps, values, world.roles)
    return replace(world, scope={**names, **world.items})


def _seen(world: World, one: Outline) -> Shape:
    """A step as it is seen from there: a list of it for each item that we are not within."""
    shared = sum(ours is theirs for ours, theirs in zip(world.eaches, one.eaches, strict=False))
    shape = one.shape()
    for _ in one.eaches[shared:]:
        shape = Shape("list", item=shape)
    return shape


def returnable(outline: Outline) -> list[str]:
    """The ids that a `return_to` may name: earlier in its own list or in one around it."""
    found: list[str] = []
    here: Outline | None = outline
    while here is not None:
        ids = [one.id for one in here.siblings]
        found = ids[: ids.index(here.id)] + found
        here = here.parent
    return found


def outline_steps(nodes: Sequence[Node], faults: Faults) -> list[Outline]:
    """The first look at the steps of a document. What has no id is noted and left out."""
    return _Looker(faults).list(nodes, None, ())


class _Looker:
    """Goes down the lists, and knows every id that was given."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lines: dict[str, int] = {}

    def list(
        self, nodes: Sequence[Node], parent: Outline | None, eaches: tuple[Outline, ...]
    ) -> list[Outline]:
        found: list[Outline] = []
        for node in nodes:
            block = Block(node, "steps", self._faults)
            block.require("id")
            name, kinds = self._name(block), _kinds(block)
            outline, *seconds = [_outline(name, kind, block) for kind in kinds]
            outline.seconds = seconds
            found.append(outline)
            for one in (outline, *seconds):
                one.eaches, one.parent, one.siblings = eaches, parent, found
                self._inside(one)
        return found

    def _name(self, block: Block) -> str:
        """The id of a step; one that has none of its own is called by its line, to be looked at."""
        name = block.id()
        if name is not None and name not in self._lines:
            self._lines[name] = block.line
            return name
        if name is not None:
            first = self._lines[name]
            block.fault("id", f"{name!r} is given twice (first on line {first}), expected it once")
        return f"{NAMELESS}line {block.line})"

    def _inside(self, outline: Outline) -> None:
        eaches = (*outline.eaches, outline) if outline.kind == "each" else outline.eaches
        for block in _branches(outline):
            steps = self.list(block.list("steps", empty=True), outline, eaches)
            outline.lists.append(OutlineList(block, steps))


def _branches(outline: Outline) -> list[Block]:
    """The mappings inside a block that hold a list of steps."""
    own, block = outline.own, outline.block
    if outline.kind == "choose":
        return [Block(node, "choose", block.faults) for node in block.list("choose")]
    if own is None or not own.is_mapping:
        return []
    if outline.kind == "parallel":
        own.require("branches")
        return [Block(node, "branches", block.faults) for node in own.list("branches")]
    return [own] if outline.kind == "each" else []


def _kinds(block: Block) -> list[str]:
    """The kinds of a step, of which it should have one; what is wrong with them is noted."""
    kinds = [key for key in block.items if key in KINDS]
    if not kinds and block.is_mapping:
        unknown = [key for key in block.items if key not in _KNOWN_KEYS]
        if not unknown:
            block.faults.add(
                block.line, "steps", f"this step has no kind, expected {one_of(tuple(KINDS))}"
            )
        if unknown:
            _unknown_kind(block, unknown[0])
    for key in kinds[1:]:
        block.faults.add(
            block.items[key].line, key, f"is a second kind beside {kinds[0]}, expected one a step"
        )
    return kinds or [""]


def _unknown_kind(block: Block, key: str) -> None:
    message = f"is neither a step kind nor a known key{hint(key, dict.fromkeys(KINDS))}"
    block.faults.add(block.items[key].line, key, message)


def _outline(name: str, kind: str, block: Block) -> Outline:
    node = block.node(kind) if kind in KINDS else None
    if node is None or kind == "choose":
        return Outline(name, kind, block, None)
    if node.value is None and kind in _EMPTY_KINDS:
        node = Node({}, node.line)
    own = Block(node, kind, block.faults, block.items[kind].line)
    fields: tuple[Sketch, ...] = ()
    if kind == "form":
        own.only(KINDS["form"])
        own.require("fields")
        fields = sketch_fields(own.list("fields"), "fields", block.faults)
    return Outline(name, kind, block, own, fields=fields)


def _all(outlines: Sequence[Outline]) -> Iterator[Outline]:
    for one in outlines:
        yield one
        for looked_at in (one, *one.seconds):
            for inner in looked_at.lists:
                yield from _all(inner.steps)


def _nodes(own: Block, key: str) -> Sequence[Node]:
    node = own.node(key)
    return node.value if node and isinstance(node.value, list) else []
