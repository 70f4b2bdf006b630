"""The chart of a definition as an SVG, made to be set into a page or kept as a file."""

import textwrap
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

from portal.definition import chart
from portal.definition.chart import Chart, Flow, Node
from portal.definition.tree import Definition

_LETTERS = 20
# A file stands alone; in a page the style sheet does this (static/css/chart.css).
_STYLE = """
.chart{font:13px/1.3 Inter,ui-sans-serif,system-ui,sans-serif;color:var(--ink,#1c1f24)}
.chart .box,.chart .gate,.chart .event{fill:var(--paper,#fff);stroke:currentColor;stroke-width:1.2}
.chart .each{fill:none;stroke:currentColor;stroke-width:1;stroke-dasharray:5 4}
.chart .flow{fill:none;stroke:currentColor;stroke-width:1.2;opacity:.7}
.chart .back{stroke-dasharray:4 3}
.chart .end{stroke-width:3}
.chart text{fill:currentColor;text-anchor:middle}
.chart .small{font-size:11px;opacity:.75}
.chart .kind{font-size:11px;opacity:.7}
.chart .control .box{stroke-width:2.4}
.chart .done .box{stroke:var(--good,#2c6e49)}
.chart .open .box{stroke:var(--accent,#1f4e8c);stroke-width:3}
.chart .skipped{opacity:.5}
"""


def svg(
    tree: Definition,
    standing: Mapping[str, str] | None = None,
    *,
    links: str = "",
    is_alone: bool = False,
) -> str:
    """The diagram. ``standing`` marks steps (``done``, ``open``, ``skipped``) by their ids.

    ``links`` begins the address that each step leads to, before its id; ``is_alone``: it is a
    file of its own, which brings its style.
    """
    drawn = chart.of(tree)
    standing = standing or {}
    parts = [_line(flow) for flow in drawn.flows]
    order = sorted(drawn.nodes.values(), key=lambda node: node.kind != "each")
    parts = [*(_node(one, standing, links) for one in order if one.kind == "each"), *parts,
             *(_node(one, standing, links) for one in order if one.kind != "each")]  # fmt: skip
    style = f"<style>{_STYLE}</style>" if is_alone else ""
    # What holds links is no picture to a reader of the page, but a group of them.
    role = "group" if links else "img"
    return _whole(tree, drawn, style + "".join(parts), role)


def _whole(tree: Definition, drawn: Chart, inner: str, role: str) -> str:
    size = f'width="{drawn.width}" height="{drawn.height}"'
    return (
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" role="{role}" {size}'
        f' viewBox="0 0 {drawn.width} {drawn.height}">'
        f"<title>{escape(tree.name)}</title><desc>{escape(_described(tree))}</desc>"
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker>'
        f"</defs>{inner}</svg>"
    )


def _described(tree: Definition) -> str:
    return "; ".join(f"{step.kind}: {step.name}" for step in tree.all_steps())


def _line(flow: Flow) -> str:
    points = " ".join(f"{x},{y}" for x, y in flow.points)
    kind = "flow back" if flow.is_back else "flow"
    line = f'<polyline class="{kind}" points="{points}" marker-end="url(#head)"/>'
    if not flow.name:
        return line
    (ax, ay), (bx, by) = flow.points[1:3] if len(flow.points) > 2 else flow.points[:2]
    x, y = (ax + bx) // 2, min(ay, by) - 5 if ay == by else (ay + by) // 2
    return f'{line}<text class="small" x="{x}" y="{y}">{escape(flow.name[:32])}</text>'


def _node(node: Node, standing: Mapping[str, str], links: str) -> str:
    drawn = _SHAPES.get(node.kind, _box)(node)
    step = node.step if node.kind in ("step", "each") else None
    if step is None:
        return f"<g>{drawn}</g>"
    classes = " ".join(filter(None, (standing.get(step.id), "control" if step.control else "")))
    inner = f'<g class="{classes}"><title>{escape(str(step.name))}</title>{drawn}</g>'
    return f"<a href={quoteattr(links + step.id)}>{inner}</a>" if links else inner


def _box(node: Node) -> str:
    x, y = node.middle
    lines = textwrap.wrap(node.name, _LETTERS)[:2] or [""]
    if len(textwrap.wrap(node.name, _LETTERS)) > 2:
        lines[1] = f"{lines[1][: _LETTERS - 1]}…"
    words = "".join(
        f'<text x="{x}" y="{y - 2 + 16 * n - 8 * (len(lines) - 1)}">{escape(line)}</text>'
        for n, line in enumerate(lines)
    )
    kind = node.step.kind if node.step is not None else ""
    box = f'<rect class="box" x="{node.x}" y="{node.y}" width="{node.w}" height="{node.h}" rx="6"/>'
    return f'{box}{words}<text class="kind" x="{x}" y="{node.y + node.h - 7}">{kind}</text>'


def _each(node: Node) -> str:
    frame = f'x="{node.x}" y="{node.y}" width="{node.w}" height="{node.h}"'
    words = f"{node.name}: for each"
    at = f'x="{node.x + node.w // 2}" y="{node.y + node.h - 8}"'
    return f'<rect class="each" {frame} rx="10"/><text class="small" {at}>{escape(words)}</text>'


def _gate(node: Node) -> str:
    x, y = node.middle
    half = node.w // 2
    corners = f"{x},{y - half} {x + half},{y} {x},{y + half} {x - half},{y}"
    sign = "+" if node.step is not None and node.step.kind == "parallel" else "×"
    return f'<polygon class="gate" points="{corners}"/><text x="{x}" y="{y + 5}">{sign}</text>'


def _event(node: Node) -> str:
    x, y = node.middle
    kind = "event end" if node.kind in ("end", "rejected", "leave") else "event"
    circle = f'<circle class="{kind}" cx="{x}" cy="{y}" r="{node.w // 2 - 2}"/>'
    if not node.name:
        return circle
    words = (
        f'<text class="small" x="{x}" y="{node.y + node.h + 12}">{escape(node.name[:24])}</text>'
    )
    return circle + words


_SHAPES = {
    "each": _each, "split": _gate, "join": _gate, "gate": _gate, "start": _event, "end": _event,
    "rejected": _event, "timer": _event, "leave": _event, "left": _event,
}  # fmt: skip
