"""Reviews of definitions by API: the figures, and whether one still matches reality."""

from collections.abc import Callable
from typing import Any

from tests import makers


def test_a_review_is_read_and_given(app: object, program: Callable[..., Any]) -> None:
    makers.publish(makers.FORM, makers.HEAD + "review_every: 90 days\n")
    makers.fill(makers.start_again(), company="Sea")
    dana, path = program("dana"), "/definitions/demo/review"
    told = dana.get(path)
    assert (told["health"], told["figures"]["completed"], told["said"]) == ("Well", 1, [])
    refused = dana.post(path, {"holds": False}, 422)
    assert refused["errors"][0]["at"] == "note"
    assert dana.post(path, {"note": "x"}, 422)["errors"][0]["at"] == "holds"
    told = dana.post(path, {"holds": False, "note": "Legal looks first."})
    assert told["health"] == "Out of date"
    assert [(one["by"], one["holds"], one["note"]) for one in told["said"]] == [
        ("Dana Owner", False, "Legal looks first.")
    ]
    program("finn").post(path, {"holds": True}, 403)
