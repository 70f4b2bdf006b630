"""Calls of other systems: what is owed, what an answer brings, what a failure leads to."""

from datetime import timedelta
from typing import Any

import pytest

from portal import clock as house_clock
from portal import db
from portal.actions import calls, messages, processes, troubles
from portal.actions.calls import Answer, Tried
from portal.clock import Clock
from portal.definition.fields import JsonSent
from portal.errors import Faulty
from portal.readings import payloads
from portal.readings.calls import owed
from tests import makers, people
from tests.actions.test_blocks import SITES, is_sound, open_steps, steps, values

CALL = """\
  - id: book
    name: Book it
    call:
      url: "https://erp.example/orders/{{ inputs.amount }}"
      json: {amount: "{{ inputs.amount }}"}
      retry: {times: 2, first: 10 seconds}
      save: {order: response.json.id, double: response.json.price * 2}
  - {id: last, name: "Order {{ values.order }}", assign: buyer, task: {}}
"""
GOOD = Answer(200, {}, '{"id": "o-1", "price": 2.10}')


def started(steps_: str = CALL, **more: Any) -> str:
    return makers.start(steps_, inputs={"amount": "7"}, **more)


def take() -> Tried:
    """Take the one call that is due."""
    [one] = messages.take(10, 30, ("call.request",))
    return Tried(one.ref["run"], one.id, one.fence, one.attempts)


def is_nothing_due() -> bool:
    return not messages.take(10, 30, ("call.request",))


def test_a_step_that_calls_owes_the_request_and_another_system_holds_the_work() -> None:
    process = started()
    tried = take()
    with db.reading() as conn:
        call = owed(conn, tried.run_id)
    assert call is not None
    assert (call.method, call.url, call.body) == (
        "POST", "https://erp.example/orders/7", '{"amount": 7}',
    )  # fmt: skip
    assert ("Idempotency-Key", tried.run_id) in call.headers_with(None)
    [held] = makers.process(process).waiting
    assert (held["step"], held["who"]["kind"], held["who"]["name"]) == (
        "book", "system", "erp.example",
    )  # fmt: skip
    assert is_sound(process)


def test_an_answer_ends_the_step_and_its_values_are_saved() -> None:
    process = started()
    calls.note_answer(take(), GOOD)
    assert makers.task(process, "last").name == "Order o-1"
    assert steps(process)["book"] == {"outcome": "succeeded"}
    assert values(process) == {"order": "o-1", "double": "4.2"}
    [event] = makers.events(process, "call.succeeded")
    assert event["data"] == {"step": "book", "round": 1, "attempt": 1, "status": 200}
    assert set(event["priv"]) == {"url"}
    assert makers.types(process).count("values.set") == 1
    assert makers.owed(process, "call.request")[0].state == "done"
    assert is_sound(process)


@pytest.mark.parametrize("status", [199, 301, 404, 429, 500])
def test_every_other_status_is_tried_again_and_each_wait_is_twice_the_last(
    status: int, clock: Clock
) -> None:
    process = started()
    for wait in (10, 20):
        calls.note_answer(take(), Answer(status, {}, "Not now"))
        assert makers.owed(process, "call.request")[0].due_at == house_clock.now() + timedelta(
            seconds=wait
        )
        assert is_nothing_due()
        clock.advance(seconds=wait)
    assert makers.troubles(process) == []
    calls.note_answer(take(), Answer(status, {}, "Not now"))
    [trouble] = makers.troubles(process)
    assert (trouble.kind, trouble.step) == ("call", "book")
    assert f"it answered {status}" in trouble.message
    assert "3 attempts" in trouble.message
    failed = makers.events(process, "call.failed")
    assert [(one["data"]["attempt"], one["data"]["status"]) for one in failed] == [
        (1, status), (2, status), (3, status),
    ]  # fmt: skip
    assert set(failed[0]["priv"]) == {"url", "said"}
    assert makers.owed(process, "call.request")[0].state == "dead"
    assert [row.state for row in makers.runs(process, "book")] == ["open"]
    assert is_sound(process)


def test_where_nothing_was_answered_it_is_tried_again_unless_that_never_helps() -> None:
    process = started()
    calls.note_no_answer(take(), "timeout", "It took too long.")
    assert makers.troubles(process) == []
    other = makers.start_again()
    calls.note_no_answer(take(), "address", "It is not public.", is_final=True)
    [trouble] = makers.troubles(other)
    assert "It is not public." in trouble.message
    [event] = makers.events(other, "call.failed")
    assert event["data"]["error"] == "address"
    assert "status" not in event["data"]
    assert is_sound(other)


