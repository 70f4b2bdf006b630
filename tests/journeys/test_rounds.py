"""What runs again when a step returns, inside and out of blocks, and what stands meanwhile."""

# ruff: noqa: E501 (definitions, a step a line)

import pytest

from tests.journeys.readers import Reader

FORM = "{id: f, assign: vendor, form: {fields: [{id: a, type: text, label: A}, {id: b, type: text, label: B}]}}"
LAST = "  - {id: last, assign: buyer, task: {}}\n"


def task(name: str, more: str = "") -> str:
    return f"{{id: {name}, assign: buyer, {more}task: {{}}}}"


def judge(to: str, name: str = "r") -> str:
    rule = f"{{return_to: {to}}}"
    return f"{{id: {name}, assign: boss, approval: {{on_changes: {rule}, on_reject: {rule}}}}}"


def test_whatever_ran_between_runs_again_blocks_included(reader: Reader) -> None:
    case = reader.start(
        f"  - {FORM}\n"
        f"  - {{id: p, parallel: {{branches: [{{steps: [{task('x')}]}}, {{steps: [{task('y')}]}}]}}}}\n"
        f"  - {{id: c, choose: [{{when: steps.f.a == 'one', steps: [{task('one')}]}}, "
        f"{{otherwise: true, steps: [{task('two')}]}}]}}\n"
        f"  - {{id: e, each: {{in: inputs.tags, as: t, steps: [{task('z')}]}}}}\n"
        f"  - {judge('f')}\n",
        inputs={"tags": ["a", "b"]},
    )
    case.do("f", {"a": "one", "b": "b"})
    case.tick("x", "y", "one", "z", "z")
    case.decide("r", "reject")
    assert case.open == ["f"]
    # the latest round that was done still counts
    assert case.step("f")["a"] == "one"
    case.do("f", {"a": "other", "b": "b"})
    assert case.open == ["x", "y"]
    case.tick("x", "y")
    assert case.open == ["two"]
    case.tick("two")
    assert case.open == ["z", "z"]
    case.tick("z", "z")
    case.decide("r")
    assert case.state == "completed"


def test_a_marked_field_before_a_block_asks_for_it_alone(reader: Reader) -> None:
    case = reader.start(
        f"  - {FORM}\n"
        f"  - {{id: p, parallel: {{branches: [{{steps: [{task('x')}]}}, {{steps: [{{id: g, assign: vendor, form: {{fields: [{{id: h, type: text, label: H}}]}}}}]}}]}}}}\n"
        "  - {id: s, set: {n: '(values.n == null ? 0 : values.n) + 1'}}\n"
        f"  - {judge('f')}\n"
    )
    case.do("f", {"a": "1", "b": "2"})
    case.do("g", {"h": "3"})
    case.tick("x")
    case.decide("r", "request_changes", items=["h"])
    assert case.open == ["g"]
    case.do("g", {"h": "4"})
    assert case.open == ["r"]
    assert case.values == {"n": "2"}
    case.decide("r", "request_changes", items=["f.a", "g.h"])
    assert case.open == ["f"]
    case.do("f", {"a": "5"})
    assert case.open == ["g"]
    case.do("g", {"h": "6"})
    assert (case.step("f")["a"], case.step("f")["b"], case.step("g")["h"]) == ("5", "2", "6")
    assert case.open == ["r"]


def test_a_field_can_be_marked_wrong_again_and_again(reader: Reader) -> None:
    case = reader.start(f"  - {FORM}\n  - {judge('f')}\n")
    case.do("f", {"a": "0", "b": "z"})
    for n in range(1, 5):
        case.decide("r", "request_changes", items=["a"])
        case.do("f", {"a": str(n)})
    assert case.step("f") == {"outcome": "completed", "a": "4", "b": "z"}
    assert [one["round"] for one in case.tasks("r")] == [5]
    case.decide("r")
    assert case.state == "completed"


def test_what_is_not_asked_again_is_no_field_of_the_round(reader: Reader) -> None:
    case = reader.start(f"  - {FORM}\n  - {judge('f')}\n")
    case.do("f", {"a": "0", "b": "z"})
    case.decide("r", "request_changes", items=["a"])
    answer = case.try_to("f", {"a": "1", "b": "changed"})
    assert case.step("f")["b"] == "z" or answer.status_code == 422


