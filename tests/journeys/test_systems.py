"""What a system does by itself: messages, calls, processes within processes, and their texts."""

# ruff: noqa: E501 (definitions, a step a line)

import json
import socket
from collections.abc import Callable

from tests.delivery.receivers import Got, answering, receiver
from tests.journeys.readers import GUESTS, Case, Reader, links

LAST = "  - {id: last, assign: buyer, task: {}}\n"
GOOD = answering(
    200, b'{"id": "o-1", "price": 2.10, "lines": [{"n": 1}]}', content_type="application/json"
)


def test_a_message_is_filled_in_and_escaped_for_where_it_lands(reader: Reader) -> None:
    case = reader.start(
        """\
  - id: m
    message:
      to: [vendor, buyer]
      subject: "{{ inputs.word }} {{ inputs.n }} {{ inputs.when }} {{ inputs.price }}"
      body: |
        Dear {{ participants.vendor.name }}, about **{{ inputs.word }}**:
        {{ inputs.n }} on {{ inputs.when }}, {{ inputs.n * 2 }}, {{ steps.last.outcome }}.

        See {{ link }}.
"""
        + LAST,
        inputs={
            "word": "<b>*Sea* & Co</b>",
            "n": "10.50",
            "when": "2026-11-27",
            "price": {"amount": "1234.50", "currency": "EUR"},
        },
    )
    assert case.outcome("m") == "succeeded"
    [mail] = [one for one in reader.mails("vera") if "Sea" in one.subject]
    assert mail.subject == "<b>*Sea* & Co</b> 10.50 2026-11-27 1234.50 EUR"
    assert "10.50 on 27 Nov 2026, 21, ." in mail.text
    assert "<b>*Sea* & Co</b>" in mail.text
    assert len(links(mail)) == 1
    assert "&lt;b&gt;" in mail.html
    assert "<b>*Sea" not in mail.html
    assert "<em>Sea</em>" not in mail.html
    own = [one for one in reader.mails("olga") if "Sea" in one.subject]
    assert len(own) == 1
    assert links(own[0]) != links(mail)


def test_values_are_computed_and_one_set_sees_the_one_before(reader: Reader) -> None:
    case = reader.start(
        "  - {id: s, set: {a: inputs.n * 2, b: values.a + 1, c: true, d: 3, e: \"'text'\"}}\n"
        + LAST,
        inputs={"n": 2},
    )
    assert case.values == {"a": "4", "b": "5", "c": True, "d": "3", "e": "text"}
    assert case.outcome("s") == "succeeded"


CALL = """\
  - id: book
    call:
      method: PUT
      url: "URL/orders/{{ inputs.word }}?n={{ inputs.n }}&d={{ inputs.when }}"
      headers: {X-Word: "w {{ inputs.n }}"}
      json:
        n: "{{ inputs.n }}"
        text: "{{ inputs.n }} of {{ inputs.word }}"
        day: "{{ inputs.when }}"
        ok: "{{ inputs.ok }}"
        tags: "{{ inputs.tags }}"
        none: "{{ steps.last.outcome }}"
        fixed: [1, 2.50, x]
      retry: {times: 2, first: 30 seconds}
      save: {order: response.json.id, cost: response.json.price * 2, how: response.status,
        kind: "response.headers['content-type']", first: "response.json.lines[0].n"}
"""
INPUTS = {"word": "a/b c&d", "n": "10.50", "when": "2026-11-27", "ok": True, "tags": ["a"]}


