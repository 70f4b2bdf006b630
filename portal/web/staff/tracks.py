"""Draws time: a row of a timeline as an SVG that is as wide as there is room.

Bands are placed in per cent, so that their patterns keep their size; marks are points of a path
that is stretched while their strokes are not. Attributes stand without quotes: a hundred rows
have to fit into a small page.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from markupsafe import Markup, escape
from sqlalchemy.engine import Connection

from portal.definition.tree import Definition
from portal.readings import axis, combined, courts
from portal.readings.axis import Mark, Window
from portal.readings.combined import Line
from portal.readings.courts import Lane
from portal.readings.stretches import Held

_SIDE_BY_SIDE = 3  # courts at one time that a band has room for
_SIGN = 14  # of 1 000: about as wide as a letter is where there is least room
_LAST = 780  # of 1 000: what is written behind it may stand out where there is least room
_NEAR = 4  # of 1 000: marks that are nearer are one

Span = tuple[int, int, str]  # from and to (of 1 000), and the court
Band = tuple[int, int, str, str]  # from and to (of 1 000), court, and the class of its height


class _Fine(NamedTuple):
    """How many bands and marks of a kind a row may have; what is nearer together becomes one."""

    bands: int
    marks: int


_FINE = (_Fine(24, 40), _Fine(12, 16), _Fine(6, 8))
_MOST = 64_000  # letters that the rows of one page may take, so that no page is heavy
_STEPS = (1, 2, 5, 10, 20, 50, 100)


def rows(lines: Sequence[Line], window: Window) -> list[Markup]:
    """Every process a track, each as fine as there is room for on one page."""
    for fine in _FINE:
        drawn = [row(line, window, fine) for line in lines]
        if sum(map(len, drawn)) <= _MOST:
            break
    return drawn


def row(line: Line, window: Window, fine: _Fine = _FINE[0]) -> Markup:
    """A process: its stretches by court, what happened, what is due, what will come."""
    parts = [
        *_bands(line.stretches, window, fine.bands),
        _dots([one.at for one in line.dots if not one.is_bad], window, "e", fine.marks),
        _dots([one.at for one in line.dots if one.is_bad], window, "e bad", fine.marks),
        _hollow([at for at in line.ahead if at > window.now], window, fine.marks),
        *_dues(line, window, fine.marks),
    ]
    return Markup(f"<svg class=track aria-hidden=true>{''.join(parts)}</svg>")  # noqa: S704


def lane(one: Lane, window: Window) -> Markup:
    """What one person had in hand; each stretch tells itself when one points at it."""
    parts = []
    for spell in one.spells:
        held = spell.held
        first, last = window.place(held.from_at), window.place(held.to_at or window.now)
        if last > first or window.has(held.from_at):
            box = _rect(first, max(last, first + 3), "")
            parts.append(
                f"<g fill=url(#k-{held.court}) class=k-{held.court}>"
                f"<title>{escape(spell.text)}</title>{box}</g>"
            )
    return Markup(f"<svg class=track aria-hidden=true>{''.join(parts)}</svg>")  # noqa: S704


def grid(window: Window) -> Markup:
    """The lines of the days behind all rows, and where now is."""
    lines = "".join(
        f"<path class={'b' if mark.is_bold else 'l'} d=M{mark.at},0V1 />" for mark in window.marks
    )
    parts = [f'<svg viewBox="0 0 1000 1" preserveAspectRatio=none>{lines}</svg>']
    if window.now < window.end:
        at = window.place(window.now)
        parts.append(f"<rect class=ahead x={_share(at)} width={_share(1000 - at)} height=100% />")
        if window.has(window.now):
            parts.append(f"<rect class=now x={_share(at)} width=1.5 height=100% />")
    return Markup(f"<svg class=grid aria-hidden=true>{''.join(parts)}</svg>")  # noqa: S704


def scale(window: Window) -> Markup:
    """What is written over the rows: the days, and now; the bold ones come before the others."""
    written: list[tuple[int, int]] = []
    parts = []
    for mark in sorted(window.marks, key=lambda one: not one.is_bold):
        width = _SIGN * len(mark.label)
        if mark.label and all(mark.at >= b or mark.at + width <= a for a, b in written):
            written.append((mark.at, mark.at + width))
            parts.append((mark.at, mark))
    texts = "".join(
        f"<text x={_share(at)} y=14 dx=4{_class(n, mark)}>{escape(mark.label)}</text>"
        for n, (at, mark) in enumerate(sorted(parts))
    )
    if window.has(window.now):
        texts += f"<text class=now x={_share(window.place(window.now))} y=30>now</text>"
    return Markup(f"<svg class=scale aria-hidden=true>{texts}</svg>")  # noqa: S704


def _class(n: int, mark: Mark) -> str:
    """Every other one, and one that would stand out at the end, goes where there is little room."""
    words = [*(["b"] if mark.is_bold else []), *(["o"] if n % 2 else [])]
    words += ["z"] if mark.at > _LAST else []
    return f' class="{" ".join(words)}"' if words else ""


def _bands(stretches: Sequence[Held], window: Window, most: int) -> Iterator[str]:
    past = [
        (window.place(one.from_at), window.place(one.to_at or window.now), one.court)
        for one in stretches
        if one.from_at < window.now
    ]
    yield _painted(_few(past, most), "")
    # Till it is due it lies ahead with whoever has it now.
    ahead = [
        (window.place(max(window.now, window.start)), window.place(one.due_at), one.court)
        for one in stretches
        if one.to_at is None and one.due_at is not None and one.due_at > window.now
    ]
    yield _painted(_few(ahead, most), "f")


def _few(spans: Sequence[Span], most: int) -> list[Band]:
    """The bands of spans, on a grid that is as coarse as it has to be."""
    for step in _STEPS:
        bands = _cut((_on(a, step), _on(b, step), court) for a, b, court in spans)
        if len(bands) <= most:
            break
    return bands


def _on(place: int, step: int) -> int:
    return round(place / step) * step


def _cut(spans: Iterable[Span]) -> list[Band]:
    """Spans of 1 000 that may overlap, as bands side by side, those alike in one."""
    given = sorted({one for one in spans if one[1] > one[0]})
    points = sorted({at for first, last, _ in given for at in (first, last)})
    bands: list[Band] = []
    before: dict[tuple[str, str], int] = {}  # where the last band of a court and height stands
    for first, last in pairwise(points):
        here = {court for a, b, court in given if a <= first and b >= last}
        shown = [court for court in courts.NAMES if court in here][:_SIDE_BY_SIDE]
        now: dict[tuple[str, str], int] = {}
        for n, court in enumerate(shown):
            height = f"h{len(shown)}{n}" if len(shown) > 1 else ""
            kept = before.get((court, height))
            if kept is not None:
                bands[kept] = (bands[kept][0], last, court, height)
                now[court, height] = kept
            else:
                now[court, height] = len(bands)
                bands.append((first, last, court, height))
        before = now
    return bands


def _painted(bands: Sequence[Band], kind: str) -> str:
    parts = []
    for court in courts.NAMES:
        boxes = "".join(_rect(a, b, height) for a, b, its, height in bands if its == court)
        if boxes:
            classes = f'"k-{court} {kind}"' if kind else f"k-{court}"
            parts.append(f"<g fill=url(#k-{court}) class={classes}>{boxes}</g>")
    return "".join(parts)


def _rect(first: int, last: int, height: str) -> str:
    of = f" class={height}" if height else ""
    return f"<rect x={_share(first)} width={_share(last - first)}{of} />"


def _share(place: int) -> str:
    return f"{place / 10:g}%"


def _points(moments: Iterable[datetime], window: Window, most: int) -> str:
    places = sorted(window.place(at) for at in moments if window.has(at))
    for near in (_NEAR, 10, 25, 50, 100):
        kept: list[int] = []
        for place in places:
            if not kept or place - kept[-1] >= near:
                kept.append(place)
        if len(kept) <= most:
            break
    return "".join(f"M{place},5h0" for place in kept)


def _dots(moments: Iterable[datetime], window: Window, kind: str, most: int) -> str:
    path = _points(moments, window, most)
    return _stretched(f'<path class="{kind}" d={path} />') if path else ""


def _hollow(moments: Iterable[datetime], window: Window, most: int) -> str:
    path = _points(moments, window, most)
    both = f'<path class="e" d={path} /><path class="e in" d={path} />'
    return _stretched(both) if path else ""


def _stretched(inner: str) -> str:
    return f'<svg viewBox="0 0 1000 28" preserveAspectRatio=none height=28>{inner}</svg>'


def _dues(line: Line, window: Window, most: int) -> Iterator[str]:
    is_open = {one.due_at for one in line.stretches if one.to_at is None}
    # Nothing is due any more of what was done before its time.
    dues = {
        one.due_at
        for one in line.stretches
        if one.due_at
        and one.what == "task"
        and (one.to_at is None or one.due_at <= max(one.to_at, window.now))
    }
    for at in sorted(at for at in dues if window.has(at))[-most:]:
        late = " class=late" if at in is_open and at < window.now else ""
        yield f"<use href=#due x={_share(window.place(at))}{late} />"


_AHEAD = 0.15  # of the time that a process has run


def around(process: Any, now: datetime, zone: str) -> Window:
    """The window in which a process has room, and a little of what is to come."""
    ends = process.ended_at or now + (now - process.started_at) * _AHEAD
    return axis.around(process.started_at, ends, now, zone)


class Story(NamedTuple):
    """One process through time, drawn: the scale, what lies behind, the whole, and each lane."""

    scale: Markup
    grid: Markup
    whole: Markup
    lanes: Sequence[tuple[Lane, Markup]]
    shares: str


def story(
    conn: Connection,
    process: Any,
    tree: Definition,
    window: Window,
    zone: str,
    ahead: Sequence[datetime] | None = None,
) -> Story:
    """A process (a row of ``combined`` or a dossier's) in a window; three statements (six).

    ``ahead`` are the moments that are forecast, where the caller knows them already.
    """
    if ahead is None:
        [line] = combined.lines(conn, [process], window)
    else:
        [line] = combined.lines(conn, [process], window, is_ahead=False)
        line.ahead.extend(ahead)
    lanes = courts.lanes(conn, process.id, tree, line.stretches, window.now, zone)
    shares = courts.shares(line.stretches, window.start, window.end, window.now)
    return Story(
        scale(window),
        grid(window),
        row(line, window),
        [(one, lane(one, window)) for one in lanes],
        courts.told(shares),
    )
