"""A drawn signature: strokes of a pen on a sheet of 1000 by 400, as whole numbers.

Points and no picture: nothing that a browser sends is ever run or shown as it came, the path is
made here, sharp at every size.
"""

import json
from itertools import pairwise
from typing import Any

from portal.language import mark

WIDTH, HEIGHT = 1000, 400
MOST_STROKES, MOST_POINTS, LONGEST = 200, 8_000, 100_000
_LEAST_INK = 60  # of the sheet's units: a dot by mistake is no signature

Strokes = list[list[list[int]]]

EMPTY = mark("Draw your signature in the field.")
_UNREADABLE = mark("The drawing could not be read. Clear it and draw it again.")
_TOO_MUCH = mark("The drawing has too many strokes. Clear it and draw it more simply.")


def read(sent: Any) -> Strokes | None:
    """The strokes of a drawing, as JSON text or as what it stands for; ``None`` where none came.

    Raises ValueError with a sentence in English.
    """
    if sent is None or sent == "":
        return None
    if isinstance(sent, str):
        sent = _parsed(sent)
    if not isinstance(sent, list):
        raise ValueError(_UNREADABLE)  # noqa: TRY004 - a fault of what was sent, told as one
    if len(sent) > MOST_STROKES or sum(map(_length, sent)) > MOST_POINTS:
        raise ValueError(_TOO_MUCH)
    strokes = [[_point(point) for point in stroke] for stroke in sent if stroke]
    if _ink(strokes) < _LEAST_INK:
        raise ValueError(EMPTY)
    return strokes


def path(strokes: Strokes) -> str:
    """The strokes as the ``d`` of an SVG path."""
    return " ".join(_line(stroke) for stroke in strokes)


def _parsed(text: str) -> Any:
    if len(text) > LONGEST:
        raise ValueError(_TOO_MUCH)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(_UNREADABLE) from None


def _length(stroke: Any) -> int:
    if not isinstance(stroke, list):
        raise ValueError(_UNREADABLE)  # noqa: TRY004 - a fault of what was sent, told as one
    return len(stroke)


def _point(point: Any) -> list[int]:
    if not (isinstance(point, list) and len(point) == 2 and all(type(n) is int for n in point)):
        raise ValueError(_UNREADABLE)
    x, y = point
    if not (0 <= x <= WIDTH and 0 <= y <= HEIGHT):
        raise ValueError(_UNREADABLE)
    return [x, y]


def _ink(strokes: Strokes) -> int:
    """How far the pen went on the sheet."""
    return sum(
        abs(a[0] - b[0]) + abs(a[1] - b[1]) for stroke in strokes for a, b in pairwise(stroke)
    )


def _line(stroke: list[list[int]]) -> str:
    first, *rest = stroke
    more = "".join(f" L{x} {y}" for x, y in rest or [first])
    return f"M{first[0]} {first[1]}{more}"
