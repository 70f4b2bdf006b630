"""`call` in a definition: what is taken, every fault at its place, what is sent and saved."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.definition import calls, facts, load
from portal.definition.expressions import ExpressionFailed
from portal.definition.load import DefinitionFaults
from portal.definition.tree import CallStep
from tests.definition.test_schema import valid

HEAD = """\
key: demo
name: Demo
owner: dana@example.com
roles: {buyer: {kind: staff}}
inputs:
  - {id: company, type: text, label: Company}
  - {id: amount, type: number, label: Amount}
steps:
"""
GOOD = """\
  - id: book
    name: Book it
    call:
      method: PUT
      url: "https://erp.example/orders/{{ inputs.company }}?day={{ today }}"
      headers: {X-Company: "{{ inputs.company }}", X-Key: "key {{ secret }}"}
      json:
        company: "{{ inputs.company }}"
        amount: "{{ inputs.amount }}"
        note: "{{ inputs.amount }} of {{ inputs.company }}"
        lines: [1.50, true, {deep: "{{ today }}"}]
      secret: ERP
      retry: {times: 3, first: 1 minute}
      save: {number: response.json.id, next: values.number + 1}
  - {id: look, call: {url: "{{ values.next }}"}}
  - id: both
    parallel:
      branches:
        - steps: [{id: one, call: {url: "http://a.example", save: {left: response.status}}}]
        - steps: [{id: two, call: {url: "http://a.example", json: {}}}]
