"""The parts of a long form."""

from portal.definition import sections
from portal.definition.load import load
from portal.definition.tree import FormStep
from tests.definition.documents import GOOD


def test_a_form_falls_into_parts_where_its_fields_say_so() -> None:
    step = load(GOOD).step("details")
    assert isinstance(step, FormStep)
    first, second = sections.of(step.fields)
    assert (first.heading, [one.id for one in first.fields]) == (None, ["legal_name", "vat"])
    assert str(second.heading) == "Trade of {{ inputs.company }}"
    assert [one.id for one in second.fields][:2] == ["abroad", "country"]
    assert len(sections.of(first.fields)) == 1
    assert sections.of(()) == []


def test_two_parts_of_one_name_stay_two() -> None:
    once_more = 'label: Regions, section: "Trade of {{ inputs.company }}"'
    again = GOOD.replace("label: Regions", once_more)
    step = load(again).step("details")
    assert isinstance(step, FormStep)
    assert [len(one.fields) for one in sections.of(step.fields)] == [2, 2, 4]