def test_a_call_sends_what_it_says_and_saves_what_comes_back(reader: Reader) -> None:
    with receiver(GOOD) as there:
        case = reader.start(CALL.replace("URL", there.url) + LAST, inputs=INPUTS)
    [got] = there.requests
    assert (got.method, got.path) == ("PUT", "/orders/a%2Fb%20c%26d?n=10.50&d=2026-11-27")
    assert got.headers["x-word"] == "w 10.50"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["idempotency-key"]
    assert json.loads(got.body) == {
        "n": 10.5, "text": "10.50 of a/b c&d", "day": "2026-11-27", "ok": True, "tags": ["a"],
        "none": None, "fixed": [1, 2.5, "x"],
    }  # fmt: skip
    assert b'"n": 10.50' in got.body
    assert case.values == {
        "order": "o-1", "cost": "4.2", "how": "200", "kind": "application/json", "first": "1",
    }  # fmt: skip
    assert (case.outcome("book"), case.open) == ("succeeded", ["last"])


def in_turn(*talks: Callable[[Got, socket.socket], None]) -> Callable[[Got, socket.socket], None]:
    left = list(talks)

    def talk(got: Got, wire: socket.socket) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(got, wire)

    return talk


def test_a_call_that_fails_is_repeated_with_one_key_and_waits_that_double(reader: Reader) -> None:
    with receiver(in_turn(answering(500), answering(503), GOOD)) as there:
        case = reader.start(CALL.replace("URL", there.url) + LAST, inputs=INPUTS)
        assert len(there.requests) == 1
        reader.later(seconds=29)
        assert len(there.requests) == 1
        reader.later(seconds=1)
        assert len(there.requests) == 2
        reader.later(seconds=59)
        assert len(there.requests) == 2
        reader.later(seconds=1)
    assert len({one.headers["idempotency-key"] for one in there.requests}) == 1
    assert case.open == ["last"]
    assert len(case.events("call.failed")) == 2


def test_a_call_out_of_retries_is_an_exception_that_can_be_retried(reader: Reader) -> None:
    talks = [answering(500)] * 3
    with receiver(in_turn(*talks, GOOD)) as there:
        case = reader.start(CALL.replace("URL", there.url) + LAST, inputs=INPUTS)
        reader.later(minutes=5)
        assert len(there.requests) == 3
        assert [one["step"] for one in case.troubles()] == ["book"]
        assert case.open == []
        case.resolve("retry")
        assert case.open == ["last"]
    assert len({one.headers["idempotency-key"] for one in there.requests}) == 1
    assert case.troubles() == []


def test_an_address_is_judged_when_it_is_called(reader: Reader) -> None:
    case = reader.start("  - {id: k, call: {url: 'http://10.1.2.3/x', retry: {times: 0}}}\n" + LAST)
    assert [one["step"] for one in case.troubles()] == ["k"]


INNER = """\
key: inner
name: Inner
owner: dana@example.com
roles: {who: {kind: staff}}
inputs: [{id: x, type: number, label: X}, {id: y, type: text, label: Y, required: false}]
steps:
  - {id: ask, assign: who, form: {fields: [{id: z, type: number, label: Z}]}}
  - {id: judge, assign: who, when: inputs.x > 5, approval: {}}
  - {id: sum, set: {total: inputs.x + steps.ask.z}}
"""
OUTER = (
    "  - {id: sub, run: {definition: inner, inputs: {x: inputs.n * 2, y: inputs.word}, "
    "participants: {who: participants.buyer}}}\n"
    "  - {id: s, set: {got: steps.sub.values.total, how: steps.sub.outcome}}\n" + LAST
)


def child_of(reader: Reader, case: Case) -> Case:
    found = [one for one in reader.get("/processes?limit=1000")["items"] if one["id"] != case.id]
    return Case(reader, found[-1]["id"])


def test_a_process_within_a_process_gets_inputs_and_people_and_gives_values(reader: Reader) -> None:
    reader.publish(INNER)
    case = reader.start(OUTER, inputs={"n": "1.5", "word": "w"})
    child = child_of(reader, case)
    assert child.now["inputs"] == {"x": "3", "y": "w"}
    assert child.now["participants"]["who"]["email"] == "olga@example.com"
    assert case.waiting == ["sub"]
    child.do("ask", {"z": 4})
    assert child.state == "completed"
    assert case.values == {"got": "7", "how": "completed"}
    assert case.open == ["last"]