def test_returning_to_a_block_runs_the_whole_block_again(reader: Reader) -> None:
    case = reader.start(
        f"  - {{id: p, parallel: {{branches: [{{steps: [{task('x')}]}}, {{steps: [{task('y')}]}}]}}}}\n"
        f"  - {judge('p')}\n"
    )
    case.tick("x", "y")
    case.decide("r", "reject")
    assert case.open == ["x", "y"]


def test_a_step_with_a_condition_asks_it_again_when_it_is_returned_to(reader: Reader) -> None:
    case = reader.start(
        "  - {id: q, assign: buyer, form: {fields: [{id: n, type: number, label: N}]}}\n"
        f"  - {task('x', 'when: steps.r.outcome == null, ')}\n"
        f"  - {task('y')}\n  - {judge('x')}\n"
    )
    case.do("q", {"n": 1})
    assert case.open == ["x"]
    case.tick("x", "y")
    case.decide("r", "reject")
    assert case.open == ["y"]  # the condition does not hold any more


def test_a_choice_is_made_again(reader: Reader) -> None:
    case = reader.start(
        f"  - {FORM}\n"
        f"  - {{id: c, choose: [{{when: steps.f.a == 'x', steps: [{task('x')}, {judge('f')}]}}, "
        f"{{otherwise: true, steps: [{task('y')}]}}]}}\n{LAST}"
    )
    case.do("f", {"a": "x", "b": "b"})
    case.tick("x")
    case.decide("r", "reject")
    assert case.open == ["f"]
    case.do("f", {"a": "y", "b": "b"})
    assert case.open == ["y"]
    case.tick("y")
    assert case.open == ["last"]
    assert case.outcome("x") in (None, "completed")


def test_an_each_over_a_list_that_has_changed(reader: Reader) -> None:
    case = reader.start(
        "  - {id: f, assign: vendor, form: {fields: [{id: t, type: choices, label: T, "
        "options: [a, b, c, d]}]}}\n"
        f"  - {{id: e, each: {{in: steps.f.t, as: t, steps: [{{id: x, name: 'X{{{{ t }}}}', "
        "assign: buyer, task: {}}]}}\n"
        f"  - {judge('f')}\n"
        "  - {id: s, set: {n: size(steps.x)}}\n"
    )
    case.do("f", {"t": ["a", "b", "c"]})
    case.tick("x", "x", "x")
    case.decide("r", "reject")
    case.do("f", {"t": ["d"]})
    assert [one["name"] for one in case.tasks()] == ["Xd"]
    case.tick("x")
    case.decide("r")
    assert case.values == {"n": "1"}
    assert case.outcome("x") == ["completed"]


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (task("k", "when: false, "), None),
        ("{id: k, when: false, set: {x: 1}}", None),
        ("{id: k, when: false, wait: {for: 3 days}}", None),
        ("{id: k, when: false, message: {to: [vendor], subject: S, body: B}}", None),
        ("{id: k, when: false, call: {url: 'http://127.0.0.1:1/'}}", None),
        ("{id: k, when: false, run: {definition: nowhere}}", None),
        (f"{{id: k, when: false, parallel: {{branches: [{{steps: [{task('a')}]}}]}}}}", None),
        (f"{{id: k, when: false, choose: [{{otherwise: true, steps: [{task('a')}]}}]}}", None),
        (f"{{id: k, when: false, each: {{in: '[1]', as: i, steps: [{task('a')}]}}}}", None),
    ],
)
def test_whatever_its_when_is_false_for_is_skipped_and_the_list_goes_on(
    kind: str, outcome: None, reader: Reader
) -> None:
    case = reader.start(f"  - {kind}\n{LAST}")
    assert case.open == ["last"]
    assert case.outcome("k") is outcome


def test_a_timeout_inside_an_item_is_of_that_item(reader: Reader) -> None:
    case = reader.start(
        "  - id: e\n    each:\n      in: '[1, 2]'\n      as: i\n      steps:\n"
        "        - {id: x, name: 'X{{ i }}', assign: buyer, on_timeout: {after: 1 day, do: skip}, task: {}}\n"
        f"{LAST}"
    )
    case.tick(case.tasks("x")[0])
    reader.later(days=1)
    assert case.open == ["last"]
    assert sorted(case.outcome("x")) == ["completed", "timed_out"]


