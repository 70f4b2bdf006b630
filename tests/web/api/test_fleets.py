"""Moving many processes by API: looked at, moved, some at a time."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.actions import fleets
from tests import makers
from tests.actions.test_fleets import three_of_them, versions

PATH = "/definitions/demo/migrate"


def test_a_dry_run_tells_of_each_and_moves_none(app: object, program: Callable[..., Any]) -> None:
    ids = three_of_them()
    told = program("dana").post(PATH, {"version": 2, "dry_run": True})
    assert [(one["process"], one["possible"], one["moved"]) for one in told["items"]] == [
        (ids[0], False, False), (ids[1], True, False),
    ]  # fmt: skip
    assert told["next"] is None
    assert told["items"][1]["migration"]["gone"] == ["details"]
    assert versions(ids) == [1, 1, 1]


def test_all_are_moved_some_at_a_time(
    app: object, program: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleets, "MOST", 1)
    ids, dana = three_of_them(), program("dana")
    body = {"version": 2, "reason": "New law."}
    first = dana.post(PATH, body)
    assert ([one["moved"] for one in first["items"]], first["next"]) == ([False], ids[0])
    rest = dana.post(PATH, {**body, "after": first["next"]})
    assert ([one["moved"] for one in rest["items"]], rest["next"]) == ([True], None)
    assert versions(ids) == [1, 2, 1]


def test_those_that_are_named_are_moved(app: object, program: Callable[..., Any]) -> None:
    ids = three_of_them()
    body = {"version": 2, "reason": "New law.", "processes": [ids[1]]}
    [moved] = program("dana").post(PATH, body)["items"]
    assert (moved["process"], moved["moved"], moved["refusal"]) == (ids[1], True, None)


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"version": 2}, "reason"),
        ({"reason": "Why."}, "version"),
        ({"version": 9, "reason": "Why."}, "version"),
        ({"version": 2, "reason": "Why.", "processes": "all"}, "processes"),
        ({"version": 2, "reason": "Why.", "processes": [1]}, "processes"),
        ({"version": 2, "reason": "Why.", "after": 1}, "after"),
        ({"version": 2, "reason": "Why.", "dry_run": 1}, "dry_run"),
    ],
)
def test_what_is_wrong_is_told(
    app: object, program: Callable[..., Any], body: dict[str, Any], at: str
) -> None:
    ids = three_of_them()
    problem = program("dana").post(PATH, body, 422)
    assert [one["at"] for one in problem["errors"]] == [at]
    assert versions(ids) == [1, 1, 1]
    program("dana").post("/definitions/none/migrate", {"version": 1, "reason": "Why."}, 404)
    assert makers.process(ids[1]).version == 1