def test_the_outcome_of_a_rejected_child_is_seen_and_a_cancelled_one_is_an_exception(
    reader: Reader,
) -> None:
    reader.publish(INNER)
    case = reader.start(
        OUTER.replace("got: steps.sub.values.total, ", ""), inputs={"n": "10", "word": "w"}
    )
    child = child_of(reader, case)
    child.do("ask", {"z": 4})
    child.decide("judge", "reject")
    assert (child.state, case.values) == ("rejected", {"how": "rejected"})
    other = reader.start_again(inputs={"n": "1"})
    inner = [one for one in reader.get("/processes?state=running&limit=99")["items"]
             if one["definition"] == "inner"]  # fmt: skip
    answer = reader.ask("POST", f"/processes/{inner[0]['id']}/cancel", json={"reason": "Off."})
    assert answer.status_code == 200
    reader.night()
    assert [one["step"] for one in other.troubles()] == ["sub"]


def test_a_child_gets_a_participant_who_is_written_down(reader: Reader) -> None:
    reader.publish(INNER)
    case = reader.start(
        "  - {id: sub, run: {definition: inner, inputs: {x: 1}, participants: {who: "
        "\"{'email': 'finn@example.com', 'name': 'Finn'}\"}}}\n"
    )
    child = child_of(reader, case)
    assert child.tasks("ask")[0]["assignee"]["email"] == "finn@example.com"


def test_a_child_that_can_not_start_is_an_exception(reader: Reader) -> None:
    case = reader.start("  - {id: sub, run: {definition: nowhere}}\n" + LAST)
    assert [one["step"] for one in case.troubles()] == ["sub"]
    case.resolve("skip")
    assert case.open == ["last"]


def test_the_latest_version_of_a_child_is_run(reader: Reader) -> None:
    reader.publish(INNER)
    reader.publish(INNER.replace("id: ask", "id: question").replace("steps.ask", "steps.question"))
    case = reader.start(OUTER, inputs={"n": 1, "word": "w"})
    assert child_of(reader, case).open == ["question"]


def test_signals_carry_data_and_are_kept_one_for_each_wait(reader: Reader) -> None:
    case = reader.start(
        "  - {id: a, assign: buyer, task: {}}\n"
        "  - {id: w, wait: {signal: paid}}\n"
        "  - {id: s, set: {amount: steps.w.data.amount * 2}}\n"
        "  - {id: v, wait: {signal: paid}}\n" + LAST
    )
    assert case.signal("paid", amount=1.50) == 202
    assert case.signal("paid", amount=9) == 202
    case.tick("a")
    assert case.values == {"amount": "3"}
    assert case.open == ["last"]


def test_values_set_in_an_each_belong_to_the_item(reader: Reader) -> None:
    case = reader.start(
        "  - {id: s, set: {x: 1}}\n"
        "  - {id: all, each: {in: '[10, 20]', as: i, steps: ["
        "{id: t, set: {x: 'values.x + i'}}, {id: u, set: {y: values.x * 2}}, "
        "{id: f, assign: buyer, form: {fields: [{id: z, type: number, label: Z}]}}, "
        "{id: q, set: {w: values.x + values.y + steps.f.z + i_index}}]}}\n"
        "  - {id: r, set: {x2: values.x, z: 'steps.f.map(one, one.z)'}}\n" + LAST
    )
    for one in case.tasks("f"):
        case.do(one, {"z": 1})
    assert case.troubles() == []
    assert {name: case.values.get(name) for name in ("x", "x2", "z")} == {
        "x": "1", "x2": "1", "z": ["1", "1"],
    }  # fmt: skip


