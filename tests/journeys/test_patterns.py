"""The classic workflow patterns, written from the page of the language and run by the API."""

import pytest

from tests.journeys.readers import Reader


def to_do(name: str, who: str = "buyer", more: str = "") -> str:
    """A to-do as one step."""
    return f"{{id: {name}, assign: {who}, {more}task: {{}}}}"


def branches(*lists: str, finish: str = "all") -> str:
    """A block of the id ``all`` whose branches run side by side."""
    inner = ", ".join(f"{{steps: [{one}]}}" for one in lists)
    return f"  - {{id: all, parallel: {{finish: {finish}, branches: [{inner}]}}}}\n"


LAST = f"  - {to_do('last')}\n"
SITES = {"sites": [{"town": "Oslo", "size": 1}, {"town": "Bern", "size": 2}, {"town": "Rome"}]}


def test_sequence(reader: Reader) -> None:
    case = reader.start(f"  - {to_do('a')}\n  - {to_do('b')}\n  - {to_do('c')}\n")
    for name in "abc":
        assert case.open == [name]
        case.tick(name)
    assert case.state == "completed"


def test_parallel_split_and_synchronisation(reader: Reader) -> None:
    case = reader.start(
        branches(to_do("a") + ", " + to_do("a2"), to_do("b"), "{id: c, set: {x: 1}}") + LAST
    )
    assert case.open == ["a", "b"]
    case.tick("b", "a")
    assert case.open == ["a2"]
    case.tick("a2")
    assert case.open == ["last"]
    assert (case.outcome("all"), case.outcome("c")) == ("succeeded", "succeeded")


@pytest.mark.parametrize(("n", "taken"), [(5, ["low"]), (50, ["mid"]), (500, ["high"])])
def test_exclusive_choice_takes_the_first_that_holds_and_merges(
    n: int, taken: list[str], reader: Reader
) -> None:
    case = reader.start(
        "  - id: how\n    choose:\n"
        f"      - {{when: inputs.n < 10, steps: [{to_do('low')}]}}\n"
        f"      - {{when: inputs.n < 100, steps: [{to_do('mid')}]}}\n"
        f"      - {{otherwise: true, steps: [{to_do('high')}]}}\n" + LAST,
        inputs={"n": n},
    )
    assert case.open == taken
    case.tick(*taken)
    assert case.open == ["last"]


def test_a_choice_where_nothing_holds_runs_nothing(reader: Reader) -> None:
    choose = f"  - {{id: how, choose: [{{when: inputs.n > 1, steps: [{to_do('a')}]}}]}}\n"
    case = reader.start(choose + LAST, inputs={"n": 1})
    assert case.open == ["last"]
    assert case.step("a") is None or case.outcome("a") is None


def test_multi_choice_and_structured_synchronising_merge(reader: Reader) -> None:
    chosen = [to_do(f"on_{tag}", more=f"when: \"'{tag}' in inputs.tags\", ") for tag in "abc"]
    case = reader.start(branches(*chosen) + LAST, inputs={"tags": ["a", "c"]})
    assert case.open == ["on_a", "on_c"]
    case.tick("on_c", "on_a")
    assert case.open == ["last"]


def test_cancelling_discriminator_the_first_branch_withdraws_the_rest(reader: Reader) -> None:
    case = reader.start(
        branches(to_do("a"), to_do("b", "vendor"), to_do("c") + ", " + to_do("d"), finish="any")
        + LAST
    )
    late = case.tasks("b")[0]
    case.tick("c")
    assert case.open == ["a", "b", "d"]
    case.tick("a")
    assert case.open == ["last"]
    assert {one["step"] for one in case.tasks(state="withdrawn")} == {"b", "d"}
    assert (case.outcome("a"), case.outcome("b"), case.outcome("c")) == (
        "completed", None, "completed",
    )  # fmt: skip
    assert case.try_to(late, {"done": True}).status_code in (409, 410)


def test_structured_discriminator_the_rest_goes_on_where_it_is_no_branch_of_the_join(
    reader: Reader,
) -> None:
    waiting = branches("{id: w, wait: {signal: first}}, " + to_do("then"), to_do("a"), to_do("b"))
    case = reader.start(waiting)
    case.tick("a")
    assert case.signal("first") in (200, 202)
    assert case.open == ["b", "then"]


