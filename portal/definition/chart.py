"""A definition as a chart in lanes: its nodes with their places, and the flows between them.

Time runs to the right, each role has a lane. What BPMN calls a sub-process (an ``each``, and a
``parallel`` that not all branches have to finish) is a canvas of its own. What goes back runs
above all. The chart is what the BPMN export is made of (`bpmn`); people look at `diagram`.
"""

from dataclasses import dataclass, field
from typing import Literal

from portal.definition.durations import Duration
from portal.definition.expressions import Expression
from portal.definition.tree import Step

WIDTH, HEIGHT = 120, 80
GATE, EVENT, GAP, PAD = 50, 36, 50, 30
LABEL = 30
"""How wide the names of the pool and of the lanes are, which stand upright at the left."""

Kind = Literal[
    "start", "end", "stopped", "rejected", "enough", "step", "sub", "split", "join", "gate",
    "merge", "timer", "told", "leave", "left",
]  # fmt: skip
ENDS = ("end", "stopped", "rejected", "enough", "told", "leave")
Point = tuple[int, int]


@dataclass(slots=True)
class Node:
    """A shape.

    ``within`` is the sub-process it stands in, ``on`` the node whose edge it is fixed to. A timer
    rings ``after`` these spans together or ``at`` a moment; ``is_aside``: the step goes on.
    """

    id: str
    kind: Kind
    name: str = ""
    step: Step | None = None
    within: str | None = None
    on: str | None = None
    after: tuple[Duration, ...] = ()
    at: Expression | None = None
    is_aside: bool = False
    lane: str = ""
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
    name: str = ""
    condition: str | None = None
    is_default: bool = False
    is_back: bool = False
    points: list[Point] = field(default_factory=list)


@dataclass(slots=True)
class Lane:
    """What one role does. ``role`` is ``None`` of what runs by itself or is named on the way."""

    id: str
    name: str
    role: str | None = None
    y: int = 0
    h: int = 0


@dataclass(slots=True)
class Chart:
    """All of it, and how large it is."""

    lanes: list[Lane] = field(default_factory=list)
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    width: int = 0
    height: int = 0