def test_what_can_not_be_saved_opens_an_exception_and_saves_nothing() -> None:
    process = started()
    calls.note_answer(take(), Answer(200, {}, '{"id": "o-1"}'))
    [trouble] = makers.troubles(process)
    assert (trouble.kind, "response.json.price" in trouble.message) == ("call", True)
    assert values(process) == {}
    assert open_steps(process) == []
    [event] = makers.events(process, "call.failed")
    assert (event["data"]["status"], event["data"]["error"]) == (200, "save")
    assert is_nothing_due()
    assert is_sound(process)


def test_an_exception_resolved_by_retry_calls_again_with_the_same_key() -> None:
    process = started()
    first = take()
    calls.note_no_answer(first, "secret", "It is not known.", is_final=True)
    [trouble] = makers.troubles(process)
    troubles.resolve(trouble.id, "retry", "It is set now.", actor=people.staff("dana"))
    again = take()
    assert (again.run_id, again.attempt) == (first.run_id, 1)
    assert again.outbox_id != first.outbox_id
    calls.note_answer(again, GOOD)
    assert open_steps(process) == ["last"]
    assert is_sound(process)


def failed(**more: Any) -> tuple[str, str, Tried]:
    """A process whose call will not be made again by itself, its exception, the last attempt."""
    process = started(**more)
    tried = take()
    calls.note_no_answer(tried, "address", "It is not public.", is_final=True)
    [trouble] = makers.troubles(process)
    return process, trouble.id, tried


def test_after_the_data_was_edited_the_call_is_a_new_one() -> None:
    process, trouble, first = failed()
    edited = {"inputs": {"amount": "8"}}
    troubles.resolve(trouble, "edit", "It was a typo.", edited, actor=people.staff("dana"))
    again = take()
    assert again.run_id != first.run_id
    with db.reading() as conn:
        call = owed(conn, again.run_id)
    assert call is not None
    assert (call.url, call.body) == ("https://erp.example/orders/8", '{"amount": 8}')
    calls.note_answer(again, GOOD)
    assert open_steps(process) == ["last"]
    assert is_sound(process)


def test_what_a_call_would_have_saved_can_be_given_by_hand() -> None:
    process, trouble, _ = failed()
    with pytest.raises(Faulty) as refused:
        troubles.resolve(
            trouble, "complete", "By phone.", {"values": {"order": "o-2"}},
            actor=people.staff("dana"),
        )  # fmt: skip
    assert [one.at for one in refused.value.faults] == ["values.double"]
    by_hand = {"values": {"order": "o-2", "double": 3}}
    troubles.resolve(trouble, "complete", "By phone.", by_hand, actor=people.staff("dana"))
    assert values(process) == {"order": "o-2", "double": "3"}
    assert makers.task(process, "last").name == "Order o-2"
    assert is_sound(process)


def test_a_call_can_be_skipped() -> None:
    process, trouble, _ = failed()
    troubles.resolve(trouble, "skip", "Not needed.", actor=people.staff("dana"))
    assert open_steps(process) == ["last"]
    assert is_nothing_due()
    assert is_sound(process)


def test_a_request_that_can_not_be_filled_in_opens_an_exception() -> None:
    process = makers.start(CALL.replace("/{{ inputs.amount }}", "/{{ inputs.amount + 1 }}"))
    assert [one.kind for one in makers.troubles(process)] == ["expression"]
    assert makers.runs(process, "book") == []
    assert is_nothing_due()
    assert is_sound(process)


def test_a_late_answer_to_a_withdrawn_call_changes_nothing() -> None:
    process = started()
    tried = take()
    processes.cancel(process, "Enough.", actor=people.staff("dana"))
    before = makers.types(process)
    calls.note_answer(tried, GOOD)
    assert makers.types(process) == before
    assert values(process) == {}
    assert makers.owed(process, "call.request")[0].state == "done"
    assert is_sound(process)


@pytest.mark.parametrize("note", ["answer", "no answer"])
def test_a_late_finisher_changes_nothing(note: str, clock: Clock) -> None:
    process = started()
    late = take()
    clock.advance(seconds=31)
    fresh = take()
    before = makers.types(process)
    if note == "answer":
        calls.note_answer(late, GOOD)
    else:
        calls.note_no_answer(late, "timeout", "It took too long.", is_final=True)
    assert makers.types(process) == before
    calls.note_answer(fresh, GOOD)
    calls.note_answer(fresh, GOOD)
    assert makers.types(process).count("call.succeeded") == 1
    assert is_sound(process)


