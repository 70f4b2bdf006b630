"""What would hurt in use is told at its line, and a definition that does not has none."""

from pathlib import Path

import pytest

from portal.definition import warnings
from portal.definition.load import load


def told(steps: str, head: str = "") -> list[str]:
    roles = "roles: {vendor: {kind: external, name: V}, buyer: {kind: staff, name: B}}\n"
    text = f"key: d\nname: D\nowner: dana@example.com\n{head}{roles}steps:\n{steps}\n"
    return [str(one) for one in warnings.of(load(text, "d.yaml"), "d.yaml")]


BOTH = "  - {id: a, assign: [vendor, buyer], due: 2 days, task: {}}\n"


def test_a_definition_without_fault_or_gap_is_told_nothing_of() -> None:
    assert told(BOTH) == []


@pytest.mark.parametrize(
    ("steps", "at", "what"),
    [
        (BOTH + "  - {id: b, assign: buyer, task: {}}", "d.yaml:7: due:", "b may stay undone"),
        (BOTH + "  - {id: w, wait: {signal: paid}}", "d.yaml:7: timeout:", "w waits for ever"),
        (BOTH + "  - id: c\n    choose: [{when: 'true', steps: []}]", "d.yaml:7: otherwise:",
         "c does nothing"),
        (BOTH.replace("[vendor, buyer]", "buyer"), "d.yaml:4: vendor:", "no step names this role"),
        (BOTH + "  - {id: k, call: {method: GET, url: 'https://x.example/'}}", "d.yaml:1: runbook:",
         "calls can fail"),
    ],
)  # fmt: skip
def test_what_would_hurt_is_told_at_its_line(steps: str, at: str, what: str) -> None:
    [one] = told(steps)
    assert one.startswith(f"{at} warning: ")
    assert what in one


@pytest.mark.parametrize(
    "step",
    [
        "  - {id: b, assign: buyer, on_timeout: {after: 9 days, do: skip}, task: {}}",
        "  - {id: w, wait: {signal: paid, timeout: 9 days}}",
        "  - {id: c, choose: [{when: 'true', steps: []}, {otherwise: true, steps: []}]}",
        "  - {id: m, message: {to: [vendor], subject: S, body: B}}",
    ],
)
def test_what_has_a_way_out_is_not_told(step: str) -> None:
    assert told(BOTH + step) == []


@pytest.mark.parametrize("name", ["contract-renewal", "supplier-onboarding", "tax-papers"])
def test_the_demo_gives_a_good_example(name: str) -> None:
    path = Path(__file__).parents[2] / "portal" / "cli" / "demo" / f"{name}.yaml"
    assert warnings.of(load(path.read_text(), name), name) == []


def test_a_role_named_in_a_text_is_used() -> None:
    steps = BOTH.replace("[vendor, buyer]", "buyer").replace(
        "task: {}", "task: {instructions: 'Call {{ participants.vendor.name }}.'}"
    )
    assert told(steps) == []