def test_partial_join_two_of_three(reader: Reader) -> None:
    case = reader.start(branches(to_do("a"), to_do("b"), to_do("c"), finish="2") + LAST)
    case.tick("c")
    assert case.open == ["a", "b"]
    case.tick("a")
    assert case.open == ["last"]
    assert [one["step"] for one in case.tasks(state="withdrawn")] == ["b"]


def test_a_branch_with_nothing_to_do_counts_as_done(reader: Reader) -> None:
    nothing = to_do("b", more="when: inputs.n > 1, ")
    case = reader.start(branches(to_do("a"), nothing, finish="any") + LAST, inputs={"n": 1})
    assert case.open == ["last"]
    assert case.outcome("a") is None


def test_deferred_choice_is_made_by_what_happens_first(reader: Reader) -> None:
    race = branches(
        "{id: paid, wait: {signal: paid}}, " + to_do("ship"),
        "{id: late, wait: {for: 3 days}}, " + to_do("remind"),
        finish="any",
    )
    first = branches(
        "{id: paid, wait: {signal: paid}}", "{id: late, wait: {for: 3 days}}", finish="any"
    )
    how = (
        "  - id: how\n    choose:\n"
        f"      - {{when: steps.paid.outcome == 'succeeded', steps: [{to_do('ship')}]}}\n"
        f"      - {{otherwise: true, steps: [{to_do('remind')}]}}\n"
    )
    case = reader.start(first + how)
    assert case.waiting == ["late", "paid"]
    case.signal("paid")
    assert case.open == ["ship"]
    other = reader.start_again()
    reader.later(days=3)
    assert other.open == ["remind"]
    both = reader.start(race)
    both.signal("paid")
    reader.later(days=3)
    assert both.open == ["remind", "ship"]
    both.tick("ship")
    assert both.state == "completed"


def test_interleaved_routing_one_at_a_time_in_the_order_somebody_chooses(reader: Reader) -> None:
    ask = "{id: first, assign: boss, form: {fields: [{id: b, type: yes_no, label: B first?}]}}"
    case = reader.start(
        f"  - {ask}\n  - {to_do('b', more='when: steps.first.b, ')}\n  - {to_do('a')}\n"
        f"  - {to_do('b2', more='when: steps.b.outcome == null, ')}\n"
    )
    case.do("first", {"b": True})
    assert case.open == ["b"]
    case.tick("b", "a")
    assert case.state == "completed"
    other = reader.start_again()
    other.do("first", {"b": False})
    other.tick("a")
    assert other.open == ["b2"]


def test_a_signal_reaches_every_wait_of_its_name(reader: Reader) -> None:
    waits = [f"{{id: w{name}, wait: {{signal: free}}}}, {to_do(name)}" for name in "ab"]
    case = reader.start(branches(*waits))
    assert case.open == []
    case.signal("free")
    assert case.open == ["a", "b"]


def test_milestone_the_work_is_possible_until_the_milestone_is_passed(reader: Reader) -> None:
    case = reader.start(
        branches(to_do("change"), "{id: shipped, wait: {signal: shipped}}", finish="any") + LAST
    )
    assert case.open == ["change"]
    case.signal("shipped")
    assert case.open == ["last"]
    assert case.outcome("change") is None


def test_arbitrary_cycle_back_over_several_steps(reader: Reader) -> None:
    case = reader.start(
        f"  - {to_do('a')}\n  - {{id: b, set: {{x: '(values.x == null ? 0 : values.x) + 1'}}}}\n"
        f"  - {to_do('c')}\n"
        "  - {id: d, assign: boss, approval: {on_reject: {return_to: c}, "
        "on_changes: {return_to: a}}}\n"
    )
    case.tick("a", "c")
    case.decide("d", "reject")
    assert case.open == ["c"]
    case.tick("c")
    case.decide("d", "request_changes")
    assert case.open == ["a"]
    case.tick("a", "c")
    case.decide("d")
    assert case.state == "completed"
    assert case.values["x"] == "2"


