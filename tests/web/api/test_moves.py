"""Moving a process by API: looked at, refused with the reason, moved."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import makers
from tests.actions.test_moves import FORM, LATE, LOOK


@pytest.fixture
def process(app: object) -> str:
    return makers.start(f"{FORM}\n{LOOK}")


def test_a_dry_run_tells_and_changes_nothing(process: str, program: Callable[..., Any]) -> None:
    makers.publish(f"{FORM}\n{LOOK}\n{LATE}")
    told = program("dana").post(f"/processes/{process}/migrate", {"version": 2, "dry_run": True})
    assert (told["dry_run"], told["possible"], told["refusals"]) == (True, True, [])
    assert (told["stays"], told["new"]) == (["details"], ["late"])
    assert program("dana").get(f"/processes/{process}")["version"] == 1


def test_it_moves_and_answers_with_the_process(process: str, program: Callable[..., Any]) -> None:
    makers.publish(f"{FORM}\n{LOOK}\n{LATE}")
    body = {"version": 2, "reason": "New law."}
    moved = program("dana").post(f"/processes/{process}/migrate", body)
    assert (moved["version"], moved["migration"]["new"]) == (2, ["late"])
    assert "late" in moved["steps"]
    [event] = makers.events(process, "process.migrated")
    assert event["data"]["version"] == 2


@pytest.mark.parametrize(
    ("body", "status", "at"),
    [
        ({"version": 2}, 422, "reason"),
        ({"reason": "Why."}, 422, "version"),
        ({"version": 7, "reason": "Why."}, 422, "version"),
        ({"version": 2, "reason": "Why.", "dry_run": "yes"}, 422, "dry_run"),
        ({"version": 1, "reason": "Why."}, 409, None),
        ({"version": 2, "reason": "Why."}, 409, None),
    ],
)
def test_what_is_wrong_is_told(
    process: str, program: Callable[..., Any], body: dict[str, Any], status: int, at: str | None
) -> None:
    makers.publish(LOOK)
    problem = program("dana").post(f"/processes/{process}/migrate", body, status)
    assert [one["at"] for one in problem.get("errors", ())] == ([at] if at else [])
    assert makers.process(process).version == 1