"""


def test_a_call_becomes_its_class_with_what_is_left_out_filled_in() -> None:
    tree = load.load(HEAD + GOOD)
    book, look, two = tree.step("book"), tree.step("look"), tree.step("two")
    assert isinstance(book, CallStep)
    assert isinstance(look, CallStep)
    assert isinstance(two, CallStep)
    assert (book.method, book.secret, book.times, str(book.first)) == ("PUT", "ERP", 3, "1 minute")
    assert (look.method, look.secret, look.times, str(look.first)) == ("GET", None, 5, "30 seconds")
    assert two.method == "POST"
    assert tree.value_names() == ("number", "next", "left")
    assert valid(HEAD + GOOD)


BY_SHAPE = [
    # what stands in the good one, what stands there instead, line, key, part of the sentence
    ("method: PUT", "method: FETCH", 12, "method", "one of GET, HEAD, POST"),
    ("headers: {X-Company:", "headers: {X Company:", 14, "X Company", "not the name of a header"),
    ("retry: {times: 3,", "retry: {times: 21,", 21, "times", "from 0 to 20"),
    ("retry: {times: 3,", "retry: {time: 3,", 21, "time", "did you mean times"),
    ("first: 1 minute", "first: soon", 21, "first", "duration"),
    ("secret: ERP", "secret: my-erp", 20, "secret", "letters, digits and _"),
    ("save: {number:", "save: {Number:", 22, "Number", "not an id"),
    ('{url: "{{ values.next }}"}', "{method: GET}", 23, "url", "missing"),
    ('{url: "{{ values.next }}"}', '{url: "http://a.example", uri: x}', 23, "uri", "did you mean"),
    ('{url: "{{ values.next }}"}', '{url: "http://a.example", json: }', 23, "json", "is empty"),
    ('{url: "{{ values.next }}"}', '{url: ["http://a.example"]}', 23, "url", "expected a text"),
    ('{url: "{{ values.next }}"}', '{url: "http://a.example", headers: {X-A: 2}}', 23, "X-A",
     "in quotes if need be"),
]  # fmt: skip
BY_MEANING = [
    ("https://erp", "ftp://erp", 13, "url", "http:// or https://"),
    ("https://erp", "https://me:word@erp", 13, "url", "in a secret"),
    ("/orders/{{ inputs.company }}", "/or ders", 13, "url", "http:// or https://"),
    ("/orders/{{ inputs.company }}", "/{{ inputs.compny }}", 13, "url", "did you mean `company`"),
    ('url: "{{ values.next }}"', 'url: "{{ values.next }}/x"', 23, "url", "http:// or https://"),
    ("X-Company:", "Idempotency-Key:", 14, "Idempotency-Key", "set by the portal itself"),
    ("X-Company:", "Host:", 14, "Host", "set by the portal itself"),
    ("X-Company:", "x-key:", 14, "X-Key", "given twice"),
    ("key {{ secret }}", "{{ secret + '!' }}", 14, "X-Key", "as it is"),
    ("X-Key: \"key {{ secret }}\"", "Authorization: me", 14, "Authorization", "beside a secret"),
    ("{deep: \"{{ today }}\"}", "{deep: \"{{ secret }}\"}", 19, "json", "not known here"),
    ("secret: ERP", "secret: keys", 20, "secret", "reserved word"),
    ("first: 1 minute", "first: 200 days", 21, "times", "more than a year"),
    ("response.json.id", "response.body", 22, "number", "has no `body`"),
    ("response.json.id", "respons.json.id", 22, "number", "did you mean `response`"),
    ("values.next }}", "values.nex }}", 23, "url", "did you mean `next`"),
    ("json: {}}", "json: {}, save: {left: response.status}}", 28, "left", "set in branch 1 too"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "key", "part"), [*BY_SHAPE, *BY_MEANING])
def test_a_wrong_call_gets_one_fault_at_its_place(
    old: str, new: str, line: int, key: str, part: str
) -> None:
    assert GOOD.count(old) == 1, f"{old!r} is no single place"
    with pytest.raises(DefinitionFaults) as refused:
        load.load(HEAD + GOOD.replace(old, new))
    faults = [one for one in refused.value.faults if "has no `number`" not in one.message]
    [fault] = faults
    assert (fault.line, fault.key) == (line, key), str(fault)
    assert part in fault.message, str(fault)


@pytest.mark.parametrize(("old", "new"), [case[:2] for case in BY_SHAPE])
def test_what_is_wrong_by_its_shape_does_not_fit_the_schema(old: str, new: str) -> None:
    assert not valid(HEAD + GOOD.replace(old, new))


def step_of(call: str) -> tuple[CallStep, dict[str, Any]]:
    """The step of a call, and facts to fill it in with."""
    tree = load.load(f"{HEAD}  - id: book\n    call: {call}\n")
    step = tree.step("book")
    assert isinstance(step, CallStep)
    known = facts.build(
        tree,
        inputs={"company": 'Sea & "Söhne"/1', "amount": "10.50"},
        steps={},
        values={},
        participants={},
        now=datetime(2026, 11, 23, 9, tzinfo=UTC),
        zone=ZoneInfo("UTC"),
    )
    return step, known


def test_placeholders_keep_their_type_in_json_and_are_encoded_in_an_address() -> None:
    step, known = step_of(
        '{url: "http://a.example/{{ inputs.company }}?d={{ today }}", '
        'headers: {X-A: "{{ inputs.amount }}"}, json: {n: "{{ inputs.amount }}", '
        't: "{{ inputs.amount }} for {{ inputs.company }}", big: 12345678901234567890.10, '
        'd: "{{ today }}", o: ["{{ inputs.amount > 1 }}", "{{ null }}"]}}'
    )
    sent = calls.request(step, known)
    assert sent["method"] == "POST"
    assert sent["url"] == ("http://a.example/Sea%20%26%20%22S%C3%B6hne%22%2F1?d=2026-11-23")
    assert sent["headers"] == [["X-A", "10.50"], ["Content-Type", "application/json"]]
    assert sent["body"] == (
        '{"n": 10.50, "t": "10.50 for Sea & \\"Söhne\\"/1", "big": 12345678901234567890.10, '
        '"d": "2026-11-23", "o": [true, null]}'
    )


def test_an_address_that_is_one_placeholder_is_the_address() -> None:
    step, known = step_of('{url: "{{ inputs.company }}"}')
    known = {**known, "inputs": {"company": "http://a.example/x?y=1"}}
    assert calls.request(step, known)["url"] == "http://a.example/x?y=1"


def test_no_header_can_be_smuggled_in_by_an_answer() -> None:
    step, known = step_of('{url: "http://a.example", headers: {X-A: "{{ inputs.company }}"}}')
    known = {**known, "inputs": {"company": "a\r\nX-Admin: yes"}}
    with pytest.raises(ExpressionFailed, match="line break"):
        calls.request(step, known)


def test_an_answer_is_seen_with_exact_numbers_and_later_values_see_earlier_ones() -> None:
    step, known = step_of(
        "{url: 'http://a.example', save: {a: response.json.price * 2, b: values.a + 1, "
        "kind: \"response.headers['content-type']\", s: response.status, t: size(response.text)}}"
    )
    answer = calls.response(200, {"content-type": "application/json"}, '{"price": 0.10}')
    saved = calls.saved(step, known, answer)
    assert {name: facts.unpack(one, ZoneInfo("UTC")) for name, one in saved.items()} == {
        "a": Decimal("0.2"), "b": Decimal("1.2"), "kind": "application/json", "s": Decimal(200),
        "t": Decimal(15),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", None),
        ("null", None),
        ("12345678901234567890123", Decimal("12345678901234567890123")),
        ("1e400", "1e400"),
        ("1e99999999999999999999", "1e99999999999999999999"),
        ("9" * 5000, "9" * 5000),
        ('"\\ud800"', "?"),
        ('{"a\\u0000": "\\u0000"}', {"a\ufffd": "\ufffd"}),
        ('{"a": [true, null, "x"]}', {"a": [True, None, "x"]}),
    ],
)
def test_an_odd_answer_is_seen_as_far_as_it_can_be_kept(text: str, seen: Any) -> None:
    assert calls.response(200, {}, text)["json"].value == seen


@pytest.mark.parametrize("text", ["<p>no</p>", "NaN", "[" * 50_000, '{"a": 1'])
@pytest.mark.parametrize("json", ["response.json.id", "\"response['json'].id\"", "response"])
def test_the_json_of_an_answer_that_is_none_is_not_taken_for_nothing(json: str, text: str) -> None:
    step, known = step_of(f"{{url: 'http://a.example', save: {{a: {json}}}}}")
    with pytest.raises(ExpressionFailed, match="not JSON"):
        calls.saved(step, known, calls.response(200, {}, text))


def test_an_answer_can_be_saved_as_a_whole() -> None:
    step, known = step_of("{url: 'http://a.example', save: {a: response}}")
    saved = calls.saved(step, known, calls.response(200, {"x-a": "b"}, '{"c": 1}'))
    assert facts.plain_json(saved["a"]) == {
        "status": "200", "headers": {"x-a": "b"}, "json": {"c": "1"}, "text": '{"c": 1}',
    }  # fmt: skip


@pytest.mark.parametrize("url", [None, "", "http://[", "something said"])
def test_a_system_without_a_host_is_another_one(url: str | None) -> None:
    assert calls.host(url) == "another system"
