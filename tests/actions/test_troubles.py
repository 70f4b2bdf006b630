"""What goes wrong is shown, told to the owner, and dealt with by a person."""

import pytest

from portal.actions import troubles
from portal.errors import Conflict, Faulty, NotYours
from tests import makers, people

DANA = people.staff("dana")
BROKEN = (
    "  - id: sum\n    set: {half: 10 / inputs.amount}\n"
    "  - id: end\n    assign: vendor\n    task: {instructions: Done}\n"
)


@pytest.mark.parametrize(
    "steps",
    [
        BROKEN,
        "  - id: sum\n    when: 1 / inputs.amount > 0\n    set: {x: 1 + 1}\n",
        "  - id: sum\n    message: {to: [vendor], subject: Hi, body: '{{ 1 / inputs.amount }}'}\n",
        "  - id: sum\n    assign: {email: inputs.nobody}\n    task: {instructions: Do}\n",
        "  - id: sum\n    assign: buyer\n    due: {at: inputs.when}\n    task: {}\n",
        "  - id: sum\n    name: '{{ 1 / inputs.amount }}'\n    assign: buyer\n    task: {}\n",
    ],
)
def test_an_expression_that_fails_stops_the_process_and_says_so(steps: str) -> None:
    head = makers.HEAD + (
        "  - {id: nobody, type: email, label: Nobody, required: false}\n"
        "  - {id: when, type: date, label: When, required: false}\n"
    )
    process = makers.start(steps, head=head, inputs={"amount": 0})
    [trouble] = makers.troubles(process)
    assert (trouble.kind, trouble.step, trouble.state) == ("expression", "sum", "open")
    assert trouble.owner_id == "dana"
    assert makers.process(process).n_troubles == 1
    assert makers.runs(process, "sum") == []
    assert len(makers.owed(process, "mail.trouble")) == 1


def test_a_retry_that_fails_again_opens_the_next_exception() -> None:
    process = makers.start(BROKEN, inputs={"amount": 0})
    for n in (1, 2):
        [trouble] = makers.troubles(process, state="open")
        troubles.resolve(trouble.id, "retry", "Once more.", actor=DANA)
        assert len(makers.troubles(process)) == n + 1
        with pytest.raises(Conflict):
            troubles.resolve(trouble.id, "retry", "Again.", actor=DANA)
    assert makers.process(process).n_troubles == 1


def test_cancelling_is_a_way_out() -> None:
    process = makers.start(BROKEN, inputs={"amount": 0})
    [trouble] = makers.troubles(process)
    troubles.resolve(trouble.id, "cancel", "It can't be.", actor=DANA)
    assert makers.process(process).state == "cancelled"
    assert makers.process(process).n_troubles == 0


def test_a_way_and_a_reason_are_needed_and_it_is_the_owners_to_say() -> None:
    process = makers.start(BROKEN, inputs={"amount": 0})
    [trouble] = makers.troubles(process)
    for how, reason, at in (("retry", "", "reason"), ("pray", "Why.", "how")):
        with pytest.raises(Faulty) as refused:
            troubles.resolve(trouble.id, how, reason, actor=DANA)
        assert [fault.at for fault in refused.value.faults] == [at]
    with pytest.raises(NotYours):
        troubles.resolve(trouble.id, "retry", "Why.", actor=people.staff("olga"))


def test_a_title_that_fails_does_not_stop_the_start() -> None:
    head = makers.HEAD.replace("name: Demo\n", "name: Demo\ntitle: '{{ 1 / inputs.amount }}'\n")
    process = makers.start(makers.FORM, head=head, inputs={"amount": 0})
    assert makers.process(process).title == "Demo"
    assert makers.task(process, "details").state == "open"
    assert [one.step for one in makers.troubles(process)] == [None]