def test_structured_loop_until_it_is_right(reader: Reader) -> None:
    case = reader.start(
        "  - {id: a, assign: vendor, form: {fields: [{id: x, type: number, label: X}]}}\n"
        "  - {id: b, assign: boss, when: steps.a.x < 3, "
        "approval: {on_reject: {return_to: a}}}\n" + LAST
    )
    for x in (1, 2):
        case.do("a", {"x": x})
        case.decide("b", "reject")
        assert case.open == ["a"]
    case.do("a", {"x": 3})
    assert case.open == ["last"]
    assert len(case.events("step.returned")) == 2


def test_recursion_a_process_runs_itself_until_there_is_nothing_left(reader: Reader) -> None:
    case = reader.start(
        "  - {id: deeper, when: inputs.n > 0, run: {definition: pattern, inputs: "
        "{n: inputs.n - 1}}}\n"
        "  - {id: sum, set: {total: 'inputs.n + (inputs.n > 0 ? steps.deeper.values.total : 0)'}}",
        inputs={"n": 4},
    )
    assert case.state == "completed"
    assert case.values["total"] == "10"


def test_multiple_instances_known_when_it_is_written(reader: Reader) -> None:
    case = reader.start(
        f"  - {{id: all, each: {{in: '[1, 2, 3]', as: i, steps: [{to_do('a')}]}}}}\n" + LAST
    )
    assert case.open == ["a", "a", "a"]
    case.tick("a", "a", "a")
    assert case.open == ["last"]


def test_multiple_instances_known_when_it_runs(reader: Reader) -> None:
    each = (
        "  - id: all\n    each:\n      in: inputs.sites\n      as: site\n      steps:\n"
        "        - {id: a, name: 'Visit {{ site.town }}, number {{ site_index }}', "
        "assign: buyer, form: {fields: [{id: y, type: number, label: Y}]}}\n"
        "        - {id: b, set: {twice: steps.a.y * 2}}\n"
        "  - {id: sum, set: {all: 'steps.a.map(one, one.y)', n: size(steps.b)}}\n"
    )
    case = reader.start(each + LAST, inputs=SITES)
    names = [one["name"] for one in case.tasks("a")]
    assert sorted(names) == [
        "Visit Bern, number 1", "Visit Oslo, number 0", "Visit Rome, number 2",
    ]  # fmt: skip
    for one in case.tasks("a"):
        case.do(one, {"y": one["name"][-1]})
    assert case.values["all"] == ["0", "1", "2"]
    assert case.values["n"] == "3"
    assert case.open == ["last"]


def test_no_instances_at_all(reader: Reader) -> None:
    each = f"  - {{id: all, each: {{in: inputs.sites, as: i, steps: [{to_do('a')}]}}}}\n"
    case = reader.start(each + LAST, inputs={"sites": []})
    assert case.open == ["last"]
    assert reader.start_again(inputs={}).open == ["last"]


def test_what_gives_no_list_at_all_is_an_exception(reader: Reader) -> None:
    each = f"  - {{id: all, each: {{in: values.list, as: i, steps: [{to_do('a')}]}}}}\n"
    case = reader.start('  - {id: s, set: {list: "null"}}\n' + each)
    assert [one["step"] for one in case.troubles()] == ["all"]


@pytest.mark.parametrize(("finish", "needed"), [("any", 1), ("2", 2), ("9", 3), ("all", 3)])
def test_partial_join_of_multiple_instances(finish: str, needed: int, reader: Reader) -> None:
    each = (
        "  - {id: all, each: {in: inputs.sites, as: i, "
        f"finish: {finish}, steps: [{to_do('a')}]}}}}\n"
    )
    case = reader.start(each + LAST, inputs=SITES)
    for done in range(needed):
        assert case.open == ["a"] * (3 - done)
        case.tick("a")
    assert case.open == ["last"]
    assert len(case.tasks("a", "withdrawn")) == 3 - needed


def test_cancel_region_one_inner_block_is_withdrawn_and_the_outer_goes_on(reader: Reader) -> None:
    inner = (
        "{id: region, parallel: {finish: any, branches: [{steps: [{id: stop, wait: "
        f"{{signal: stop}}}}]}}, {{steps: [{{id: work, parallel: {{branches: [{{steps: ["
        f"{to_do('a')}]}}, {{steps: [{to_do('b')}]}}]}}}}]}}]}}}}"
    )
    case = reader.start(branches(inner, to_do("c")) + LAST)
    assert case.open == ["a", "b", "c"]
    case.signal("stop")
    assert case.open == ["c"]
    case.tick("c")
    assert case.open == ["last"]


