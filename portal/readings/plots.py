"""Plots as SVG, drawn here and coloured by the style sheet; every number stands beside them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 420, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 8, 8, 22


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot: its class in the style sheet, its name, a number for each place.

    ``None`` is a gap: nothing was there to measure.
    """

    css: str
    name: str
    values: Sequence[float | None]


def lines(title: str, labels: Sequence[str], drawn: Sequence[Line], unit: str) -> str:
    """Lines over places (weeks), with a scale from nought and a text for those who can't see it."""
    top = _round_up(max((v for one in drawn for v in one.values if v is not None), default=0))
    parts = [_grid(top, unit), _ticks(labels)]
    parts += [_path(one, len(labels), top) for one in drawn]
    said = "; ".join(f"{one.name}: {_said(one.values, unit)}" for one in drawn)
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{escape(f"{title}. {said}")}">{"".join(parts)}</svg>'
    )


def bars(title: str, labels: Sequence[str], values: Sequence[int]) -> str:
    """One bar a place, with a scale from nought."""
    top = _round_up(max(values, default=0))
    wide = (WIDTH - _LEFT - _RIGHT) / max(len(values), 1)
    drawn = "".join(
        f'<rect class="bar" x="{_LEFT + n * wide + 1:.1f}" y="{_y(value, top):.1f}"'
        f' width="{max(wide - 2, 1):.1f}" height="{HEIGHT - _BOTTOM - _y(value, top):.1f}"/>'
        for n, value in enumerate(values)
        if value
    )
    said = escape(f"{title}. {_said(values, '')}")
    inner = f"{_grid(top, '')}{_ticks(labels)}{drawn}"
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{said}">'
        f"{inner}</svg>"
    )


def _path(one: Line, many: int, top: float) -> str:
    """The line in its pieces, and a dot where a number stands alone."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for n, value in enumerate(one.values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((_x(n, many), _y(value, top)))
    drawn = []
    for piece in pieces:
        if len(piece) > 1:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in piece)
            drawn.append(f'<polyline points="{points}"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in piece]
    return f'<g class="{one.css}">{"".join(drawn)}</g>'


def _grid(top: float, unit: str) -> str:
    return "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{_y(value, top):.1f}"'
        f' y2="{_y(value, top):.1f}"/><text x="{_LEFT - 6}" y="{_y(value, top) + 4:.1f}"'
        f' text-anchor="end">{_short(value)}{unit}</text>'
        for value in (0, top / 2, top)
    )


def _ticks(labels: Sequence[str]) -> str:
    every = max(1, math.ceil(len(labels) / 5))
    return "".join(
        f'<text x="{_x(n, len(labels)):.1f}" y="{HEIGHT - 4}" text-anchor="middle">'
        f"{escape(label)}</text>"
        for n, label in enumerate(labels)
        if n % every == 0
    )


def _x(place: int, many: int) -> float:
    wide = (WIDTH - _LEFT - _RIGHT) / max(many, 1)
    return _LEFT + (place + 0.5) * wide


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top


def _round_up(value: float) -> float:
    """A number at or above it that a scale can end with."""
    top = 1.0
    while top < value:
        for step in (2, 2.5, 2):
            if top >= value:
                break
            top *= step
    return top


def _short(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.1f}"


def _said(values: Sequence[float | None], unit: str) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "nothing to measure"
    low, high, last = (f"{_short(value)}{unit}" for value in (min(known), max(known), known[-1]))
    return f"from {low} to {high}, last {last}"
