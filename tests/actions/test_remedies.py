"""Every way out of an exception: what it does, what it records, and who has to agree."""

from typing import Any

import pytest

from portal.actions import troubles
from portal.errors import Conflict, Faulty, NotYours
from tests import makers, people
from tests.actions.test_blocks import is_sound, open_steps, steps, values

BROKEN = """\
  - {id: first, assign: vendor, form: {fields: [{id: n, type: number, label: N, required: false}]}}
  - {id: sum, CONTROL set: {total: "inputs.amount + steps.first.n"}}
  - {id: last, name: "Total {{ values.total }}", assign: buyer, task: {}}
"""


def stuck(control: str = "", **inputs: Any) -> str:
    process = makers.start(BROKEN.replace("CONTROL", control), inputs=inputs or {"amount": 1})
    makers.fill(process, "first")
    assert [one.step for one in makers.troubles(process, state="open")] == ["sum"]
    return process


def resolve(process: str, how: str, who: str = "dana", **details: Any) -> bool:
    [trouble] = makers.troubles(process, state="open")
    return troubles.resolve(trouble.id, how, "Because.", details, actor=people.staff(who))


def test_skipping_goes_on_without_the_step() -> None:
    process = stuck()
    assert resolve(process, "skip")
    assert makers.task(process, "last").name == "Total "
    assert steps(process)["sum"] == {"outcome": None}
    assert makers.process(process).n_troubles == 0
    assert is_sound(process)


def test_a_safeguard_is_skipped_by_two_people() -> None:
    process = stuck("control: true,")
    assert not resolve(process, "skip")
    assert open_steps(process) == []
    with pytest.raises(Conflict, match="second person"):
        resolve(process, "skip")
    assert resolve(process, "skip", "ada")
    assert open_steps(process) == ["last"]
    types = makers.types(process)
    assert types.count("exception.proposed") == types.count("exception.resolved") == 1
    assert is_sound(process)


def test_completing_by_hand_brings_the_values_given() -> None:
    process = stuck()
    with pytest.raises(Faulty) as missing:
        resolve(process, "complete", values={})
    assert [one.at for one in missing.value.faults] == ["values.total"]
    assert resolve(process, "complete", values={"total": 12.5})
    assert values(process) == {"total": "12.5"}
    assert makers.task(process, "last").name == "Total 12.5"
    [event] = makers.events(process, "data.edited")
    assert event["data"]["names"] == ["values.total"]
    assert is_sound(process)


def test_editing_an_answer_lets_the_step_try_again() -> None:
    process = stuck()
    with pytest.raises(Faulty) as wrong:
        resolve(process, "edit", steps={"first": {"n": "many"}})
    assert [one.at for one in wrong.value.faults] == ["steps.first.n"]
    assert resolve(process, "edit", steps={"first": {"n": "4.5"}})
    assert values(process) == {"total": "5.5"}
    assert steps(process)["first"]["n"] == "4.5"
    assert is_sound(process)


def test_editing_an_input_is_recorded_old_and_new() -> None:
    head = makers.HEAD.replace("name: Demo", 'name: Demo\ntitle: "Order of {{ inputs.amount }}"')
    steps = """\
  - {id: sum, set: {total: 10 / inputs.amount}}
  - {id: last, name: "{{ inputs.amount }} of {{ values.total }}", assign: buyer, task: {}}
  - {id: after, name: "Still {{ inputs.amount }}", assign: buyer, task: {}}
"""
    process = makers.start(steps, head=head, inputs={"amount": "0"})
    assert resolve(process, "edit", inputs={"amount": 4})
    assert makers.task(process, "last").name == "4 of 2.5"
    makers.tick(process, "last")
    assert makers.task(process, "after").name == "Still 4"
    row = makers.process(process)
    assert (row.title, row.inputs) == ("Order of 4", {"amount": "4"})
    [event] = makers.events(process, "data.edited")
    assert event["data"]["names"] == ["inputs.amount"]
    assert {"before", "after"} <= set(event["priv"])
    assert is_sound(process)


def test_editing_nothing_or_what_is_not_there_is_refused_and_the_exception_stays() -> None:
    process = stuck()
    for details in ({}, {"values": {"nothing": 1}}, {"inputs": {"nothing": 1}}):
        with pytest.raises(Faulty):
            resolve(process, "edit", **details)
    assert len(makers.troubles(process, state="open")) == 1
    assert is_sound(process)


