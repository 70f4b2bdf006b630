"""What is different between two versions: said of their parts, and shown line by line."""

import time

from portal.definition.differences import changes, lines
from portal.definition.load import load
from tests.definition.documents import GOOD

OLD = """\
key: demo
name: Demo
owner: dana@example.com
roles:
  vendor: {kind: external, name: Vendor}
inputs:
  - {id: company, type: text, label: Company}
steps:
  - {id: first, assign: vendor, task: {}}
  - {id: second, assign: vendor, task: {}, due: 2 days}
  - choose:
      - when: inputs.company == "A"
        steps:
          - {id: third, assign: vendor, task: {}}
    id: way
"""


def said(new: str, old: str = OLD) -> list[str]:
    return [one.text for one in changes(load(old), load(new))]


def test_the_same_says_nothing_however_it_is_written() -> None:
    assert said(OLD) == []
    assert said(f"# a remark\n\n{OLD}") == [], "lines moved, and nothing else"
    assert said(GOOD, GOOD) == []


def test_each_part_is_said_for_itself() -> None:
    new = (
        OLD.replace("name: Demo", "name: Other\npurpose: To show.")
        .replace("label: Company}", "label: Firm}\n  - {id: tax, type: number, label: Tax}")
        .replace("name: Vendor}", "name: Supplier}\n  buyer: {kind: staff, name: Buyer}")
        .replace("  - {id: first, assign: vendor, task: {}}\n", "")
        .replace("due: 2 days", "due: 3 days, remind: []")
        .replace('== "A"', '== "B"')
        + "  - {id: last, message: {to: [vendor], subject: Done, body: Done.}}\n"
    )
    assert said(new) == [
        "Its name changed from “Demo” to “Other”.",
        "The title of its processes changed from “Demo” to “Other”.",
        "Its purpose added: “To show.”.",
        "The input “Tax” is new.",
        "The input “Firm” is asked otherwise.",
        "The role “Buyer” is new.",
        "The role “Supplier” is another one.",
        "“Second”: due changed from 2 days to 3 days; remind added: none.",
        "“Way”: branches changed.",
        "The step “Last” (message) is new.",
        "The step “First” (task) is gone.",
    ]


def test_a_step_that_moved_is_said_once() -> None:
    first, second = OLD.splitlines(keepends=True)[8:10]
    assert said(OLD.replace(first + second, second + first)) in (
        ["“First” stands at another place."], ["“Second” stands at another place."],
    )  # fmt: skip


def test_another_kind_is_said_and_nothing_of_its_keys() -> None:
    new = OLD.replace("{id: first, assign: vendor, task: {}}",
                      "{id: first, assign: vendor, approval: {}}")  # fmt: skip
    assert said(new) == ["“First”: kind changed from task to approval."]


def test_the_lines_are_those_near_what_is_different() -> None:
    new = OLD.replace("due: 2 days", "due: 3 days")
    found = lines(OLD, new)
    assert [(one.kind, one.before, one.after) for one in found] == [
        ("gap", None, None), ("same", 7, 7), ("same", 8, 8), ("same", 9, 9),
        ("gone", 10, None), ("new", None, 10),
        ("same", 11, 11), ("same", 12, 12), ("same", 13, 13),
    ]  # fmt: skip
    assert lines(OLD, OLD) == []


def test_long_texts_of_lines_that_are_alike_are_told_apart_at_once() -> None:
    old = [f"{n % 50}" if n % 2 else "same" for n in range(8000)]
    new = [f"{n % 51}" if n % 3 else "same" for n in range(8000)]
    began = time.process_time()
    found = lines("\n".join(old), "\n".join(new))
    assert time.process_time() - began < 3, "difflib alone takes many minutes"
    assert {one.text for one in found if one.kind == "gone"} <= set(old)
    one = [f"  - step {n}" for n in range(3000)]
    other = [*one[:100], "a new one", *one[200:2500], one[2600], *one[2500:2600], *one[2601:]]
    told = [(one.kind, one.text) for one in lines("\n".join(one), "\n".join(other))]
    gone = [text for kind, text in told if kind == "gone"]
    assert gone == [f"  - step {n}" for n in (*range(100, 200), 2600)]
    assert [text for kind, text in told if kind == "new"] == ["a new one", "  - step 2600"]