def test_a_signal_inside_items_reaches_them_all(reader: Reader) -> None:
    case = reader.start(
        "  - {id: e, each: {in: '[1, 2]', as: i, steps: [{id: w, wait: {signal: go}}, "
        f"{task('x')}]}}}}\n"
    )
    case.signal("go")
    assert case.open == ["x", "x"]


def test_a_way_back_out_of_two_blocks(reader: Reader) -> None:
    inner = f"{{id: e, each: {{in: '[1, 2]', as: i, steps: [{task('x')}, {judge('first')}]}}}}"
    case = reader.start(
        f"  - {task('first')}\n"
        f"  - {{id: p, parallel: {{branches: [{{steps: [{inner}]}}, {{steps: [{task('y')}]}}]}}}}\n"
        f"{LAST}"
    )
    case.tick("first", "x")
    case.decide("r", "reject")
    assert case.open == ["first"]
    case.tick("first")
    assert case.open == ["x", "x", "y"]
    case.tick("x", "x", "y")
    case.decide("r")
    case.decide("r")
    assert case.open == ["last"]


def test_a_finished_branch_of_two_needed_stays_finished_when_the_other_returns_in_itself(
    reader: Reader,
) -> None:
    case = reader.start(
        f"  - {{id: p, parallel: {{finish: 2, branches: [{{steps: [{task('x')}]}}, "
        f"{{steps: [{task('y')}, {judge('y')}]}}, {{steps: [{task('z')}]}}]}}}}\n{LAST}"
    )
    case.tick("x", "y")
    case.decide("r", "reject")
    assert case.open == ["y", "z"]
    case.tick("y")
    case.decide("r")
    assert case.open == ["last"]


def test_an_exception_of_a_withdrawn_branch_goes_with_it(reader: Reader) -> None:
    case = reader.start(
        "  - {id: p, parallel: {finish: any, branches: [{steps: [{id: bad, set: {x: 1 / inputs.n}}]}, "
        f"{{steps: [{task('y')}]}}]}}}}\n{LAST}",
        inputs={"n": 0},
    )
    assert [one["step"] for one in case.troubles()] == ["bad"]
    assert case.open == ["y"]
    case.tick("y")
    assert case.open == ["last"]
    assert case.troubles() == []


def test_what_could_not_begin_beside_a_way_back_is_tried_anew(reader: Reader) -> None:
    case = reader.start(
        "  - {id: f, assign: buyer, form: {fields: [{id: n, type: number, label: N}]}}\n"
        "  - {id: p, parallel: {branches: [{steps: [{id: bad, set: {x: 1 / steps.f.n}}]}, "
        f"{{steps: [{judge('f')}]}}]}}}}\n{LAST}"
    )
    case.do("f", {"n": 0})
    assert [one["step"] for one in case.troubles()] == ["bad"]
    case.decide("r", "reject")
    assert (case.troubles(), case.open) == ([], ["f"])
    case.do("f", {"n": 2})
    assert case.values == {"x": "0.5"}
    case.decide("r")
    assert case.open == ["last"]


def test_nothing_is_left_of_a_branch_that_failed_as_another_one_was_enough(reader: Reader) -> None:
    case = reader.start(
        "  - {id: p, parallel: {finish: any, branches: [{steps: [{id: bad, set: {x: 1 / inputs.n}}]}, "
        "{steps: [{id: good, set: {y: 1}}]}]}}\n",
        inputs={"n": 0},
    )
    assert (case.state, case.troubles(), case.values) == ("completed", [], {"y": "1"})


@pytest.mark.parametrize("assign", ["{email: inputs.word}", "{email: steps.last.outcome}"])
def test_nobody_to_ask_is_an_exception(assign: str, reader: Reader) -> None:
    case = reader.start(
        f"  - {{id: a, assign: {assign}, task: {{}}}}\n{LAST}", inputs={"word": "no address"}
    )
    assert [one["step"] for one in case.troubles()] == ["a"]


