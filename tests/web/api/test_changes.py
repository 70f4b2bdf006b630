"""Skipping and reopening steps by API."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import makers
from tests.actions.test_changes import GUARDED, ITEMS, THREE

WHY = "Not needed."


def test_a_step_is_skipped_and_asked_again(app: object, program: Callable[..., Any]) -> None:
    process, dana = makers.start(THREE), program("dana")
    told = dana.post(f"/processes/{process}/skip", {"step": "details", "reason": WHY})
    assert [one["step"] for one in told["waiting_for"]] == ["look"]
    told = dana.post(f"/processes/{process}/reopen", {"step": "details", "reason": WHY})
    assert [one["step"] for one in told["waiting_for"]] == ["details"]
    assert [one["step"] for one in dana.get(f"/tasks?process={process}&state=open")["items"]] == [
        "details"
    ]


def test_a_safeguard_waits_for_a_second_person(app: object, program: Callable[..., Any]) -> None:
    process = makers.start(GUARDED)
    makers.fill(process, company="Sea")
    body = {"step": "look", "reason": WHY}
    told = program("dana").post(f"/processes/{process}/skip", body, 202)
    assert [one["step"] for one in told["waiting_for"]] == ["look"]
    [waiting] = program("ada").get(f"/exceptions?process={process}&state=open")["items"]
    assert (waiting["kind"], waiting["proposal"]["reason"]) == ("control", WHY)
    program("dana").post(f"/processes/{process}/skip", body, 409)
    told = program("ada").post(f"/processes/{process}/skip", body)
    assert ([one["step"] for one in told["waiting_for"]], told["exceptions"]) == (["last"], [])


@pytest.mark.parametrize("verb", ["skip", "reopen"])
@pytest.mark.parametrize(
    ("body", "status", "at"),
    [
        ({"step": "ask"}, 422, "reason"),
        ({"reason": WHY}, 422, "step"),
        ({"step": 7, "reason": WHY}, 422, "step"),
        ({"step": "none", "reason": WHY}, 422, "step"),
        ({"step": "ask", "reason": WHY, "scope": 1}, 422, "scope"),
        ({"step": "ask", "reason": WHY, "scope": "every:9"}, 409, None),
        ({"step": "last", "reason": WHY}, 409, None),
    ],
)
def test_what_is_wrong_is_told(
    app: object,
    program: Callable[..., Any],
    verb: str,
    body: dict[str, Any],
    status: int,
    at: str | None,
) -> None:
    process = makers.start(ITEMS)
    before = makers.types(process)
    problem = program("dana").post(f"/processes/{process}/{verb}", body, status)
    assert [one["at"] for one in problem.get("errors", ())] == ([at] if at else [])
    assert makers.types(process) == before
