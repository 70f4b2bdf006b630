"""What a document becomes: JSON and YAML alike, a digest of what it says, lines that are right."""

import json
from contextlib import suppress
from decimal import Decimal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.definition.durations import Duration, Rung
from portal.definition.load import DefinitionFaults, load, stored
from portal.definition.tree import ApprovalStep, FormStep, Owner, ReturnTo, UploadStep
from tests.definition.documents import GOOD, changed


def test_a_definition_says_what_was_written() -> None:
    definition = load(GOOD)
    assert definition.owner == Owner(email="dana@example.com")
    assert definition.roles["finance"].team == "finance"
    assert definition.roles["lawyer"].name == "Lawyer"
    assert definition.roles["lawyer"].named_later
    assert definition.link_for == Duration(Decimal(14), "day")
    assert definition.value_names() == ("gross", "checked", "rounds")
    review = definition.step("review")
    assert isinstance(review, ApprovalStep)
    assert (review.needs, review.on_reject) == ("any", ReturnTo("details"))
    assert [step.id for step in definition.steps_before("review")] == ["details", "papers"]
    papers = definition.step("papers")
    assert isinstance(papers, UploadStep)
    assert papers.document("tax_form").max_size == 10_000_000
    assert papers.remind == (Rung("every", Duration(Decimal(2), "day"), 3),)


def test_words_are_not_booleans() -> None:
    details = load(GOOD).step("details")
    assert isinstance(details, FormStep)
    assert [option.value for option in details.field("country").options] == ["NO", "SE"]


def test_an_approval_has_sound_defaults() -> None:
    step = load(
        "key: a\nname: A\nowner: {team: x}\nroles: {b: {kind: staff}}\n"
        "steps: [{id: look, approval: {}, assign: b}]"
    ).step("look")
    assert isinstance(step, ApprovalStep)
    assert (step.question, step.needs, step.on_reject, step.on_changes) == (
        "Look", "all", "end", None,
    )  # fmt: skip
    assert step.remind is None


def test_json_is_the_same_definition() -> None:
    definition = {
        "key": "a",
        "name": "A",
        "owner": {"team": "x"},
        "roles": {"b": {"kind": "staff", "named_later": True}},
        "inputs": [{"id": "n", "type": "number", "min": 1.5, "required": False}],
        "steps": [{"id": "look", "approval": {"needs": 1}, "assign": ["b"], "due": "2 days"}],
    }
    as_json, as_yaml = json.dumps(definition, indent="\t"), yaml.safe_dump(definition)
    assert load(as_json).steps[0].id == "look"
    assert load(as_json).digest == load(json.dumps(definition)).digest
    assert load(as_yaml).inputs[0].min == Decimal("1.5")
    with pytest.raises(DefinitionFaults) as refused:
        load(as_json.replace("2 days", "2 daze"), "a.json")
    assert [(fault.line, fault.key) for fault in refused.value.faults] == [(30, "due")]


def test_json_texts_hold_any_character() -> None:
    text = json.dumps({"key": "a", "name": 'Smile \U0001f600 "\\ \t', "owner": "a@b.example"})
    text = text[:-1] + ', "steps": [{"id": "a", "set": {"b": 1}}]}'
    assert load(text).name == 'Smile \U0001f600 "\\ \t'


def test_comments_and_layout_do_not_make_a_new_version() -> None:
    again = changed(
        ("owner: dana@example.com", 'owner: "dana@example.com"  # the boss'),
        ("[vendor, lawyer]", "\n      - vendor\n      - lawyer"),
    )
    assert load(again).digest == load(GOOD).digest
    assert load(changed(("due: 2 days", "due: 3 days"))).digest != load(GOOD).digest


def test_the_order_of_computed_values_is_part_of_the_version() -> None:
    text = "key: a\nname: A\nowner: a@b.example\nsteps: [{id: s, set: {%s}}]"
    assert load(text % "a: 1, b: 2").digest != load(text % "b: 2, a: 1").digest


def test_a_kept_definition_is_compiled_once() -> None:
    assert stored(GOOD) is stored(GOOD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "# nothing",
        "- a",
        "7",
        "null",
        "[" * 500,
        "{" * 50,
        "a: &x [*x]",
        "\x00",
        "? {}",
    ],
)
def test_what_is_no_document_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(DefinitionFaults) as refused:
        load(text, "x.yaml")
    assert all(fault.line >= 1 and "expected" in str(fault) for fault in refused.value.faults)


def test_a_giant_is_refused() -> None:
    with pytest.raises(DefinitionFaults, match="longer than"):
        load("# " + "x" * 1_000_001)


def test_after_very_many_faults_no_more_are_looked_for() -> None:
    steps = "".join(f"- {{id: A{n}, tsk: {{}}}}\n" for n in range(5000))
    with pytest.raises(DefinitionFaults) as refused:
        load(f"key: a\nname: A\nowner: a@b.example\nsteps:\n{steps}")
    assert len(refused.value.faults) == 1000


def test_a_key_that_was_misspelled_is_not_missing_as_well() -> None:
    text = "key: a\nname: A\nowner: a@b.example\nroles: {b: {kind: staff}}\n"
    with pytest.raises(DefinitionFaults) as refused:
        load(f"{text}steps:\n  - id: look\n    task: {{}}\n    asign: b\n")
    [fault] = refused.value.faults
    assert (fault.line, fault.key) == (8, "asign")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_change_of_a_definition_ends_in_anything_but_faults(data: st.DataObject) -> None:
    lines = GOOD.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    junk = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
    place = data.draw(st.integers(0, len(lines[at])))
    lines[at] = lines[at][:place] + junk + lines[at][place:]
    with suppress(DefinitionFaults):
        load("\n".join(lines))
