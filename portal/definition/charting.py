"""How the chart of a definition is drawn up: which nodes and flows there are, and in what order.

Only how far to the right a node stands is decided here; how far down is `canvas`'s.
"""

from collections.abc import Iterator, Sequence

from portal.definition.canvas import Canvas, Slot
from portal.definition.chart import (
    EVENT,
    GAP,
    GATE,
    HEIGHT,
    LABEL,
    PAD,
    WIDTH,
    Chart,
    Kind,
    Lane,
    Node,
)
from portal.definition.durations import Duration
from portal.definition.tree import (
    ApprovalStep,
    BlockStep,
    ChooseStep,
    Definition,
    DueAt,
    EachStep,
    ParallelStep,
    PersonStep,
    ReturnTo,
    Step,
    WaitStep,
)

_BELOW = HEIGHT // 2 + EVENT + 52
_APART = 96
REMIND = "Remind"
"""What the end is called at which whoever has a step is reminded of it."""
_SYSTEM, _NAMED = "lane_system", "lane_named"
# Where something leads that does not simply go on: to a step, or to an end of the whole process.
_Way = ReturnTo | str
_ENDS: dict[str, tuple[Kind, str]] = {
    "reject": ("rejected", "Rejected"),
    "end": ("stopped", "Completed"),
}


def of(tree: Definition) -> Chart:
    """The chart of a definition."""
    chart = Chart(lanes=_lanes(tree))
    canvas = Canvas(chart, [one.id for one in chart.lanes], within=None)
    left = 2 * LABEL + PAD
    drawing = _Drawing(canvas)
    start = drawing.put(Node("start", "start", "Start"), left, _lane_of(tree.steps))
    last, x = drawing.list(tree.steps, start, left + EVENT + GAP)
    end = drawing.put(Node("end", "end", "Completed"), x, canvas.lane_of(last))
    canvas.link(last, end)
    heights = canvas.settle()
    y = 0
    for lane, height in zip(chart.lanes, heights, strict=True):
        lane.y, lane.h = y, height
        y += height
    chart.width, chart.height = canvas.width + PAD, y
    return chart


def _lanes(tree: Definition) -> list[Lane]:
    """A lane for each role, and for what no role does where there is such."""
    lanes = [Lane(f"lane_role_{one.id}", one.name, one.id) for one in tree.roles.values()]
    used = {_lane_of([step]) for step in tree.all_steps()}
    if _NAMED in used:
        lanes.append(Lane(_NAMED, "Named on the way"))
    if _SYSTEM in used or not lanes:
        lanes.append(Lane(_SYSTEM, "System"))
    return lanes


def _lane_of(steps: Sequence[Step]) -> str:
    """In which lane steps begin: in that of whoever does the first of them."""
    for step in steps:
        if isinstance(step, BlockStep):
            return _lane_of([inner for branch in step.branches for inner in branch.steps])
        if not isinstance(step, PersonStep):
            return _SYSTEM
        return f"lane_role_{step.assign[0]}" if isinstance(step.assign, tuple) else _NAMED
    return _SYSTEM


