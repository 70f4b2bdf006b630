"""Exceptions by the API: listed, and resolved in every way that the contract names."""

from collections.abc import Callable

from tests import makers
from tests.web.api.conftest import Program


def test_an_exception_is_listed_and_resolved(program: Callable[..., Program]) -> None:
    dana = program("dana")
    process = makers.start("  - {id: sum, set: {total: 10 / inputs.amount}}", inputs={"amount": 0})
    other = makers.start("  - {id: sum, set: {total: 10 / inputs.amount}}", inputs={"amount": 0})
    found = dana.get(f"/exceptions?state=open&process={process}")
    [one] = found["items"]
    assert found["next"] is None
    assert one["process"] == process
    assert (one["step"], one["kind"], one["state"]) == ("sum", "expression", "open")
    assert one["owner"] == "dana@example.com"
    assert len(dana.get("/exceptions?owner=dana@example.com")["items"]) == 2
    first = dana.get("/exceptions?limit=1")
    rest = dana.get(f"/exceptions?limit=1&cursor={first['next']}")
    assert {first["items"][0]["process"], rest["items"][0]["process"]} == {process, other}
    path = f"/exceptions/{one['id']}/resolve"
    for body, at in (
        ({"how": "edit", "inputs": {"amount": 4}}, "reason"),
        ({"how": "wish", "reason": "Please."}, "how"),
        ({"how": "edit", "reason": "Typo.", "inputs": {"amount": "x"}}, "inputs.amount"),
    ):
        problem = dana.post(path, body, 422)
        assert [fault["at"] for fault in problem["errors"]] == [at]
    body = {"how": "edit", "reason": "A typo.", "inputs": {"amount": 4}}
    assert dana.post(path, body, 200)["state"] == "resolved"
    dana.post(path, body, 409)
    assert dana.get(f"/processes/{process}")["values"] == {"total": "2.5"}
    dana.get("/exceptions?state=lost", 422)
    dana.post("/exceptions/nothing/resolve", body, 404)


def test_a_signal_by_the_api(program: Callable[..., Program]) -> None:
    dana = program("dana")
    process = makers.start("  - {id: paid, wait: {signal: payment}}")
    path = f"/processes/{process}/signals"
    assert dana.post(f"{path}/other", {}, 202)["taken"] is False
    assert dana.post(f"{path}/payment", {"data": {"amount": 1.5}}, 200)["taken"] is True
    assert dana.get(f"/processes/{process}")["state"] == "completed"
    dana.post(f"{path}/payment", {}, 409)
    dana.post(f"{path}/No-Signal", {}, 409)
