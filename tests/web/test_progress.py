"""How far a long form is: what counts, and what the page tells of it."""

from typing import Any

from portal.definition.load import load
from portal.definition.tree import FormStep
from portal.web import forms, progress
from tests import makers

FIELDS = """\
        - {id: name, type: text, label: Name}
        - {id: web, type: url, label: Website, required: false}
        - {id: bank, type: text, label: Bank, section: Bank details}
        - {id: limit, type: money, label: Limit, currencies: [EUR, USD]}
        - {id: kinds, type: choices, label: Kinds, options: [a, b]}
        - {id: insured, type: yes_no, label: Insured, section: "Insurance of {{ inputs.amount }}"}
        - {id: policy, type: text, label: Policy, show_if: insured}
        - id: sites
          type: table
          label: Sites
          section: Sites
          columns:
            - {id: town, type: text, label: Town}
            - {id: rent, type: money, label: Rent, currencies: [EUR]}
        - {id: note, type: text, label: Note, required: false, section: Remarks}"""
LONG = f"""\
  - id: details
    assign: vendor
    form:
      fields:
{FIELDS}
  - id: review
    assign: buyer
    approval: {{question: Good?, on_changes: {{return_to: details}}}}"""
ALL = {
    "name": "Sea", "bank": "Nordea", "limit-amount": "1", "limit-currency": "EUR", "kinds": "a",
    "insured": "no", "sites-1-town": "Kiel", "sites-1-rent-amount": "1",
    "sites-1-rent-currency": "EUR",
}  # fmt: skip


def of(typed: dict[str, list[str]], **more: Any) -> progress.Progress:
    step = load(f"{makers.HEAD}steps:\n{LONG}\n").step("details")
    assert isinstance(step, FormStep)
    return progress.of(step.fields, forms.questions(step.fields, {}, typed), {}, typed, **more)


def told(found: progress.Progress) -> list[tuple[int, int]]:
    return [(part.answered, part.needed) for part in found.parts]


def test_of_each_part_it_is_counted_what_is_required_and_what_stands_there() -> None:
    assert told(of({})) == [(0, 1), (0, 3), (0, 1), (0, 1), (0, 0)]
    offered = {"limit-currency": ["EUR"], "sites-1-rent-currency": ["EUR"], "bank": [" "]}
    assert of(offered).answered == 0, "what was offered, or blank, is no answer"
    typed = {name: [value] for name, value in ALL.items()} | {"limit-amount": ["ten"]}
    assert told(of(typed)) == [(1, 1), (3, 3), (1, 1), (1, 1), (0, 0)], "also what is wrong"
    assert (of(typed).answered, of(typed).needed) == (6, 6)


def test_what_its_condition_hides_does_not_count() -> None:
    assert told(of({"policy": ["P"]}, hidden=["policy"]))[2] == (0, 1)
    assert told(of({"policy": ["P"]}, hidden=[]))[2] == (1, 2)
    assert told(of({"policy": ["P"]}))[2] == (0, 1), "nor what may be hidden, where none knows"


def test_a_short_form_tells_nothing_and_a_long_one_its_count_without_any_parts() -> None:
    def plain(count: int, section: str = "") -> progress.Progress:
        each = [f"  - {{id: f{n}, type: text, label: F{section}}}" for n in range(count)]
        inputs = "\n".join(each)
        tree = load(f"{makers.HEAD}{inputs}\nsteps: [{{id: s, set: {{x: 1}}}}]\n")
        fields = tree.inputs[1:]
        return progress.of(fields, forms.questions(fields, {}), {}, {})

    assert not plain(12).is_told
    assert (plain(13).is_told, plain(13).has_contents) == (True, False)
    assert not plain(4, ", section: A").is_told, "one counts four oneself"
    assert plain(6, ", section: A").has_contents
