"""Drawn signatures as points: what is one, and what is told where it is none."""

import json
from typing import Any

import pytest

from portal.definition import drawings

LINE = [[[10, 10], [400, 300], [900, 20]]]


@pytest.mark.parametrize("sent", [LINE, json.dumps(LINE), [*LINE, []], [*LINE, [[5, 5]]]])
def test_strokes_are_taken_as_text_or_as_they_are(sent: Any) -> None:
    read = drawings.read(sent)
    assert read is not None
    assert read[0] == LINE[0]


@pytest.mark.parametrize("sent", [None, ""])
def test_nothing_drawn_is_no_drawing(sent: Any) -> None:
    assert drawings.read(sent) is None


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("[]", "Draw your signature"),
        ([[[5, 5]]], "Draw your signature"),
        ([[[5, 5], [9, 9]]], "Draw your signature"),
        ("<svg onload=x>", "could not be read"),
        ("{", "could not be read"),
        ("[" * 90_000, "could not be read"),
        ({"strokes": LINE}, "could not be read"),
        ([["M0 0"]], "could not be read"),
        ([[[1, 2, 3]]], "could not be read"),
        ([[[1.5, 2], [900, 2]]], "could not be read"),
        ([[[True, 2], [900, 2]]], "could not be read"),
        ([[[0, 401], [900, 2]]], "could not be read"),
        ([[[-1, 0], [900, 2]]], "could not be read"),
        ([[[1, 1]]] * 201, "too many strokes"),
        ([[[1, 1]] * 8_001], "too many strokes"),
        ("[" + " " * 100_000 + "]", "too many strokes"),
    ],
)
def test_what_is_no_drawing_is_told(sent: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        drawings.read(sent)


def test_the_path_holds_numbers_alone() -> None:
    assert drawings.path([[[1, 2], [3, 4]], [[5, 6]]]) == "M1 2 L3 4 M5 6 L5 6"