class _Drawing:
    """Draws lists of steps on one canvas, each behind the node before it."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self._entries: dict[str, str] = {}
        self.leaving: list[tuple[str, _Way, str]] = []  # an end, where it leads, its name

    def put(self, node: Node, x: int, lane: str) -> str:
        """Set a node on a line of its own."""
        node.within = self.canvas.within
        self.canvas.add(node, x, lane, self._room(node))
        return node.id

    def list(self, steps: Sequence[Step], before: str, x: int, condition: str | None = None,
             name: str = "", *, is_default: bool = False) -> tuple[str, int]:  # fmt: skip
        """Draw steps behind a node; the last node and where the next may begin."""
        self._after = (condition, name, is_default)
        for step in steps:
            before, x = self._step(step, before, x)
        return before, x

    def _link(self, source: str, target: str) -> None:
        """The flow to the next node, with what is said of the way that it begins."""
        condition, name, is_default = self._after
        self._after = (None, "", False)
        self.canvas.link(source, target, name, condition, is_default=is_default)

    def _room(self, node: Node) -> tuple[int, int]:
        named = 22 if node.name and node.kind != "step" else 4
        return node.h // 2 + 8, node.h // 2 + named

    def _gate(self, id_: str, kind: Kind, x: int, lane: str, step: Step | None = None,
              name: str = "") -> str:  # fmt: skip
        return self.put(Node(id_, kind, name, step, w=GATE, h=GATE), x, lane)

    def _step(self, step: Step, before: str, x: int) -> tuple[str, int]:
        if step.when is None:
            return self._bare(step, before, x)
        lane = _lane_of([step])
        split = self._gate(f"if_{step.id}", "split", x, lane, name=f"{step.name}?")
        self._entries[step.id] = split
        self._link(before, split)
        self._after = (step.when.source, "", False)
        last, x = self._bare(step, split, x + GATE + GAP)
        join = self._gate(f"after_{step.id}", "merge", x, lane)
        self._link(last, join)
        self.canvas.pass_by(split, join, "otherwise", is_default=True)
        return join, x + GATE + GAP

    def _bare(self, step: Step, before: str, x: int) -> tuple[str, int]:
        is_enough = isinstance(step, ParallelStep) and step.finish != "all"
        if isinstance(step, EachStep) or is_enough:
            assert isinstance(step, BlockStep)
            return self._sub(step, before, x)
        if isinstance(step, BlockStep):
            return self._block(step, before, x, "join")
        return self._leaf(step, before, x)

    # One step

    def _leaf(self, step: Step, before: str, x: int) -> tuple[str, int]:
        timers = list(_timers(step))
        is_event = isinstance(step, WaitStep) and not timers
        node = Node(f"step_{step.id}", "step", str(step.name), step)
        if not is_event:
            node.w, node.h = max(WIDTH, _APART * len(timers)), HEIGHT
        here = self.put(node, x, _lane_of([step]))
        self._entries.setdefault(step.id, here)
        self._link(before, here)
        slot = self.canvas.slot(here)
        if is_event:
            slot.reach(down=EVENT // 2 + 22)
        after = x + node.w + GAP
        last, after = self._ways(step, here, slot, after)
        skipped = [one for n, one in enumerate(timers) if self._timer(*one, here, slot, n)]
        if not skipped:
            return last, after
        merge = Node(f"on_{step.id}", "merge", within=self.canvas.within, w=GATE, h=GATE)
        self.canvas.beside(slot, merge, after, 0)
        self._link(last, merge.id)
        for timer, _ in skipped:
            self.canvas.under(timer.id, merge.id)
        return merge.id, after + GATE + GAP

    def _timer(self, timer: Node, way: _Way, here: str, slot: Slot, n: int) -> bool:
        """Fix a timer to the lower edge of a step; whether the list goes on from it."""
        timer.on, timer.within = here, self.canvas.within
        x = self.canvas.chart.nodes[here].x + 16 + _APART * n
        self.canvas.beside(slot, timer, x, HEIGHT // 2)
        slot.reach(down=HEIGHT // 2 + EVENT // 2 + 30)
        if way == "skip":
            return True
        if isinstance(way, str) and way not in _ENDS:
            told = Node(f"told_{timer.id}", "told", way, timer.step, self.canvas.within)
            self._below(timer.id, told, slot, x)
        else:
            self._lead(timer.id, way, slot, x, "too late", None)
        return False

    def _ways(self, step: Step, here: str, slot: Slot, x: int) -> tuple[str, int]:
        ways = _outcomes(step)
        if not ways:
            return here, x
        node = Node(f"way_{step.id}", "gate", "Outcome", within=self.canvas.within, w=GATE, h=GATE)
        self.canvas.beside(slot, node, x, 0)
        self.canvas.link(here, node.id)
        at = x + (GATE - EVENT) // 2
        for outcome, way in ways.items():
            condition = f'steps.{step.id}.outcome == "{outcome}"'
            at += self._lead(node.id, way, slot, at, outcome.replace("_", " "), condition)
        return node.id, max(x + GATE, at) + GAP

    def _lead(self, source: str, way: _Way, slot: Slot, x: int, name: str,
              condition: str | None) -> int:  # fmt: skip
        """Lead from a node to a step before it or to an end; how much room below that takes."""
        if isinstance(way, ReturnTo) and way.step in self._entries:
            self.canvas.back(source, self._entries[way.step], name, condition)
            return 0
        if isinstance(way, ReturnTo) or self.canvas.within:
            end = Node(f"out_{source}_{len(self.leaving)}", "leave", name,
                       within=self.canvas.within)  # fmt: skip
            self.leaving.append((end.id, way, name))
        else:
            kind, said = _ENDS[way]
            end = Node(f"{kind}_{source}", kind, said)
        self._below(source, end, slot, x, name, condition)
        return _APART

    def _below(self, source: str, end: Node, slot: Slot, x: int, name: str = "",
               condition: str | None = None) -> None:  # fmt: skip
        self.canvas.beside(slot, end, x, _BELOW)
        slot.reach(down=_BELOW + EVENT // 2 + 34)
        self.canvas.down(source, end.id, name, condition)

    # Blocks

    def _block(self, step: BlockStep, before: str, x: int, closing: Kind) -> tuple[str, int]:
        lane = _lane_of([step])
        name = str(step.name) if isinstance(step, ChooseStep) else ""
        split = self._gate(f"split_{step.id}", "split", x, lane, step, name)
        self._entries.setdefault(step.id, split)
        self._link(before, split)
        rows, ends, right = _rows(step), [], x + GATE + GAP
        for n, row in enumerate(rows):
            branch = step.branches[n] if n < len(step.branches) else None
            when = branch.when if branch is not None else None
            is_default = isinstance(step, ChooseStep) and when is None
            said = (when.source if when else None, branch.name if branch else "", is_default)
            if not row:
                ends.append((split, said))
                continue
            last, after = self.list(row, split, x + GATE + GAP, *said[:2], is_default=is_default)
            ends.append((last, said))
            right = max(right, after)
        self._after = (None, "", False)
        join = self._gate(f"join_{step.id}", closing, right, lane, step)
        for last, (condition, name, is_default) in ends:
            if last == split:
                self.canvas.pass_by(split, join, name, condition, is_default=is_default)
            else:
                self.canvas.join(last, join)
        return join, right + GATE + GAP

    def _sub(self, step: BlockStep, before: str, x: int) -> tuple[str, int]:
        here = Node(f"step_{step.id}", "sub", str(step.name), step, self.canvas.within)
        inner = _Drawing(Canvas(self.canvas.chart, [""], within=here.id))
        self.canvas.chart.nodes[here.id] = here
        start = inner.put(Node(f"first_{step.id}", "start", "Begin"), PAD, "")
        if isinstance(step, EachStep):
            last, after = inner.list(step.steps, start, PAD + EVENT + GAP)
            inner.canvas.link(last, inner.put(Node(f"last_{step.id}", "end", "Done"), after, ""))
        else:
            inner.enough(step, start)
        heights = inner.canvas.settle()
        here.w, here.h = inner.canvas.width + PAD, heights[0]
        self.canvas.add(here, x, _lane_of([step]), (here.h // 2 + 26, here.h // 2 + 26))
        self.canvas.inner.append((here, inner.canvas))
        self._entries.setdefault(step.id, here.id)
        self._link(before, here.id)
        self._left(here, inner.leaving)
        return here.id, x + here.w + GAP

    def enough(self, step: BlockStep, start: str) -> None:
        """Branches of which some suffice: the end of the last that is needed ends the others."""
        self._after = (None, "", False)
        last, x = self._block(step, start, PAD + EVENT + GAP, "merge")
        finish = getattr(step, "finish", "any")
        condition = None
        if finish != "any":
            gate = self._gate(f"count_{step.id}", "gate", x, "", name="Enough?")
            self.canvas.link(last, gate)
            last, x, condition = gate, x + GATE + GAP, f"done >= {finish}"
        end = self.put(Node(f"enough_{step.id}", "enough", "Enough are done"), x, "")
        self.canvas.link(last, end, "", condition)
        if condition:
            more = Node(f"last_{step.id}", "end", "Wait for another", within=self.canvas.within)
            slot = self.canvas.slot(last)
            self.canvas.beside(slot, more, x - GAP - GATE + 7, _BELOW)
            slot.reach(down=_BELOW + EVENT // 2 + 34)
            self.canvas.down(last, more.id, "otherwise", None, is_default=True)

    def _left(self, here: Node, leaving: Sequence[tuple[str, _Way, str]]) -> None:
        """Where what leaves a sub-process comes out of it: no flow crosses its edge."""
        slot = self.canvas.slot(here.id)
        for n, (end, way, name) in enumerate(leaving):
            x = here.x + 24 + _APART * n
            left = Node(end.replace("out_", "left_", 1), "left", name, None, self.canvas.within,
                        on=here.id)  # fmt: skip
            goes_up = isinstance(way, ReturnTo) and way.step in self._entries
            self.canvas.beside(slot, left, x, -here.h // 2 if goes_up else here.h // 2)
            if goes_up:
                assert isinstance(way, ReturnTo)
                self.canvas.back(left.id, self._entries[way.step], name, None)
                continue
            self._lead_out(left, way, slot, x, here.h // 2 + EVENT + 44, name)

    def _lead_out(self, left: Node, way: _Way, slot: Slot, x: int, down: int, name: str) -> None:
        if isinstance(way, ReturnTo) or self.canvas.within:
            end = Node(f"out_{left.id}", "leave", name, within=self.canvas.within)
            self.leaving.append((end.id, way, name))
        else:
            kind, said = _ENDS[way]
            end = Node(f"{kind}_{left.id}", kind, said)
        self.canvas.beside(slot, end, x, down)
        slot.reach(down=down + EVENT // 2 + 34)
        self.canvas.down(left.id, end.id)


def _rows(step: BlockStep) -> list[tuple[Step, ...]]:
    """The lists of a block; a choice without otherwise has an empty one besides."""
    rows = [branch.steps for branch in step.branches]
    if isinstance(step, ChooseStep) and all(one.when is not None for one in step.branches):
        rows.append(())
    return rows


def _outcomes(step: Step) -> dict[str, _Way]:
    """Where the outcomes of an approval lead that do not simply go on."""
    if not isinstance(step, ApprovalStep):
        return {}
    ways: dict[str, _Way] = {}
    if step.on_changes is not None:
        ways["changes_requested"] = step.on_changes
    if step.on_reject != "continue":
        ways["rejected"] = "reject" if step.on_reject == "end" else step.on_reject
    return ways


def _timers(step: Step) -> Iterator[tuple[Node, _Way]]:
    """What the clock does to a step, and where each leads; words are what somebody is told."""
    if isinstance(step, WaitStep) and step.timeout is not None:
        name = f"after {step.timeout}"
        yield Node(f"timeout_{step.id}", "timer", name, step, after=(step.timeout,)), "skip"
    if not isinstance(step, PersonStep):
        return
    at = step.due.at if isinstance(step.due, DueAt) else None
    due = (step.due,) if isinstance(step.due, Duration) else ()
    if step.due is not None and not step.escalate and step.remind != ():
        name = "when due" if at else f"due after {step.due}"
        way = REMIND if step.on_timeout else "Tell the owner"
        yield Node(f"due_{step.id}", "timer", name, step, after=due, at=at, is_aside=True), way
    for n, one in enumerate(step.escalate):
        verb = "Give to" if one.then == "reassign" else "Tell"
        who = "the owner" if one.to == "owner" else one.to
        timer = Node(f"late{n}_{step.id}", "timer", f"{one.after} after due", step,
                     after=(*due, one.after), at=at, is_aside=True)  # fmt: skip
        yield timer, f"{verb} {who}"
    if step.on_timeout is not None:
        after = step.on_timeout.after
        timer = Node(f"timeout_{step.id}", "timer", f"after {after}", step, after=(after,))
        yield timer, step.on_timeout.do