def test_returning_out_of_a_branch_withdraws_the_other_branches(reader: Reader) -> None:
    judge = "{id: judge, assign: boss, approval: {on_reject: {return_to: first}}}"
    case = reader.start(f"  - {to_do('first')}\n" + branches(judge, to_do("other")) + LAST)
    case.tick("first")
    case.decide("judge", "reject")
    assert case.open == ["first"]
    assert [one["step"] for one in case.tasks(state="withdrawn")] == ["other"]
    case.tick("first")
    assert case.open == ["judge", "other"]
    case.tick("other")
    case.decide("judge")
    assert case.open == ["last"]


def test_returning_out_of_an_item_withdraws_the_other_items(reader: Reader) -> None:
    case = reader.start(
        f"  - {to_do('first')}\n  - id: all\n    each:\n      in: '[1, 2]'\n      as: i\n"
        "      steps: [{id: judge, assign: boss, approval: {on_reject: {return_to: first}}}]\n"
    )
    case.tick("first")
    case.decide("judge", "reject")
    assert case.open == ["first"]
    assert len(case.tasks("judge", "withdrawn")) == 1
    case.tick("first")
    assert case.open == ["judge", "judge"]


def test_cancel_case_ends_everything_and_its_child(reader: Reader) -> None:
    child = reader.start(f"  - {to_do('inner')}\n")
    reader.key = "outer"
    case = reader.start(
        branches("{id: sub, run: {definition: pattern, participants: "
                 "{buyer: participants.buyer}}}", to_do("a"), "{id: w, wait: {for: 1 day}}")
    )  # fmt: skip
    assert child.state == "running"
    [inner] = [one for one in reader.get("/tasks?state=open")["items"]
               if one["process"] not in (child.id, case.id)]  # fmt: skip
    case.cancel()
    assert case.state == "cancelled"
    assert case.open == []
    assert reader.get(f"/processes/{inner['process']}")["state"] == "cancelled"
    assert child.open == ["inner"]


def test_explicit_termination_by_a_rejection_and_by_a_timeout(reader: Reader) -> None:
    judge = "{id: judge, assign: boss, on_timeout: {after: 2 days, do: end}, approval: {}}"
    case = reader.start(branches(judge, to_do("other")) + LAST)
    case.decide("judge", "reject")
    assert (case.state, case.open) == ("rejected", [])
    other = reader.start_again()
    reader.later(days=2)
    assert (other.state, other.open) == ("completed", [])


def test_implicit_termination_when_nothing_is_left(reader: Reader) -> None:
    case = reader.start(branches(to_do("a"), to_do("b", more="when: false, ")))
    case.tick("a")
    assert case.state == "completed"


def test_persistent_trigger_is_kept_for_the_wait_that_comes_later(reader: Reader) -> None:
    steps = f"  - {to_do('a')}\n  - {{id: w, wait: {{signal: go}}}}\n"
    case = reader.start(steps + f"  - {to_do('b')}\n  - {{id: v, wait: {{signal: go}}}}\n")
    assert case.signal("go") == 202
    case.tick("a")
    assert case.open == ["b"]
    case.tick("b")
    assert case.waiting == ["v"]
    case.signal("go")
    assert case.state == "completed"


def test_transient_trigger_is_a_wait_that_has_timed_out(reader: Reader) -> None:
    case = reader.start(
        "  - {id: w, wait: {signal: go, timeout: 1 day}}\n"
        f"  - {to_do('a', more='when: steps.w.outcome == chr, ').replace('chr', repr('timed_out'))}"
        "\n"
    )
    reader.later(hours=23)
    assert case.waiting == ["w"]
    reader.later(hours=1)
    assert case.outcome("w") == "timed_out"
    assert case.open == ["a"]


def test_critical_section_by_two_processes_of_one_definition_does_not_mix(reader: Reader) -> None:
    one = reader.start(f"  - {{id: w, wait: {{signal: go}}}}\n{LAST}")
    two = reader.start_again()
    one.signal("go")
    assert (one.open, two.open) == (["last"], [])