def test_an_each_within_an_each_names_both_items(reader: Reader) -> None:
    case = reader.start(
        "  - id: outer\n    each:\n      in: inputs.tags\n      as: tag\n      steps:\n"
        "        - id: inner\n          each:\n            in: '[1, 2]'\n            as: n\n"
        "            steps:\n"
        "              - {id: t, name: '{{ tag }}{{ n }} {{ tag_index }}{{ n_index }}', assign: buyer, task: {}}\n"
        + LAST,
        inputs={"tags": ["a", "b"]},
    )
    assert sorted(one["name"] for one in case.tasks("t")) == ["a1 00", "a2 01", "b1 10", "b2 11"]
    case.tick("t", "t", "t", "t")
    assert case.open == ["last"]


def test_a_step_that_returns_within_an_item_leaves_the_other_items_alone(reader: Reader) -> None:
    case = reader.start(
        "  - id: all\n    each:\n      in: '[1, 2]'\n      as: i\n      steps:\n"
        "        - {id: a, name: 'A{{ i }}', assign: buyer, task: {}}\n"
        "        - {id: r, name: 'R{{ i }}', assign: boss, approval: {on_reject: {return_to: a}}}\n"
    )
    first, second = sorted(case.tasks("a"), key=lambda one: one["name"])
    case.tick(first)
    case.decide("r", "reject")
    assert sorted(one["name"] for one in case.tasks()) == ["A1", "A2"]
    case.tick(second)
    assert sorted(one["name"] for one in case.tasks()) == ["A1", "R2"]


def test_an_old_link_shows_its_receipt_and_a_new_round_has_a_new_link(reader: Reader) -> None:
    case = reader.start(
        "  - {id: a, assign: vendor, link_for: 2 days, task: {}}\n"
        "  - {id: r, assign: boss, approval: {on_reject: {return_to: a}}}\n"
    )
    [first] = links(reader.mails("vera")[0])
    case.tick("a")
    case.decide("r", "reject")
    again = [link for mail in reader.mails("vera") for link in links(mail) if link != first]
    assert len(again) == 1
    client = reader.app.test_client()
    path = again[0].removeprefix("https://portal.example")
    assert client.get(path).status_code == 200
    assert client.get(first.removeprefix("https://portal.example")).status_code == 200
    reader.later(days=2, seconds=1)
    assert client.get(path).status_code == 410


def test_each_task_is_asked_for_in_a_mail_of_its_own(reader: Reader) -> None:
    reader.start(
        "  - {id: p, parallel: {branches: [{steps: [{id: a, assign: vendor, task: {}}]}, "
        "{steps: [{id: b, assign: vendor, task: {}}]}]}}\n"
    )
    found = [links(one) for one in reader.mails("vera")]
    assert [len(one) for one in found] == [1, 1]
    assert found[0] != found[1]


def test_withdrawn_people_are_told_once(reader: Reader) -> None:
    case = reader.start(
        "  - {id: p, parallel: {finish: any, branches: [{steps: [{id: a, assign: buyer, task: {}}]}, "
        "{steps: [{id: b, assign: vendor, task: {}}]}, {steps: [{id: c, assign: vendor, task: {}}]}]}}\n"
        + LAST
    )
    before = len(reader.mails("vera"))
    case.tick("a")
    assert len(reader.mails("vera")) == before + 1


def test_a_child_gets_its_people_from_expressions(reader: Reader) -> None:
    reader.publish(INNER.replace("kind: staff", "kind: external"))
    case = reader.start(
        "  - {id: sub, run: {definition: inner, inputs: {x: 1}, participants: {who: participants.vendor}}}\n",
    )
    assert child_of(reader, case).tasks("ask")[0]["assignee"]["email"] == GUESTS["vera"]["email"]


def test_versions_are_immutable_and_a_process_stays_on_its_own(reader: Reader) -> None:
    case = reader.start("  - {id: a, assign: buyer, task: {}}\n" + LAST)
    reader.start("  - {id: a, assign: buyer, task: {}}\n  - {id: other, assign: buyer, task: {}}\n")
    case.tick("a")
    assert case.open == ["last"]
    body = {"version": 2, "reason": "Better."}
    answer = reader.ask("POST", f"/processes/{case.id}/migrate", json=body)
    assert answer.status_code in (409, 422), answer.text
