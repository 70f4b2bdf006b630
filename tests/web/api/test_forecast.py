"""The forecast by API: of a process, of one that has ended, of a start."""

from collections.abc import Callable
from typing import Any

from tests import makers

STEPS = """\
  - {id: t, assign: buyer, due: 1 day, task: {}}
  - {id: u, assign: vendor, due: 1 day, task: {}}"""


def test_a_process_tells_what_is_to_come(app: object, program: Callable[..., Any]) -> None:
    process_id = makers.start(STEPS)
    told = program("dana").get(f"/processes/{process_id}/forecast")
    assert {one["kind"] for one in told["next"]} == {"reminder", "pick_up", "due", "overdue"}
    assert told["next"] == sorted(told["next"], key=lambda one: one["at"])
    assert [(one["step"], one["who"]) for one in told["coming"]] == [("u", ["Vera Vendor"])]
    assert told["end"]["expected_at"] == "2026-11-25T09:00:00.000000Z"
    makers.tick(process_id, "t")
    makers.tick(process_id, "u")
    told = program("dana").get(f"/processes/{process_id}/forecast")
    assert (told["next"], told["coming"], told["end"]) == ([], [], None)


def test_a_start_tells_what_it_would_bring(app: object, program: Callable[..., Any]) -> None:
    makers.publish(STEPS)
    told = program("dana").get("/definitions/demo/forecast")
    assert [one["who"] for one in told["coming"]] == [["Buyer"], ["Vendor"]]
    assert told["end"]["based_on"] == ["due"]
