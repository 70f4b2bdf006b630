"""Going back: which steps run again, whatever was done before."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import db
from portal.engine.rounds import Item, read_items
from portal.errors import Faulty
from portal.ledger import audit
from tests import makers

pytestmark = pytest.mark.usefixtures("house")

STEPS = """\
  - id: first
    assign: vendor
    form: {fields: [{id: name, type: text, label: Name}, {id: city, type: text, label: City}]}
  - id: note
    set: {greeting: "'Hello ' + steps.first.name"}
  - id: second
    assign: vendor
    form: {fields: [{id: city, type: text, label: City}]}
  - id: large
    when: steps.first.name == 'large'
    assign: buyer
    task: {}
  - id: review
    assign: buyer
    approval: {question: Well, on_changes: {return_to: first}, on_reject: {return_to: second}}
"""


def test_items_are_known_by_step_or_where_unique_by_id_alone() -> None:
    allowed = [Item("first", "name"), Item("first", "city"), Item("second", "city")]
    assert read_items(allowed, ["name", "second.city", "name"]) == [allowed[0], allowed[2]]
    for wrong in ("city", "third.city"):
        with pytest.raises(ValueError, match=wrong):
            read_items(allowed, [wrong])


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        st.one_of(
            st.just("reject"),
            st.lists(st.sampled_from(["name", "first.city", "second.city"]), unique=True),
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_any_history_of_returns_ends_with_a_sound_ledger(
    house: None, returns: list[str | list[str]], is_large: bool
) -> None:
    process = makers.start(STEPS)
    name = "large" if is_large else "small"
    _do_all(process, name)
    for one in returns:
        if isinstance(one, str):
            makers.decide(process, "reject")
        else:
            makers.decide(process, "request_changes", items=one)
        _do_all(process, name)
    assert makers.runs(process, "review")[-1].round == len(returns) + 1
    makers.decide(process)
    assert makers.process(process).state == "completed"
    assert makers.process(process).n_done == makers.process(process).n_steps
    with db.reading() as conn:
        assert audit.fault_in(conn, process) is None
    for step in ("first", "note", "second", "large", "review"):
        found = makers.runs(process, step)
        assert [row.round for row in found] == list(range(1, len(found) + 1))
        assert sum(row.is_current for row in found) == 1
        assert sum(row.is_latest for row in found) == 1
        assert found[-1].is_current


def _do_all(process: str, name: str) -> None:
    """Do whatever is open until the review is."""
    answers = {"name": name, "city": "Kiel"}
    while (open_ := makers.process(process).waiting[0])["step"] != "review":
        if open_["step"] == "large":
            makers.tick(process, "large")
            continue
        only = makers.runs(process, open_["step"])[-1].only
        asked = only or (["name", "city"] if open_["step"] == "first" else ["city"])
        makers.fill(process, open_["step"], **{one: answers[one] for one in asked})


def test_a_step_skipped_before_is_judged_again_after_a_return() -> None:
    process = makers.start(STEPS)
    _do_all(process, "small")
    assert makers.runs(process, "large")[-1].state == "skipped"
    makers.decide(process, "request_changes", items=["name"])
    makers.fill(process, "first", name="large")
    assert makers.process(process).waiting[0]["step"] == "large"
    assert len(makers.runs(process, "second")) == 1


def test_the_words_of_the_last_return_are_shown() -> None:
    process = makers.start(STEPS)
    _do_all(process, "small")
    makers.decide(process, "request_changes", items=["name"], comment="First.")
    _do_all(process, "small")
    makers.decide(process, "reject", comment="Second.")
    assert makers.runs(process, "second")[-1].comment == "Second."
    assert makers.runs(process, "second")[-1].answers == {"city": "Kiel"}


def test_a_field_that_a_new_answer_brings_to_light_is_asked_with_it() -> None:
    process = makers.start(
        "  - id: first\n    assign: vendor\n    form:\n      fields:\n"
        "        - {id: kind, type: choice, label: Kind, options: [person, company]}\n"
        "        - {id: number, type: text, label: Number, show_if: kind == 'company'}\n"
        "  - id: review\n    assign: buyer\n"
        "    approval: {question: Well, on_changes: {return_to: first}}\n"
    )
    makers.fill(process, "first", kind="person")
    makers.decide(process, "request_changes", items=["kind"])
    assert makers.runs(process, "first")[-1].only == ["kind", "number"]
    with pytest.raises(Faulty) as refused:
        makers.fill(process, "first", kind="company")
    assert [fault.at for fault in refused.value.faults] == ["number"]
    makers.fill(process, "first", kind="company", number="7")
    assert makers.runs(process, "first")[-1].answers == {"kind": "company", "number": "7"}