def test_going_back_asks_an_earlier_step_again() -> None:
    process = stuck()
    with pytest.raises(Faulty, match="first"):
        resolve(process, "return_to", step="last")
    assert resolve(process, "return_to", step="first")
    assert makers.task(process, "first").round == 2
    assert makers.runs(process, "first")[-1].comment == "Because."
    makers.fill(process, "first", n=2)
    assert makers.task(process, "last").name == "Total 3"
    assert is_sound(process)


NOBODY = """\
  - {id: ask, assign: second, form: {fields: [{id: a, type: text, label: A}]}}
  - {id: last, assign: buyer, task: {}}
"""


def test_giving_it_to_somebody_names_who_was_missing() -> None:
    process = makers.start(NOBODY)
    with pytest.raises(Faulty) as wrong:
        resolve(process, "reassign", to={"email": "nobody"})
    assert [one.at for one in wrong.value.faults] == ["to.email"]
    assert resolve(process, "reassign", to=people.OTTO)
    assert open_steps(process) == ["ask"]
    assert makers.types(process).count("participant.named") == 1
    assert is_sound(process)


def test_an_open_task_is_given_on_skipped_or_done_in_its_place(clock: Any) -> None:
    from portal.actions import timers

    for how, details, step in (
        ("reassign", {"to": people.OTTO}, "ask"),
        ("skip", {}, "last"),
        ("complete", {"values": {"a": "Yes"}}, "last"),
    ):
        process = makers.start(
            NOBODY.replace("assign: second,", "assign: vendor, due: 1 day, remind: [],")
        )
        clock.advance(days=1)
        timers.ring([row.id for row in makers.timers(process)])
        assert resolve(process, how, **details)
        assert open_steps(process) == [step]
        assert makers.troubles(process, state="open") == []
        assert is_sound(process)
    assert steps(process)["ask"] == {"outcome": "completed", "a": "Yes"}


def test_files_and_decisions_are_never_made_up() -> None:
    process = makers.start(
        "  - {id: judge, assign: second, approval: {}}\n  - {id: last, assign: buyer, task: {}}"
    )
    with pytest.raises(Faulty, match="come from a person"):
        resolve(process, "complete", values={"decision": "approve"})


def test_each_needs_a_reason_and_the_right_person() -> None:
    process = stuck()
    [trouble] = makers.troubles(process, state="open")
    with pytest.raises(Faulty):
        troubles.resolve(trouble.id, "skip", " ", actor=people.staff("dana"))
    with pytest.raises(Faulty):
        troubles.resolve(trouble.id, "wish", "Please.", actor=people.staff("dana"))
    for who in ("olga", "aud"):
        with pytest.raises(NotYours):
            troubles.resolve(trouble.id, "skip", "Because.", actor=people.staff(who))


def test_a_stuck_item_is_resolved_alone() -> None:
    process = makers.start("""\
  - id: every
    each:
      in: "[1, 0, 2]"
      as: n
      steps:
        - {id: part, set: {share: "10 / n"}}
  - {id: sum, set: {outcomes: "steps.part.map(one, one.outcome)"}}
""")
    [trouble] = makers.troubles(process)
    assert trouble.scope == "every:1"
    assert resolve(process, "skip")
    assert values(process) == {"outcomes": ["succeeded", None, "succeeded"]}
    assert is_sound(process)


JUDGED = """\
  - {id: check, assign: buyer, task: {}}
  - {id: sure, assign: [buyer], approval: {question: Q, separate_from: [check]}}
  - {id: last, assign: buyer, task: {}}
"""


def test_somebody_else_is_named_to_decide_what_nobody_may_decide() -> None:
    process = makers.start(JUDGED)
    makers.tick(process, "check")
    [trouble] = makers.troubles(process, state="open")
    assert (trouble.kind, trouble.step) == ("nobody", "sure")
    with pytest.raises(Faulty, match="took part") as barred:
        resolve(process, "reassign", to={"email": "dana@example.com"})
    assert [one.at for one in barred.value.faults] == ["to.email"]
    assert resolve(process, "reassign", to={"email": "olga@example.com"})
    makers.decide(process, step="sure", actor=people.staff("olga"))
    assert open_steps(process) == ["last"]
    assert is_sound(process)


def test_a_second_voter_is_named_where_one_person_plays_both_roles() -> None:
    process = makers.start(
        "  - {id: sure, assign: [vendor, second], approval: {question: Q, needs: 2}}\n",
        participants={"second": people.VERA},
    )
    [trouble] = makers.troubles(process, state="open")
    assert (trouble.kind, trouble.step) == ("nobody", "sure")
    with pytest.raises(Faulty, match="one vote"):
        resolve(process, "reassign", to=people.VERA)
    assert resolve(process, "reassign", to=people.OTTO)
    assert open_steps(process) == ["sure", "sure"]
    assert is_sound(process)