def test_a_due_moment_that_is_nothing_is_an_exception(reader: Reader) -> None:
    case = reader.start(
        f"  - {{id: a, assign: buyer, due: {{at: inputs.when}}, task: {{}}}}\n{LAST}"
    )
    assert [one["step"] for one in case.troubles()] == ["a"]
    case.resolve("edit", inputs={"when": "2026-12-01"})
    assert case.open == ["a"]


def test_a_system_step_can_be_completed_by_hand(reader: Reader) -> None:
    case = reader.start(
        "  - {id: k, call: {url: 'http://10.0.0.1/', retry: {times: 0}, save: {x: response.json.y}}}\n"
        "  - {id: s, set: {z: values.x + 1}}\n" + LAST
    )
    case.resolve("complete", values={"x": 4})
    assert case.values == {"x": "4", "z": "5"}
    assert case.outcome("k") == "succeeded"
    assert case.open == ["last"]


def test_an_exception_is_resolved_by_returning(reader: Reader) -> None:
    case = reader.start(
        "  - {id: f, assign: buyer, form: {fields: [{id: n, type: number, label: N}]}}\n"
        "  - {id: s, set: {x: 1 / steps.f.n}}\n" + LAST
    )
    case.do("f", {"n": 0})
    case.resolve("return_to", step="f")
    assert case.open == ["f"]
    case.do("f", {"n": 2})
    assert case.values == {"x": "0.5"}


def test_an_exception_is_resolved_by_cancelling(reader: Reader) -> None:
    case = reader.start("  - {id: s, set: {x: 1 / inputs.n}}\n" + LAST, inputs={"n": 0})
    no = reader.ask("POST", f"/exceptions/{case.troubles()[0]['id']}/resolve", json={"how": "skip"})
    assert no.status_code == 422
    case.resolve("cancel")
    assert case.state == "cancelled"


def test_a_second_answer_is_too_late(reader: Reader) -> None:
    case = reader.start(f"  - {task('a')}\n{LAST}")
    [one] = case.tasks("a")
    case.tick(one)
    assert case.try_to(one, {"done": True}).status_code == 409


def test_ids_of_fields_that_are_the_same_in_two_steps_are_marked_by_step(reader: Reader) -> None:
    other = FORM.replace("id: f,", "id: g,")
    case = reader.start(f"  - {FORM}\n  - {other}\n  - {judge('f')}\n")
    case.do("f", {"a": "1", "b": "2"})
    case.do("g", {"a": "1", "b": "2"})
    body = {"decision": "request_changes", "comment": "x", "items": ["a"]}
    assert case.try_to("r", body).status_code == 422
    case.decide("r", "request_changes", items=["g.a"])
    assert case.open == ["g"]


@pytest.mark.parametrize(
    ("decision", "outcome"), [("reject", "rejected"), ("request_changes", "changes_requested")]
)
def test_how_the_last_round_ended_is_seen_in_the_next(
    decision: str, outcome: str, reader: Reader
) -> None:
    again = task("again", f"when: steps.r.outcome == '{outcome}', ")
    case = reader.start(f"  - {task('a')}\n  - {again}\n  - {judge('a')}\n")
    case.tick("a")
    case.decide("r", decision)
    assert case.outcome("r") == outcome
    case.tick("a")
    assert case.open == ["again"]
    case.tick("again")
    case.decide("r")
    assert case.outcome("r") == "approved"


def test_a_timeout_that_returns_asks_again_and_its_outcome_is_seen(reader: Reader) -> None:
    late = task("late", "when: steps.b.outcome == 'timed_out', ")
    case = reader.start(
        f"  - {task('a')}\n  - {late}\n"
        "  - {id: b, assign: vendor, on_timeout: {after: 1 day, do: {return_to: a}}, task: {}}\n"
    )
    case.tick("a")
    assert case.open == ["b"]
    reader.later(days=1)
    assert case.open == ["a"]
    case.tick("a")
    assert case.open == ["late"]
    case.tick("late")
    assert case.open == ["b"]
    assert case.tasks("b")[0]["round"] == 2
    reader.later(days=1)
    assert case.open == ["a"]
