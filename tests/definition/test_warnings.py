"""What would hurt in use is told at its line, and a definition that does not has none."""

from pathlib import Path

import pytest

from portal.definition import warnings
from portal.definition.load import load

HEAD = "key: d\nname: D\nowner: dana@example.com\nrunbook: Call.\nreview_every: 90 days\n"
ROLES = "roles: {vendor: {kind: external, name: V}, buyer: {kind: staff, name: B}}\n"
BOTH = "  - {id: a, assign: [vendor, buyer], due: 2 days, task: {}}\n"


def told(steps: str, head: str = HEAD, roles: str = ROLES) -> list[str]:
    text = f"{head}{roles}steps:\n{steps}\n"
    return [str(one) for one in warnings.of(load(text, "d.yaml"), "d.yaml")]


def step(*lines: str) -> str:
    """Line 9 on: a step with each of its keys on a line of its own."""
    return BOTH + "  - id: b\n" + "".join(f"    {line}\n" for line in lines)


def test_a_definition_without_fault_or_gap_is_told_nothing_of() -> None:
    assert told(BOTH) == []


def test_a_title_that_waits_for_what_steps_bring_stays_empty() -> None:
    late = HEAD + "title: 'D {{ values.n }}'\n"
    [one] = told(BOTH + "  - {id: b, set: {n: 1}}", late)
    assert one.startswith("d.yaml:6: title: warning: is filled in when the process starts")
    known = HEAD + "title: 'D {{ participants.vendor.name }}'\n"
    assert told(BOTH, known) == []


@pytest.mark.parametrize(
    ("steps", "at", "what"),
    [
        (step("assign: buyer", "task: {}"), "9: due", "b may stay undone for ever"),
        (step("wait: {signal: paid}"), "10: timeout", "b waits for ever if paid never comes"),
        (step("choose: [{when: 'true', steps: []}]"), "10: otherwise", "does nothing where no"),
        (BOTH.replace("[vendor, buyer]", "buyer"), "6: vendor", "no step names this role"),
        (step("assign: vendor", "due: 2 days", "remind: []", "task: {}"),
         "12: remind", "the moment it is due"),
        (step("control: true", "assign: buyer", "due: 2 days", "task: {}"),
         "10: control", "safeguard without a why"),
        (step("call:", "  url: https://x.example/", "  retry: {times: 0}"),
         "12: retry", "tried once only"),
        (step("call:", "  url: https://x.example/", "  headers:", "    X-Api-Key: abc"),
         "13: X-Api-Key", "looks like a secret"),
        (step("call: {url: 'https://x.example/?a=1&api_key=abc'}"), "10: url", "held a secret"),
        (step("assign: buyer", "due: 2 days", "approval:", "  separate_from: [a]").replace(
            "[vendor, buyer]", "buyer") + "  - {id: c, assign: vendor, due: 2 days, task: {}}",
         "13: separate_from", "too few are left"),
        (step("assign: buyer", "due: 2 days", "approval:", "  on_changes: {return_to: a}",
              "  on_reject: {return_to: a}"), "14: on_reject", "round until somebody approves"),
        (step("set: {x: 1}") + "  - id: c\n    assign: buyer\n"
         "    on_timeout: {after: 2 days, do: {return_to: b}}\n    task: {}",
         "13: on_timeout", "round again for ever"),
        (step("each:", "  in: '[1, 2]'", "  as: one", "  steps:",
              "    - {id: c, assign: vendor, due: 2 days, task: {}}"),
         "14: due", "holds up all the others"),
    ],
)  # fmt: skip
def test_what_would_hurt_is_told_at_its_line(steps: str, at: str, what: str) -> None:
    [one] = told(steps)
    assert one.startswith(f"d.yaml:{at}: warning: ")
    assert what in one


@pytest.mark.parametrize(
    ("gone", "at"), [("runbook: Call.\n", "runbook"), ("review_every: 90 days\n", "review_every")]
)
def test_a_head_that_leaves_its_owner_alone_is_told(gone: str, at: str) -> None:
    [one] = told(BOTH, HEAD.replace(gone, ""))
    assert one.startswith(f"d.yaml:1: {at}: warning: is missing: ")


def test_a_role_named_later_whose_step_opens_at_once_has_nobody() -> None:
    later = "roles: {vendor: {kind: external, named_later: true}, buyer: {kind: staff}}\n"
    [one] = told(BOTH, roles=later)
    assert one.startswith("d.yaml:6: named_later: warning: vendor may be left out")
    first = "  - {id: z, assign: buyer, due: 1 day, task: {}}\n"
    assert told(first + BOTH, roles=later) == []


@pytest.mark.parametrize(
    "one",
    [
        "  - {id: b, assign: buyer, on_timeout: {after: 9 days, do: skip}, task: {}}",
        "  - {id: w, wait: {signal: paid, timeout: 9 days}}",
        "  - {id: c, choose: [{when: 'true', steps: []}, {otherwise: true, steps: []}]}",
        "  - {id: m, message: {to: [vendor], subject: S, body: B}}",
        (
            "  - {id: k, call: {url: 'https://x.example/', secret: S, headers: {Authorization: "
            "'Bearer {{ secret }}'}}}"
        ),
        (
            "  - {id: p, assign: [vendor, buyer], due: 1 day, approval: {needs: any, "
            "separate_from: [a]}}"
        ),
    ],
)
def test_what_has_a_way_out_is_not_told(one: str) -> None:
    assert told(BOTH + one) == []


@pytest.mark.parametrize("name", ["contract-renewal", "supplier-onboarding", "tax-papers"])
def test_the_demo_gives_a_good_example(name: str) -> None:
    path = Path(__file__).parents[2] / "portal" / "cli" / "demo" / f"{name}.yaml"
    assert warnings.of(load(path.read_text(), name), name) == []


def test_a_role_named_in_a_text_is_used() -> None:
    steps = BOTH.replace("[vendor, buyer]", "buyer").replace(
        "task: {}", "task: {instructions: 'Call {{ participants.vendor.name }}.'}"
    )
    assert told(steps) == []
