"""A definition as a picture (SVG) that reads from top to bottom, on a telephone as on paper.

A list is a column of boxes; the branches of a block stand side by side; a frame holds what runs
once for each item. What goes back to an earlier step of its own list runs along its left; where
else it leads is said in words. How it looks is the style sheet's (static/css/chart.css).
"""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from portal.definition.notes import NO_SIGNS, branch_notes, closing, notes, opening, returns, who
from portal.definition.tree import (
    BlockStep,
    Branch,
    ChooseStep,
    Definition,
    EachStep,
    Step,
)

STANDINGS = {
    "done": ("✓", "done"),
    "open": ("●", "now"),
    "back": ("↩", "came back"),
    "skipped": ("–", "skipped"),
    "coming": ("○", "to come"),
    "unreached": ("–", "not reached"),
}
"""How a step may stand: its sign and its word."""

_WIDTH, _GAP, _PAD, _BACK = 186, 22, 12, 14
_LETTERS, _SMALL = 22, 28
_LINE, _LITTLE = 17, 14
_MARGIN = 6
# What is wider than this is not made smaller on a telephone, but moved along.
_NARROW = 430


@dataclass(frozen=True, slots=True)
class _Piece:
    """Something of a size that can be painted at a place; ``axis`` is where one comes and goes."""

    w: int
    h: int
    axis: int
    paint: Callable[[int, int], None]


def svg(
    tree: Definition,
    standing: Mapping[str, str] | None = None,
    *,
    names: Mapping[str, str] | None = None,
    links: str = "",
    style: str = "",
) -> str:
    """The diagram. ``standing`` says of steps, by their ids, how they stand (`STANDINGS`).

    ``names`` are what steps are called where that is filled in; ``links`` begins the address that
    each step leads to, before its id; ``style`` goes with a picture that is a file of its own.
    """
    return _Painter(tree, standing, names or {}, links).whole(style)


def described(
    tree: Definition,
    standing: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
) -> list[tuple[str, str, str]]:
    """The same in words: each step's name, who does it, and how it stands."""
    return [
        (
            (names or {}).get(step.id, str(step.name)),
            who(tree, step),
            STANDINGS[standing.get(step.id, "coming")][1] if standing is not None else "",
        )
        for step in tree.all_steps()
    ]  # fmt: skip