BESIDE = """\
  - id: both
    parallel:
      finish: any
      branches:
        - steps: [{id: book, call: {url: "http://a.example", retry: {times: 0}}}]
        - steps: [{id: other, assign: buyer, task: {}}]
  - {id: last, assign: buyer, task: {}}
"""


def test_a_call_that_failed_in_a_branch_leaves_the_others_running() -> None:
    process = started(BESIDE)
    calls.note_answer(take(), Answer(500, {}, ""))
    assert [one.kind for one in makers.troubles(process, state="open")] == ["call"]
    makers.tick(process, "other")
    assert open_steps(process) == ["last"]
    assert makers.troubles(process, state="open") == []
    assert steps(process)["book"] == {"outcome": None}
    assert is_sound(process)


ITEMS = """\
  - id: list
    assign: vendor
    form:
      fields:
        - id: sites
          type: table
          label: Sites
          columns:
            - {id: town, type: text, label: Town}
            - {id: beds, type: number, label: Beds}
  - id: every
    each:
      in: steps.list.sites
      as: site
      steps:
        - id: book
          call:
            method: PUT
            url: "http://a.example/{{ site.town }}"
            json: "{{ site }}"
            save: {order: "response.json.n * site.beds"}
        - {id: look, name: "{{ site.town }}: {{ values.order }}", assign: buyer, task: {}}
  - {id: sum, set: {outcomes: "steps.book.map(one, one.outcome)"}}
"""


def test_what_is_saved_for_an_item_belongs_to_it() -> None:
    process = makers.start(ITEMS)
    one = makers.task(process, "list")
    makers.forms.submit(
        one.id, JsonSent({"sites": SITES}), nonce=db.new_id(), actor=makers.actor_of(one)
    )
    claimed = messages.take(10, 30, ("call.request",))
    for number, each in enumerate(reversed(claimed), 1):
        with db.reading() as conn:
            call = owed(conn, each.ref["run"])
        assert call is not None
        assert call.body is not None
        assert call.url.rpartition("/")[2] in call.body
        tried = Tried(each.ref["run"], each.id, each.fence, each.attempts)
        calls.note_answer(tried, Answer(200, {}, f'{{"n": {number}}}'))
    names = sorted(row.name for row in makers.rows(makers.Task, step="look"))
    assert len(names) == 3
    assert sorted(name.partition(":")[0] for name in names) == ["Jena", "Kiel", "Ulm"]
    assert all(name.partition(": ")[2] for name in names)
    assert {one["data"]["scope"] for one in makers.events(process, "call.succeeded")} == {
        "every:0", "every:1", "every:2",
    }  # fmt: skip
    assert values(process).get("order") is None
    for scope in ("every:0", "every:1", "every:2"):
        look = makers.task(process, "look", scope=scope)
        makers.tasks.tick(look.id, None, nonce=db.new_id(), actor=makers.actor_of(look))
    assert values(process)["outcomes"] == ["succeeded"] * 3
    assert is_sound(process)


BACK = """\
  - {id: ask, assign: vendor, form: {fields: [{id: name, type: text, label: Name}]}}
  - {id: book, call: {url: "http://a.example/{{ steps.ask.name }}", save: {n: response.text}}}
  - id: judge
    assign: buyer
    approval: {question: Right?, show: [ask], on_changes: {return_to: ask}}
"""


def test_a_step_that_returns_calls_anew_with_a_key_of_its_own() -> None:
    process = makers.start(BACK)
    keys = []
    for name in ("first", "second"):
        makers.fill(process, "ask", name=name)
        tried = take()
        keys.append(tried.run_id)
        with db.reading() as conn:
            call = owed(conn, tried.run_id)
        assert call is not None
        assert call.url.endswith(name)
        calls.note_answer(tried, Answer(200, {}, name))
        makers.decide(process, "request_changes" if name == "first" else "approve", "judge")
    assert keys[0] != keys[1]
    assert values(process) == {"n": "second"}
    assert makers.process(process).state == "completed"
    assert is_sound(process)


def test_programs_see_the_outcome_alone() -> None:
    process = started()
    with db.reading() as conn:
        assert payloads.process(conn, process)["steps"]["book"] == {"outcome": None}
        [held] = payloads.process(conn, process)["waiting_for"]
    assert held["who"] == {"kind": "system", "email": None, "name": "erp.example"}
