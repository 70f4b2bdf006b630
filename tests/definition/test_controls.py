"""A new version says which safeguards of the one before it does away with."""

import pytest

from portal.definition import load
from portal.definition.controls import dropped

BEFORE = """\
key: demo
name: Demo
owner: dana@example.com
roles: {buyer: {kind: staff, name: Buyer}}
steps:
  - id: enter
    assign: buyer
    task: {}
  - id: bank
    name: Call the bank
    why: Somebody may have sent a false account.
    control: true
    assign: buyer
    task: {}
"""
GONE, PLAIN = BEFORE[: BEFORE.index("  - id: bank")], BEFORE.replace("    control: true\n", "")
OTHER = BEFORE.replace("    task: {}\n", "    approval: {question: Well}\n").replace(
    "  - id: enter\n    assign: buyer\n    approval: {question: Well}\n", ""
)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (GONE, "drops the safeguard"),
        (PLAIN, "no longer calls a safeguard"),
        (OTHER, "has another kind of step (approval) for the safeguard"),
    ],
    ids=["gone", "plain", "other kind"],
)
def test_what_is_dropped_is_said_with_the_reason_it_was_there(after: str, said: str) -> None:
    told = dropped(load.load(BEFORE), load.load(after))
    why = "It was there because: Somebody may have sent a false account."
    assert told == [f"This version {said} “Call the bank” (bank). {why}"]


def test_a_safeguard_that_stays_or_comes_is_no_remark() -> None:
    assert dropped(load.load(BEFORE), load.load(BEFORE.replace("Call", "Ring up"))) == []
    assert dropped(load.load(PLAIN), load.load(BEFORE)) == []
