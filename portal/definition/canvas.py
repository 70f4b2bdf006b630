"""Where the nodes of a chart lie: lines in lanes that do not run into each other, and the flows.

Every node stands in a slot: a stretch of a line in a lane, with what hangs below it. A slot takes
the first line of its lane that is free over its whole stretch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from portal.definition.chart import EVENT, GAP, PAD, Chart, Flow, Node, Point

_LEAST = 110
_BACK = 22


@dataclass(slots=True, eq=False)
class Slot:
    """A stretch of a line. ``parts`` are nodes and how far below the line their centres lie."""

    lane: str
    x: int
    end: int
    up: int
    down: int
    parts: list[tuple[Node, int]] = field(default_factory=list)
    line: int = 0

    def reach(self, *, down: int) -> None:
        """Have at least so much room below the line."""
        self.down = max(self.down, down)


class Canvas:
    """One level of a chart: nodes are added from left to right, then settled once."""

    def __init__(self, chart: Chart, lanes: Sequence[str], *, within: str | None) -> None:
        self.chart, self.within = chart, within
        self.inner: list[tuple[Node, Canvas]] = []
        self.width = 0
        self._lanes = lanes
        self._slots: list[Slot] = []
        self._of: dict[str, Slot] = {}
        self._flows: list[tuple[Flow, Callable[[Flow], list[Point]]]] = []
        self._backs = 0

    # What stands on it

    def add(self, node: Node, x: int, lane: str, room: tuple[int, int]) -> None:
        """A node in a slot of its own."""
        slot = Slot(self._lanes[0] if self.within else lane, x, x + node.w, *room)
        self._slots.append(slot)
        self.beside(slot, node, x, 0)

    def beside(self, slot: Slot, node: Node, x: int, below: int) -> None:
        """A further node of a slot, so far below its line."""
        node.x, node.lane = x, slot.lane
        slot.parts.append((node, below))
        slot.end = max(slot.end, x + node.w)
        self._of[node.id] = slot
        self.chart.nodes[node.id] = node

    def slot(self, node: str) -> Slot:
        """The slot of a node."""
        return self._of[node]

    def lane_of(self, node: str) -> str:
        """The lane of a node."""
        return self._of[node].lane

    # What leads from one to another

    def link(self, source: str, target: str, name: str = "", condition: str | None = None, *,
             is_default: bool = False) -> None:  # fmt: skip
        """To the next node of a list. What leads on from a choice unasked is its default."""
        is_default = is_default or (self._node(source).kind == "gate" and not condition)
        self._flow(source, target, name, condition, self._straight, is_default=is_default)

    def join(self, source: str, target: str) -> None:
        """From the end of a branch along its line to where the branches meet."""
        self._of[source].end = self._node(target).x - EVENT
        self.link(source, target)

    def pass_by(self, split: str, join: str, name: str = "", condition: str | None = None, *,
                is_default: bool = False) -> None:  # fmt: skip
        """From a gate to its other on a line that nothing stands on."""
        a, b = self._node(split), self._node(join)
        slot = Slot(self._of[split].lane, a.x, b.x + b.w, 14, 10)
        self._slots.append(slot)

        def around(_: Flow) -> list[Point]:
            (ax, ay), (bx, by), line = a.middle, b.middle, slot.line
            edges = [one.y if line < one.middle[1] else one.y + one.h for one in (a, b)]
            if ay == line == by:
                return [(a.x + a.w, ay), (b.x, by)]
            return [(ax, edges[0]), (ax, line), (bx, line), (bx, edges[1])]

        self._flow(split, join, name, condition, around, is_default=is_default)

    def down(self, source: str, target: str, name: str = "", condition: str | None = None, *,
             is_default: bool = False) -> None:  # fmt: skip
        """To what hangs below."""

        def hang(flow: Flow) -> list[Point]:
            a, b = self._node(flow.source), self._node(flow.target)
            (ax, _), (bx, _), low = a.middle, b.middle, a.y + a.h
            return [(ax, low), *([(ax, low + 12), (bx, low + 12)] if ax != bx else ()), (bx, b.y)]

        self._flow(source, target, name, condition, hang, is_default=is_default)

    def under(self, source: str, target: str) -> None:
        """From below a step to a gate behind it."""

        def dip(flow: Flow) -> list[Point]:
            a, b = self._node(flow.source), self._node(flow.target)
            low = a.y + a.h + 20
            return [(a.middle[0], a.y + a.h), (a.middle[0], low), (b.middle[0], low),
                    (b.middle[0], b.y + b.h)]  # fmt: skip

        self._flow(source, target, "", None, dip)

    def back(self, source: str, target: str, name: str, condition: str | None) -> None:
        """To a node before it, above everything."""
        self._backs += 1
        high = self._backs

        def over(flow: Flow) -> list[Point]:
            a, b = self._node(flow.source), self._node(flow.target)
            top = PAD + _BACK * (high - 1)
            (ax, _), (bx, _) = a.middle, b.middle
            if a.kind != "timer":
                return [(ax, a.y), (ax, top), (bx, top), (bx, b.y)]
            low, aside = a.y + a.h + 20, self._of[a.id].parts[0][0]
            right = aside.x + aside.w + 12
            return [(ax, a.y + a.h), (ax, low), (right, low), (right, top), (bx, top), (bx, b.y)]

        self._flow(source, target, name, condition, over, is_back=True)

    def _flow(self, source: str, target: str, name: str, condition: str | None,
              route: Callable[[Flow], list[Point]], *, is_default: bool = False,
              is_back: bool = False) -> None:  # fmt: skip
        id_ = f"flow{len(self.chart.flows) + 1}"
        flow = Flow(id_, source, target, name, condition, is_default, is_back)
        self.chart.flows.append(flow)
        self._flows.append((flow, route))

    def _straight(self, flow: Flow) -> list[Point]:
        a, b = self._node(flow.source), self._node(flow.target)
        (ax, ay), (bx, by) = a.middle, b.middle
        if ay == by:
            return [(a.x + a.w, ay), (b.x, by)]
        if a.kind == "split":
            return [(ax, a.y if by < ay else a.y + a.h), (ax, by), (b.x, by)]
        if b.kind in ("join", "merge"):
            return [(a.x + a.w, ay), (bx, ay), (bx, b.y if ay < by else b.y + b.h)]
        turn = b.x - GAP // 2
        return [(a.x + a.w, ay), (turn, ay), (turn, by), (b.x, by)]

    def _node(self, node: str) -> Node:
        return self.chart.nodes[node]

    # Where it all lies

    def settle(self) -> list[int]:
        """Give every node and flow its place; how high each lane is."""
        self.width = max(slot.end for slot in self._slots)
        heights, y = [], 0
        for n, lane in enumerate(self._lanes):
            head = PAD + (_BACK * self._backs if n == 0 else 0)
            height = max(_LEAST, self._settle_lane(lane, y + head) - y + PAD // 2)
            heights.append(height)
            y += height
        for flow, route in self._flows:
            flow.points = route(flow)
        for node, canvas in self.inner:
            canvas.move(node.x, node.y)
        return heights

    def _settle_lane(self, lane: str, y: int) -> int:
        """Set the lines of a lane one under the other, from ``y`` on; where they end."""
        lines: list[list[Slot]] = []
        for slot in (one for one in self._slots if one.lane == lane):
            free = (line for line in lines if not any(_touch(slot, other) for other in line))
            line = next(free, None)
            if line is None:
                lines.append(line := [])
            line.append(slot)
        for line in lines:
            middle = y + max(slot.up for slot in line)
            for slot in line:
                slot.line = middle
                for node, below in slot.parts:
                    node.y = middle + below - node.h // 2
            y = middle + max(slot.down for slot in line) + 8
        return y

    def move(self, dx: int, dy: int) -> None:
        """Move everything on it, and what stands on canvases in it."""
        for slot in self._slots:
            for node, _ in slot.parts:
                node.x, node.y = node.x + dx, node.y + dy
        for flow, _ in self._flows:
            flow.points = [(x + dx, y + dy) for x, y in flow.points]
        for _, canvas in self.inner:
            canvas.move(dx, dy)


def _touch(one: Slot, other: Slot) -> bool:
    return one.x < other.end + EVENT // 2 and other.x < one.end + EVENT // 2
