"""A definition as a chart: nodes with their places and the flows between them, left to right.

Every list runs along one line. A block opens at a gateway, its branches lie one under the other,
and it closes at another. What goes back runs above the list it goes back in. The chart is what
both the diagram and the BPMN export are made of.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from portal.definition.tree import (
    ApprovalStep,
    BlockStep,
    ChooseStep,
    Definition,
    EachStep,
    PersonStep,
    ReturnTo,
    Step,
)

WIDTH, HEIGHT = 140, 64
GATE, EVENT, GAP, ROW, PAD, LANE = 40, 36, 40, 28, 28, 26

Kind = Literal[
    "start", "end", "rejected", "step", "each", "split", "join", "gate", "timer", "leave", "left"
]
Point = tuple[int, int]


@dataclass(slots=True)
class Node:
    """A shape. ``within`` is the node of the ``each`` it stands in; ``on`` what it is fixed to."""

    id: str
    kind: Kind
    name: str = ""
    step: Step | None = None
    within: str | None = None
    on: str | None = None
    x: int = 0
    y: int = 0
    w: int = EVENT
    h: int = EVENT

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.x + self.w // 2, self.y + self.h // 2


@dataclass(slots=True)
class Flow:
    """A line from a node to another; ``condition`` is its CEL, ``is_back`` one that returns."""

    id: str
    source: str
    target: str
    points: list[Point]
    name: str = ""
    condition: str | None = None
    is_default: bool = False
    is_back: bool = False


@dataclass(slots=True)
class Chart:
    """All of it, and how large it is."""

    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    width: int = 0
    height: int = 0


class _Size(NamedTuple):
    """How much room something takes: along its line, above and below it."""

    w: int
    up: int
    down: int


def of(tree: Definition) -> Chart:
    """The chart of a definition."""
    return _Builder(tree).build()


class _Builder:
    def __init__(self, tree: Definition) -> None:
        self.tree = tree
        self.chart = Chart()
        self.backs: list[tuple[str, str, str, str | None]] = []  # source, step, name, condition
        self.skips: list[tuple[str, str]] = []  # a timer, and the node after whose flow it goes on

    def build(self) -> Chart:
        size = self._list_size(self.tree.steps)
        lanes = _count_backs(self.tree.steps) * LANE
        middle = PAD + lanes + max(size.up, EVENT)
        start = self._put(Node("start", "start", "Start"), PAD, middle)
        last, x = self._place_list(self.tree.steps, start, PAD + EVENT + GAP, middle, None)
        end = self._put(Node("end", "end", "Completed"), x, middle)
        self._flow(last, end)
        self._draw_skips()
        self._draw_backs()
        chart = self.chart
        chart.width = max(node.x + node.w for node in chart.nodes.values()) + PAD
        chart.height = max(node.y + node.h for node in chart.nodes.values()) + PAD + 16
        return chart

    # Room

    def _list_size(self, steps: Sequence[Step]) -> _Size:
        sizes = [self._size(step) for step in steps]
        return _Size(
            sum(size.w + GAP for size in sizes),
            max((size.up for size in sizes), default=EVENT // 2),
            max((size.down for size in sizes), default=EVENT // 2),
        )

    def _size(self, step: Step) -> _Size:
        inner = self._bare_size(step)
        if step.when is None:
            return inner
        return _Size(inner.w + 2 * (GATE + GAP), inner.up + ROW, inner.down)

    def _bare_size(self, step: Step) -> _Size:
        if isinstance(step, EachStep):
            inner = self._list_size(step.steps)
            lanes = _count_backs(step.steps) * LANE
            width = inner.w + 2 * (EVENT + GAP) + 2 * PAD
            return _Size(width, inner.up + PAD + lanes + 12, inner.down + PAD + 2 * EVENT)
        if isinstance(step, BlockStep):
            rows = [self._list_size(one) for one in _rows(step)]
            height = sum(row.up + row.down + ROW for row in rows)
            width = max(row.w for row in rows) + 2 * (GATE + GAP)
            return _Size(width, height // 2 + ROW, height // 2 + ROW)
        below = HEIGHT // 2
        if isinstance(step, PersonStep) and step.on_timeout:
            below += 2 * EVENT + 20
        width = WIDTH
        if _ways(step):
            width, below = width + GAP + GATE, max(below, GATE + 2 * EVENT)
        return _Size(width, HEIGHT // 2 + 8, below)

    # Places

    def _put(self, node: Node, x: int, middle: int) -> str:
        node.x, node.y = x, middle - node.h // 2
        self.chart.nodes[node.id] = node
        return node.id

    def _flow(
        self,
        source: str,
        target: str,
        points: list[Point] | None = None,
        name: str = "",
        condition: str | None = None,
        *,
        is_default: bool = False,
    ) -> None:
        one, other = self.chart.nodes[source], self.chart.nodes[target]
        # An `each` reaches further down than up; its line is that of what comes after it.
        line = other.middle[1] if one.kind == "each" else one.middle[1]
        straight = [(one.x + one.w, line), (other.x, other.middle[1])]
        id_ = f"flow{len(self.chart.flows) + 1}"
        self.chart.flows.append(
            Flow(id_, source, target, points or straight, name, condition, is_default)
        )

    def _place_list(
        self, steps: Sequence[Step], before: str, x: int, middle: int, within: str | None
    ) -> tuple[str, int]:
        """Place steps behind a node; the last node and where the next may begin."""
        for step in steps:
            before = self._place(step, before, x, middle, within)
            x += self._size(step).w + GAP
        return before, x

    def _place(self, step: Step, before: str, x: int, middle: int, within: str | None) -> str:
        if step.when is None:
            return self._place_bare(step, before, x, middle, within)
        split = self._gate(f"if_{step.id}", "gate", x, middle, within)
        self._flow(before, split)
        last = self._place_bare(
            step, split, x + GATE + GAP, middle, within, condition=step.when.source
        )
        inner = self._bare_size(step)
        end = x + 2 * (GATE + GAP) + inner.w - GATE
        join = self._gate(f"after_{step.id}", "join", end, middle, within)
        self._flow(last, join)
        top = middle - inner.up - ROW + 10
        a, b = self.chart.nodes[split].middle, self.chart.nodes[join].middle
        points = [(a[0], middle - GATE // 2), (a[0], top), (b[0], top), (b[0], middle - GATE // 2)]
        self._flow(split, join, points, "otherwise", is_default=True)
        return join

    def _gate(self, id_: str, kind: Kind, x: int, middle: int, within: str | None,
              step: Step | None = None) -> str:  # fmt: skip
        return self._put(Node(id_, kind, step=step, within=within, w=GATE, h=GATE), x, middle)

    def _place_bare(
        self, step: Step, before: str, x: int, middle: int, within: str | None,
        condition: str | None = None,
    ) -> str:  # fmt: skip
        if isinstance(step, EachStep):
            return self._place_each(step, before, x, middle, within, condition)
        if isinstance(step, BlockStep):
            return self._place_block(step, before, x, middle, within, condition)
        node = Node(f"step_{step.id}", "step", str(step.name), step, within, w=WIDTH, h=HEIGHT)
        here = self._put(node, x, middle)
        self._flow(before, here, condition=condition)
        if isinstance(step, PersonStep) and step.on_timeout:
            self._place_timeout(step, here, within)
        return self._place_ways(step, here, x + WIDTH + GAP, middle, within)

    def _place_ways(self, step: Step, here: str, x: int, middle: int, within: str | None) -> str:
        ways = _ways(step)
        if not ways:
            return here
        gate = self._gate(f"way_{step.id}", "gate", x, middle, within)
        self._flow(here, gate)
        for outcome, way in ways.items():
            condition = f'steps.{step.id}.outcome == "{outcome}"'
            if isinstance(way, ReturnTo):
                self._back(gate, way.step, outcome.replace("_", " "), condition)
            else:
                self._reject(step, gate, x, middle, within, condition)
        return gate

    def _reject(self, step: Step, gate: str, x: int, middle: int, within: str | None,
                condition: str) -> None:  # fmt: skip
        kind: Kind = "rejected" if within is None else "leave"
        node = Node(f"rejected_{step.id}", kind, "Rejected", within=within)
        end = self._put(node, x + 2, middle + GATE + EVENT)
        top = self.chart.nodes[end].y
        points = [(x + GATE // 2, middle + GATE // 2), (x + GATE // 2, top)]
        self._flow(gate, end, points, "rejected", condition)

    def _place_timeout(self, step: PersonStep, here: str, within: str | None) -> None:
        assert step.on_timeout is not None
        on = self.chart.nodes[here]
        timer = Node(f"timeout_{step.id}", "timer", f"after {step.on_timeout.after}", step,
                     within, on=here)  # fmt: skip
        self._put(timer, on.x + 16, on.y + on.h)
        do = step.on_timeout.do
        if isinstance(do, ReturnTo):
            self._back(timer.id, do.step, "too late", None)
            return
        if do == "skip":
            self.skips.append((timer.id, f"way_{step.id}" if _ways(step) else here))
            return
        names = {"end": "Completed", "reject": "Rejected"}
        kind: Kind = "rejected" if do == "reject" and within is None else "end"
        end = Node(f"late_{step.id}", kind, names[do], within=within)
        self._put(end, on.x + 90, on.y + on.h + EVENT + 14)
        bottom = end.middle[1]
        points = [(timer.middle[0], timer.y + EVENT), (timer.middle[0], bottom), (end.x, bottom)]
        self._flow(timer.id, end.id, points)

    def _place_block(
        self, step: BlockStep, before: str, x: int, middle: int, within: str | None,
        condition: str | None,
    ) -> str:  # fmt: skip
        size = self._bare_size(step)
        split = self._gate(f"split_{step.id}", "split", x, middle, within, step)
        join = self._gate(f"join_{step.id}", "join", x + size.w - GATE, middle, within, step)
        self._flow(before, split, condition=condition)
        rows = _rows(step)
        sizes = [self._list_size(row) for row in rows]
        top = middle - sum(one.up + one.down + ROW for one in sizes) // 2
        for n, (row, room) in enumerate(zip(rows, sizes, strict=True)):
            line = top + ROW // 2 + room.up
            self._place_row(step, n, row, split, join, x + GATE + GAP, line, within)
            top += room.up + room.down + ROW
        return join

    def _place_row(
        self, step: BlockStep, n: int, row: Sequence[Step], split: str, join: str, x: int,
        line: int, within: str | None,
    ) -> None:  # fmt: skip
        a, b = self.chart.nodes[split], self.chart.nodes[join]
        branch = step.branches[n] if n < len(step.branches) else None
        is_default = isinstance(step, ChooseStep) and (branch is None or branch.when is None)
        condition = branch.when.source if branch is not None and branch.when else None
        name = branch.name if branch is not None else ""
        out = _leave(a, line)
        count = len(self.chart.flows)
        if not row:
            points = [*out, *_enter(b, line)]
            self._flow(split, join, points, name, condition, is_default=is_default)
            return
        last, _ = self._place_list(row, split, x, line, within)
        first = self.chart.flows[count]
        first.points = [*out, first.points[-1]]
        first.name, first.is_default = name, is_default
        first.condition = first.condition or condition
        end = self.chart.nodes[last]
        self._flow(last, join, [(end.x + end.w, line), *_enter(b, line)])

    def _place_each(
        self, step: EachStep, before: str, x: int, middle: int, within: str | None,
        condition: str | None,
    ) -> str:  # fmt: skip
        size = self._bare_size(step)
        here = Node(
            f"step_{step.id}", "each", str(step.name), step, within,
            x=x, y=middle - size.up, w=size.w, h=size.up + size.down,
        )  # fmt: skip
        self.chart.nodes[here.id] = here
        points = [(self._right(before), middle), (x, middle)]
        self._flow(before, here.id, points, condition=condition)
        start = self._put(Node(f"first_{step.id}", "start", within=here.id), x + PAD, middle)
        last, _ = self._place_list(step.steps, start, x + PAD + EVENT + GAP, middle, here.id)
        end = Node(f"last_{step.id}", "end", within=here.id)
        self._put(end, x + size.w - PAD - EVENT, middle)
        self._flow(last, end.id)
        return here.id

    def _right(self, node: str) -> int:
        return self.chart.nodes[node].x + self.chart.nodes[node].w

    # Going back

    def _back(self, source: str, step: str, name: str, condition: str | None) -> None:
        self.backs.append((source, step, name, condition))

    def _draw_skips(self) -> None:
        """Where time ran out and the list goes on: to wherever the step itself leads on."""
        for timer, node in self.skips:
            on = next(
                flow for flow in self.chart.flows
                if flow.source == node and not flow.condition and not flow.is_back
            )  # fmt: skip
            one, other = self.chart.nodes[timer], self.chart.nodes[on.target]
            low, left, line = one.y + EVENT + 12, on.points[0][0] + 14, on.points[0][1]
            points = [(one.middle[0], one.y + EVENT), (one.middle[0], low), (left, low),
                      (left, line + 10), (left, line)]  # fmt: skip
            if on.points[0][1] == other.middle[1]:
                points = [*points[:3], (left, line + 8), (other.x, line + 8)]
            self._flow(timer, other.id, points)

    def _draw_backs(self) -> None:
        lanes: dict[str | None, int] = {}
        for source, step, name, condition in self.backs:
            one, other = self.chart.nodes[source], self._entry(step)
            while one.within != other.within:
                one = self._leave_each(one, step, name, condition)
                condition = None
            lane = lanes[one.within] = lanes.get(one.within, 0) + 1
            around = self.chart.nodes.get(one.within or "")
            top = (around.y + 14 if around else PAD) + (lane - 1) * LANE
            a, b = one.middle[0], other.middle[0]
            points = [(a, one.y), (a, top), (b, top), (b, other.y)]
            id_ = f"flow{len(self.chart.flows) + 1}"
            flow = Flow(id_, one.id, other.id, points, name, condition, is_back=True)
            self.chart.flows.append(flow)

    def _entry(self, step: str) -> Node:
        """The node at which a step begins: its condition is asked anew."""
        for id_ in (f"if_{step}", f"split_{step}", f"step_{step}"):
            if id_ in self.chart.nodes:
                return self.chart.nodes[id_]
        raise KeyError(step)

    def _leave_each(self, one: Node, step: str, name: str, condition: str | None) -> Node:
        """An end inside an ``each``, and where it comes out of it: no flow crosses its edge."""
        assert one.within is not None
        around = self.chart.nodes[one.within]
        end = Node(f"out_{one.id}_{step}", "leave", name, within=around.id)
        self._put(end, one.x + 2, around.y + around.h - EVENT)
        points = [(one.middle[0], one.y + one.h), (one.middle[0], end.y)]
        self._flow(one.id, end.id, points, name, condition)
        left = Node(f"left_{one.id}_{step}", "left", name, within=around.within, on=around.id)
        left.x, left.y = one.x + 2, around.y - EVENT // 2
        self.chart.nodes[left.id] = left
        return left


def _rows(step: BlockStep) -> list[tuple[Step, ...]]:
    """The lists of a block; a choice without otherwise has an empty one besides."""
    rows = [branch.steps for branch in step.branches]
    if isinstance(step, ChooseStep) and all(one.when is not None for one in step.branches):
        rows.append(())
    return rows


def _ways(step: Step) -> dict[str, ReturnTo | str]:
    """Where the outcomes of an approval lead that do not simply go on."""
    if not isinstance(step, ApprovalStep):
        return {}
    ways: dict[str, ReturnTo | str] = {}
    if step.on_changes is not None:
        ways["changes_requested"] = step.on_changes
    if step.on_reject != "continue":
        ways["rejected"] = step.on_reject
    return ways


def _count_backs(steps: Sequence[Step]) -> int:
    """How many lines go back above a list, those of its blocks included and of no ``each``."""
    count = 0
    for step in steps:
        count += sum(isinstance(way, ReturnTo) for way in _ways(step).values())
        if isinstance(step, PersonStep) and step.on_timeout:
            count += isinstance(step.on_timeout.do, ReturnTo)
        if isinstance(step, BlockStep):
            count += sum(_count_backs(branch.steps) for branch in step.branches)
    return count


def _leave(gate: Node, line: int) -> list[Point]:
    x, y = gate.middle
    if line == y:
        return [(gate.x + gate.w, y)]
    return [(x, gate.y + gate.h if line > y else gate.y), (x, line)]


def _enter(gate: Node, line: int) -> list[Point]:
    x, y = gate.middle
    if line == y:
        return [(gate.x, y)]
    return [(x, line), (x, gate.y + gate.h if line > y else gate.y)]