class _Painter:
    def __init__(
        self,
        tree: Definition,
        standing: Mapping[str, str] | None,
        names: Mapping[str, str],
        links: str,
    ) -> None:
        self._tree, self._standing, self._names, self._links = tree, standing, names, links
        self._out: list[str] = []
        self._at: dict[str, tuple[int, int, int]] = {}  # a step's left edge, top and foot

    def whole(self, style: str) -> str:
        start, end = self._end("Start", "event"), self._end("Completed", "event end")
        piece = self._column([start, *map(self._step, self._tree.steps), end], self._tree.steps)
        w, h = piece.w + 2 * _MARGIN, piece.h + 2 * _MARGIN
        piece.paint(_MARGIN, _MARGIN)
        kind = "chart wide" if w > _NARROW else "chart"
        # What holds links is no picture to a reader of the page, but a group of them.
        role = "group" if self._links else "img"
        told = "; ".join(
            ", ".join(filter(None, one)) for one in described(self._tree, self._standing,
                                                              self._names)
        )  # fmt: skip
        picture = (
            f'<svg class="{kind}" xmlns="http://www.w3.org/2000/svg" role="{role}"'
            f' width="{w}" height="{h}" viewBox="0 0 {w} {h}">'
            f"<title>{escape(self._tree.name)}</title><desc>{escape(told)}</desc>"
            f"{f'<style>{style}</style>' if style else ''}"
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
            ' markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker>'
            f"</defs>{''.join(self._out)}</svg>"
        )
        return picture.translate(NO_SIGNS)

    # Lists and blocks

    def _column(self, pieces: Sequence[_Piece], steps: Sequence[Step]) -> _Piece:
        """One under the other, along one line, with what goes back at the left."""
        backs = self._backs(steps)
        left = max(piece.axis for piece in pieces)
        right = max(piece.w - piece.axis for piece in pieces)
        room = _BACK * len(backs)
        height = sum(piece.h for piece in pieces) + _GAP * (len(pieces) - 1)

        def paint(x: int, y: int) -> None:
            axis, foot = x + room + left, y
            for n, piece in enumerate(pieces):
                if n:
                    self._line([(axis, foot), (axis, foot + _GAP)])
                    foot += _GAP
                piece.paint(axis - piece.axis, foot)
                foot += piece.h
            for n, (source, target) in enumerate(backs):
                self._back(source, target, x + _BACK * n + 4)

        return _Piece(room + left + right, height, room + left, paint)

    def _backs(self, steps: Sequence[Step]) -> list[tuple[str, str]]:
        """Which steps of a list lead back to which others of it, each pair once."""
        ids = {step.id for step in steps}
        return [(step.id, one) for step in steps for one in returns(step) if one in ids]

    def _back(self, source: str, target: str, x: int) -> None:
        (ax, top, foot), (bx, b_top, b_foot) = self._at[source], self._at[target]
        a, b = (top + foot) // 2 + 6, (b_top + b_foot) // 2
        self._line([(ax, a), (x, a), (x, b), (bx, b)], "flow back")

    def _step(self, step: Step) -> _Piece:
        if isinstance(step, EachStep):
            return self._each(step)
        return self._block(step) if isinstance(step, BlockStep) else self._box(step)

    def _list(self, steps: Sequence[Step]) -> _Piece:
        return self._column([self._step(step) for step in steps], steps)

    def _block(self, step: BlockStep) -> _Piece:
        """Branches side by side between two bars, each under what it is called."""
        branches = list(step.branches)
        if isinstance(step, ChooseStep) and all(one.when is not None for one in branches):
            branches.append(Branch((), when=None))
        columns = [self._branch(step, branch) for branch in branches]
        inner = sum(column.w for column in columns) + _PAD * (len(columns) - 1)
        head, foot = self._label(opening(step), step), closing(step)
        w = max(inner, head.w)
        tall = max(column.h for column in columns)
        height = head.h + _GAP + tall + _GAP + (_LITTLE + 6 if foot else 6)

        def paint(x: int, y: int) -> None:
            axis = x + w // 2
            head.paint(axis - head.axis, y)
            top, bottom = y + head.h + 8, y + head.h + _GAP + tall + _GAP - 8
            at, ends = x + (w - inner) // 2, []
            for column in columns:
                ends.append(at + column.axis)
                self._line([(at + column.axis, top), (at + column.axis, top + _GAP - 8)])
                column.paint(at, top + _GAP - 8)
                low = top + _GAP - 8 + column.h
                self._line([(at + column.axis, low), (at + column.axis, bottom)], "flow bare")
                at += column.w + _PAD
            self._line([(axis, y + head.h), (axis, top)], "flow bare")
            for level in (top, bottom):
                self._line([(min(*ends, axis), level), (max(*ends, axis), level)], "flow bare")
            last = y + height
            if foot:
                self._line([(axis, bottom), (axis, last - _LITTLE - 2)], "flow bare")
                self._text(axis, last - 4, foot, "small")
            else:
                self._line([(axis, bottom), (axis, last)], "flow bare")
            self._at[step.id] = (x + w // 2 - head.axis, y, y + head.h)

        return _Piece(w, height, w // 2, paint)

    def _branch(self, step: BlockStep, branch: Branch) -> _Piece:
        lines = [part for note in branch_notes(step, branch) for part in _wrapped(note, _SMALL)][:3]
        column = self._list(branch.steps) if branch.steps else _Piece(_WIDTH // 2, 20, _WIDTH // 4,
                                                                      self._nothing)  # fmt: skip
        head = _LITTLE * len(lines) + (4 if lines else 0)

        def paint(x: int, y: int) -> None:
            for n, line in enumerate(lines):
                self._text(x + column.axis, y + _LITTLE * (n + 1) - 3, line, "small told")
            column.paint(x, y + head)

        return _Piece(column.w, column.h + head, column.axis, paint)

    def _nothing(self, x: int, y: int) -> None:
        self._text(x + _WIDTH // 4, y + 14, "nothing", "small")

    def _each(self, step: EachStep) -> _Piece:
        head = self._label(opening(step), step)
        column, foot = self._list(step.steps), closing(step)
        w = max(column.w, head.w) + 2 * _PAD
        axis = max(column.axis, head.axis) + _PAD
        w = max(w, axis + max(column.w - column.axis, head.w - head.axis) + _PAD)
        h = _PAD + head.h + _GAP + column.h + _PAD + (_LITTLE if foot else 0)

        def paint(x: int, y: int) -> None:
            frame = f'x="{x}" y="{y}" width="{w}" height="{h}"'
            self._out.append(f'<rect class="each" {frame} rx="10"/>')
            head.paint(x + axis - head.axis, y + _PAD)
            top = y + _PAD + head.h
            self._line([(x + axis, top), (x + axis, top + _GAP)])
            column.paint(x + axis - column.axis, top + _GAP)
            if foot:
                self._text(x + w // 2, y + h - 6, foot, "small")
            self._at[step.id] = (x, y, y + h)

        return _Piece(w, h, axis, paint)

    # Boxes

    def _label(self, text: Sequence[str], step: Step) -> _Piece:
        """What opens a block: its name, and how its branches are taken."""
        return self._box(step, [part for one in text for part in _wrapped(one, _SMALL)][:3])

    def _box(self, step: Step, said: Sequence[str] | None = None) -> _Piece:
        name = _wrapped(self._names.get(step.id, str(step.name)), _LETTERS)[:3]
        little = list(said or ())
        if said is None:
            told = [_wrapped(one, _SMALL)[:2] for one in notes(self._tree, step)]
            little = [line for lines in told for line in lines][:6]
        doer, state = who(self._tree, step), self._state(step)
        head = _LITTLE if doer or state else 0
        height = head + _LINE * len(name) + _LITTLE * len(little) + 14

        def paint(x: int, y: int) -> None:
            self._at[step.id] = (x, y, y + height)
            frame = f'x="{x}" y="{y}" width="{_WIDTH}" height="{height}"'
            parts = [f'<rect class="box" {frame} rx="6"/>']
            low = y + 2 + head
            if doer:
                room = _SMALL - (len(state) + 2 if state else 0)
                short = doer if len(doer) <= room else f"{doer[: room - 1].rstrip()}…"
                parts.append(_left(x + 10, low, short, "who"))
            if state:
                parts.append(_text(x + _WIDTH - 10, low, state, "stands"))
            for n, line in enumerate(name):
                parts.append(_left(x + 10, low + _LINE * (n + 1), line, "name"))
            low += _LINE * len(name) + 1
            for n, line in enumerate(little):
                parts.append(_left(x + 10, low + _LITTLE * (n + 1), line, "small"))
            self._out.append(self._linked(step, "".join(parts)))

        return _Piece(_WIDTH, height, _WIDTH // 2, paint)

    def _state(self, step: Step) -> str:
        if self._standing is None:
            return ""
        sign, word = STANDINGS[self._standing.get(step.id, "coming")]
        return f"{sign} {word}"

    def _linked(self, step: Step, inner: str) -> str:
        stands = (self._standing or {}).get(step.id, "coming" if self._standing is not None else "")
        kind = " ".join(filter(None, ("control" if step.control else "", stands,
                                      "block" if isinstance(step, BlockStep) else "",
                                      "maybe" if step.when is not None else "")))  # fmt: skip
        if not self._links:
            return f'<g class="{kind}">{inner}</g>'
        name = self._names.get(step.id, str(step.name))
        label = ", ".join(filter(None, (name, who(self._tree, step), self._state(step)[2:])))
        return (
            f'<a class="{kind}" href={quoteattr(self._links + step.id)}'
            f" aria-label={quoteattr(label)}>{inner}</a>"
        )

    def _end(self, name: str, kind: str) -> _Piece:
        def paint(x: int, y: int) -> None:
            self._out.append(f'<circle class="{kind}" cx="{x + 40}" cy="{y + 9}" r="8"/>')
            self._out.append(_left(x + 54, y + 13, name, "small"))

        return _Piece(80 + 6 * len(name), 18, 40, paint)

    # Lines and words

    def _line(self, points: Sequence[tuple[int, int]], kind: str = "flow") -> None:
        told = " ".join(f"{x},{y}" for x, y in points)
        head = "" if "bare" in kind else ' marker-end="url(#head)"'
        self._out.append(f'<polyline class="{kind}" points="{told}"{head}/>')

    def _text(self, x: int, y: int, text: str, kind: str) -> None:
        self._out.append(f'<text class="middle {kind}" x="{x}" y="{y}">{escape(text)}</text>')


def _left(x: int, y: int, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}">{escape(text)}</text>'


def _text(x: int, y: int, text: str, kind: str) -> str:
    return f'<text class="right {kind}" x="{x}" y="{y}">{escape(text)}</text>'


def _wrapped(text: str, letters: int) -> list[str]:
    return textwrap.wrap(text, letters) or [""]
