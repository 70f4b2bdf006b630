"""A step put into a definition: where it may stand, and what is wrong with it, by its own lines."""

import json

import pytest

from portal.definition import additions, asks, load
from portal.definition.additions import Stands

SOURCE = """\
key: demo
name: Demo
owner: dana@example.com
roles: {vendor: {kind: external}, buyer: {kind: staff}}
inputs: [{id: ok, type: yes_no, required: no}]
steps:
  - {id: a, assign: vendor, form: {fields: [{id: b, type: text}]}}
  - id: both
    parallel:
      branches:
        - {name: One, steps: [{id: p, assign: buyer, task: {}}, {id: q, assign: buyer, task: {}}]}
        - {name: Two, steps: [{id: r, assign: buyer, task: {}}]}
  - id: way
    choose:
      - {when: inputs.ok, steps: [{id: yes1, assign: buyer, task: {}}]}
      - {otherwise: true, steps: [{id: no1, assign: buyer, task: {}}]}
  - id: every
    each: {in: "[1, 2]", as: one, steps: [{id: e, assign: buyer, task: {}}]}
"""
TREE = load.load(SOURCE)
STEP = "{assign: vendor, task: {}}"


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("near", [step.id for step in TREE.all_steps()])
def test_it_stands_beside_any_step_and_the_text_reads_as_the_same(near: str, side: str) -> None:
    whole, step = additions.with_step(TREE, STEP, near, side)  # type: ignore[arg-type]
    ids = [one.id for one in whole.enclosing_list(near)]
    assert ids.index(step.id) - ids.index(near) == (1 if side == "after" else -1)
    again = load.load(whole.source)
    assert again.digest == whole.digest
    assert [one.id for one in again.all_steps()] == [one.id for one in whole.all_steps()]
    assert len(whole.all_steps()) == len(TREE.all_steps()) + 1


def test_a_second_one_gets_the_next_id_and_may_stand_beside_the_first() -> None:
    once, first = additions.with_step(TREE, STEP, "a", "after")
    twice, second = additions.with_step(once, STEP, first.id, "before")
    assert [one.id for one in twice.steps][:3] == ["a", "added_2", "added_1"]
    assert second.id == "added_2"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "step:1: step: is no mapping"),
        ("- x", "step:1: step: is no mapping"),
        ("a: b: c", "step:1: document: is not valid YAML"),
        ("name: X\nwait: {for: 1 day}", "step:2: wait: can’t be added"),
        ("task: {}\nassign: nobody", "step:2: assign: 'nobody' is not a role"),
        ("task: {}\nassign: buyer\nid: q", "step:3: id: 'q' is a step of this process already"),
        ("assign: buyer\n\nform:\n  fields: [{id: x, type: txt}]", "step:4: type: is 'txt'"),
        ("assign: buyer\ntask: {}\nwhen: steps.nope.x", "step:3: when: "),
        ("assign: buyer\napproval: {question: So?, on_changes: {return_to: every}}",
         "step:2: return_to: "),
    ],
)  # fmt: skip
def test_its_faults_stand_at_its_own_lines(text: str, fault: str) -> None:
    with pytest.raises(load.DefinitionFaults) as found:
        additions.with_step(TREE, text, "a", "after")
    assert str(found.value).startswith(fault)


def place(near: str, side: additions.Side, **stands: str) -> str | None:
    found = {
        (step, ""): Stands(*state.split("/")[:1], int(state[-1]) if "/" in state else None)
        for step, state in stands.items()
    }
    past = additions.passed_by(TREE, near, side, found)
    return past.id if past else None


def test_a_place_is_passed_where_what_comes_behind_it_has_begun() -> None:
    assert place("a", "before", a="open") == "a"
    assert place("a", "after", a="open") is None
    assert place("a", "after", a="done", both="open") == "both"
    assert place("q", "before", both="open", p="open") is None
    assert place("p", "before", both="open", p="open") == "p"
    assert place("r", "after", both="open", r="done") is None


def test_a_place_in_a_block_that_is_over_or_went_another_way_is_passed() -> None:
    assert place("q", "after", both="done") == "both"
    assert place("q", "after", both="skipped") == "both"
    assert place("yes1", "after", way="open/1", no1="open") == "way"
    assert place("no1", "after", way="open/1", no1="open") is None
    assert place("yes1", "after") is None


def test_what_is_asked_in_plain_words_shows_them_as_they_are() -> None:
    person = {"email": "o@x.example", "name": 'Otto "O" 😀'}
    words = "Is {{ this }} right?\nAnd *that*?"
    for wanted in asks.WANTED:
        step = asks.step(wanted, words, person, "2026-12-24")
        _, made = additions.with_step(TREE, json.dumps(step), "a", "after")
        assert made.name.render({}) == "Is {{ this }} right?"
        assert made.assign.name.evaluate({}) == 'Otto "O" 😀'  # type: ignore[attr-defined]


def test_the_heading_is_the_first_line_or_its_beginning() -> None:
    assert (asks.heading("\nSend it.\nNow."), asks.in_full("Send it.")) == ("Send it", None)
    assert asks.in_full("Send it.\n\nNow. ") == "Now."
    long = "word " * 40
    assert asks.heading(long) == f"{'word ' * 15}word…"
    assert asks.in_full(long) == long.strip()
