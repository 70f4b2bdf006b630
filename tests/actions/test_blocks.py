"""Work side by side, one of several ways, and once for each item: what opens, ends and is told."""

import pytest

from portal import db
from portal.actions import processes
from portal.definition.fields import JsonSent
from portal.engine.running import Running
from portal.ledger import audit
from portal.readings import payloads, status
from tests import makers, people

SIDE_BY_SIDE = """\
  - id: both
    parallel:
      finish: FINISH
      branches:
        - name: Papers
          steps:
            - {id: papers, assign: vendor, form: {fields: [{id: tax, type: text, label: Tax}]}}
            - {id: check, assign: buyer, task: {}}
        - name: Credit
          steps:
            - {id: credit, assign: finance, task: {}}
  - {id: last, assign: buyer, task: {}}
"""
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
      FINISH
      steps:
        - id: about
          name: "About {{ site.town }}, {{ site_index }}"
          assign: vendor
          form: {fields: [{id: price, type: number, label: Price}]}
        - id: total
          set: {cost: "steps.about.price * site.beds"}
        - id: large
          when: values.cost > 100
          name: "Look at {{ values.cost }}"
          assign: buyer
          task: {}
  - id: sum
    set: {prices: "steps.about.map(one, one.price)", outcomes: "steps.large.map(one, one.outcome)"}
  - {id: last, assign: buyer, task: {}}
"""
SITES = [{"town": "Kiel", "beds": 10}, {"town": "Ulm", "beds": 2}, {"town": "Jena", "beds": 1}]


def started(steps: str, finish: str = "all", **more: object) -> str:
    word = f"finish: {finish}" if "finish:" not in steps else finish
    return makers.start(steps.replace("FINISH", word), **more)


def open_steps(process: str) -> list[str]:
    return sorted(row.step for row in makers.rows(makers.Task, process_id=process, state="open"))


def values(process: str) -> dict[str, object]:
    with db.reading() as conn:
        return payloads.process(conn, process)["values"]


def steps(process: str) -> dict[str, object]:
    with db.reading() as conn:
        return payloads.process(conn, process)["steps"]


def is_sound(process: str) -> bool:
    with db.reading() as conn:
        return audit.fault_in(conn, process) is None and status.drift(conn, process) is None


def price(process: str, scope: str, amount: int) -> None:
    one = makers.task(process, "about", scope=scope)
    makers.forms.submit(
        one.id, JsonSent({"price": amount}), nonce=db.new_id(), actor=makers.actor_of(one)
    )


def test_branches_run_side_by_side_and_the_list_goes_on_when_all_are_done() -> None:
    process = started(SIDE_BY_SIDE)
    assert open_steps(process) == ["credit", "papers"]
    makers.tick(process, "credit")
    assert open_steps(process) == ["papers"]
    makers.fill(process, "papers", tax="7")
    assert open_steps(process) == ["check"]
    makers.tick(process, "check")
    assert open_steps(process) == ["last"]
    makers.tick(process, "last")
    assert makers.process(process).state == "completed"
    assert steps(process)["both"] == {"outcome": "succeeded"}
    assert is_sound(process)


@pytest.mark.parametrize("finish", ["any", "1"])
def test_with_enough_branches_done_the_others_are_withdrawn_and_told_once(finish: str) -> None:
    process = started(SIDE_BY_SIDE, finish)
    makers.tick(process, "credit")
    assert open_steps(process) == ["last"]
    assert makers.task(process, "papers", state="withdrawn")
    assert len(makers.owed(process, "mail.withdrawn")) == 1
    assert makers.types(process).count("task.withdrawn") == 1
    assert steps(process)["papers"] == {"outcome": None, "tax": None}
    assert is_sound(process)


def test_a_branch_with_nothing_to_do_counts_as_done() -> None:
    process = makers.start("""\
  - id: both
    parallel:
      finish: any
      branches: [{steps: []}, {steps: [{id: never, assign: buyer, task: {}}]}]
  - {id: last, assign: buyer, task: {}}
""")
    assert open_steps(process) == ["last"]
    assert "task.withdrawn" not in makers.types(process)


CHOICE = """\
  - id: how
    choose:
      - {when: inputs.amount > 100, steps: [{id: much, assign: buyer, task: {}}]}
      - {when: inputs.amount > 10, steps: [{id: some, assign: buyer, task: {}}]}
      OTHERWISE
  - {id: last, assign: buyer, task: {}}
"""


@pytest.mark.parametrize(
    ("amount", "step"), [(500, "much"), (50, "some"), (5, "little")]
)  # fmt: skip
def test_the_first_branch_that_holds_is_taken(amount: int, step: str) -> None:
    otherwise = "- {otherwise: true, steps: [{id: little, assign: buyer, task: {}}]}"
    process = makers.start(CHOICE.replace("OTHERWISE", otherwise), inputs={"amount": amount})
    assert open_steps(process) == [step]
    makers.tick(process, step)
    assert open_steps(process) == ["last"]
    assert steps(process)["much"]["outcome"] == ("completed" if step == "much" else None)


def test_without_otherwise_nothing_runs_where_none_holds() -> None:
    process = makers.start(CHOICE.replace("OTHERWISE", ""), inputs={"amount": 1})
    assert open_steps(process) == ["last"]


def test_a_choice_that_can_not_be_computed_opens_an_exception_and_waits() -> None:
    process = makers.start(CHOICE.replace("OTHERWISE", ""))
    assert open_steps(process) == []
    [trouble] = makers.troubles(process)
    assert (trouble.kind, trouble.step) == ("expression", "how")


def test_steps_run_once_for_each_item_with_the_items_own_names() -> None:
    process = started(ITEMS)
    makers.fill(process, "list", sites=SITES)
    names = [row.name for row in makers.rows(makers.Task, process_id=process, step="about")]
    assert names == ["About Kiel, 0", "About Ulm, 1", "About Jena, 2"]
    price(process, "every:0", 20)
    assert makers.task(process, "large", scope="every:0").name == "Look at 200"
    price(process, "every:2", 7)
    price(process, "every:1", 3)
    assert open_steps(process) == ["large"]
    makers.tick(process, "large")
    assert open_steps(process) == ["last"]
    assert values(process) == {"prices": ["20", "3", "7"], "outcomes": ["completed", None, None]}
    assert [one["price"] for one in steps(process)["about"]] == ["20", "3", "7"]
    assert is_sound(process)


def test_no_items_are_no_work() -> None:
    process = started(
        ITEMS.replace("columns:", "min: 0\n          required: false\n          columns:")
    )
    makers.fill(process, "list", sites=[])
    assert open_steps(process) == ["last"]
    assert makers.troubles(process) == []


def test_any_item_may_be_enough() -> None:
    process = started(ITEMS, "any")
    makers.fill(process, "list", sites=SITES)
    price(process, "every:1", 3)
    assert open_steps(process) == ["last"]
    assert len(makers.rows(makers.Task, process_id=process, state="withdrawn")) == 2
    assert len(makers.owed(process, "mail.withdrawn")) == 1
    assert is_sound(process)


def test_a_step_of_one_item_loads_that_item_alone() -> None:
    process = started(ITEMS)
    makers.fill(process, "list", sites=SITES)
    one = makers.task(process, "about", scope="every:1")
    with db.transaction() as tx:
        running = Running.of_task(tx, one.id)
        assert {task.scope for task in running.tasks.values()} == {"every:1"}
        assert {place.scope for place in running.rounds} == {"", "every:1"}


NESTED = """\
  - id: outer
    each:
      in: "[['a', 'b'], ['c']]"
      as: row
      steps:
        - id: inner
          each:
            in: row
            as: cell
            steps:
              - id: look
                name: "{{ cell }} {{ row_index }}{{ cell_index }}"
                assign: buyer
                task: {}
        - {id: row_done, name: "Row {{ row_index }}", assign: buyer, task: {}}
  - {id: last, set: {outcomes: "steps.look.map(row, row.map(one, one.outcome))"}}
"""


def test_items_may_hold_items() -> None:
    process = makers.start(NESTED)
    for n, name in enumerate(["a 00", "b 01", "c 10"]):
        [one] = makers.rows(makers.Task, process_id=process, name=name)
        makers.tasks.tick(one.id, actor=makers.actor_of(one))
        assert ("Row 0" in names(process)) is (n > 0)
    for one in makers.rows(makers.Task, process_id=process, step="row_done"):
        makers.tasks.tick(one.id, actor=makers.actor_of(one))
    assert makers.process(process).state == "completed"
    assert values(process)["outcomes"] == [["completed", "completed"], ["completed"]]
    assert is_sound(process)


def names(process: str) -> list[str]:
    return [row.name for row in makers.rows(makers.Task, process_id=process, state="open")]


RETURN_OUT = """\
  - {id: ask, assign: vendor, form: {fields: [{id: name, type: text, label: Name}]}}
  - id: both
    parallel:
      branches:
        - steps:
            - id: judge
              assign: buyer
              approval: {question: Well, on_changes: {return_to: ask}}
        - steps:
            - {id: other, assign: finance, task: {}}
  - {id: last, assign: buyer, task: {}}
"""


def test_a_return_out_of_a_branch_withdraws_the_other_branches_and_runs_the_block_again() -> None:
    process = makers.start(RETURN_OUT)
    makers.fill(process, "ask", name="A")
    makers.decide(process, "request_changes", "judge", comment="Spell it out.")
    assert open_steps(process) == ["ask"]
    assert makers.task(process, "other", state="withdrawn")
    assert makers.task(process, "ask").round == 2
    makers.fill(process, "ask", name="Ann")
    assert open_steps(process) == ["judge", "other"]
    assert makers.task(process, "other").round == 2
    makers.tick(process, "other")
    makers.decide(process, step="judge")
    assert open_steps(process) == ["last"]
    assert [run.state for run in makers.runs(process, "both")] == ["withdrawn", "done"]
    assert is_sound(process)


MARKED = """\
  - {id: ask, assign: vendor, form: {fields: [{id: name, type: text, label: Name}]}}
  - id: both
    parallel:
      branches:
        - steps: [{id: left, assign: vendor, form: {fields: [{id: l, type: text, label: L}]}}]
        - steps: [{id: right, assign: buyer, form: {fields: [{id: r, type: text, label: R}]}}]
  - id: judge
    assign: buyer
    approval: {question: Well, show: [ask, both], on_changes: {return_to: ask}}
"""


def test_marks_inside_a_block_open_only_the_steps_marked() -> None:
    process = makers.start(MARKED)
    makers.fill(process, "ask", name="A")
    makers.fill(process, "left", l="1")
    makers.fill(process, "right", r="2")
    makers.decide(process, "request_changes", "judge", items=["left.l"])
    assert open_steps(process) == ["left"]
    makers.fill(process, "left", l="one")
    assert open_steps(process) == ["judge"]
    assert steps(process)["right"]["r"] == "2"
    makers.decide(process, step="judge")
    assert makers.process(process).state == "completed"
    assert is_sound(process)


IN_ITEMS = """\
  - id: every
    each:
      in: "['x', 'y']"
      as: one
      steps:
        - id: fix
          name: "Fix {{ one }}"
          assign: vendor
          form: {fields: [{id: a, type: text, label: A}]}
        - id: judge
          assign: buyer
          approval: {question: "Is {{ one }} right?", show: [fix], on_changes: {return_to: fix}}
"""


def test_a_return_within_an_item_leaves_the_other_items_alone() -> None:
    process = makers.start(IN_ITEMS)
    for scope in ("every:0", "every:1"):
        one = makers.task(process, "fix", scope=scope)
        makers.forms.submit(one.id, JsonSent({"a": scope}), actor=makers.actor_of(one))
    first = makers.task(process, "judge", scope="every:0")
    makers.decide(process, "request_changes", one=first, items=["a"])
    assert [(row.step, row.scope) for row in makers.rows(makers.Task, state="open")] == [
        ("judge", "every:1"), ("fix", "every:0"),
    ]  # fmt: skip
    again = makers.task(process, "fix")
    makers.forms.submit(again.id, JsonSent({"a": "better"}), actor=makers.actor_of(again))
    for scope in ("every:0", "every:1"):
        makers.decide(process, one=makers.task(process, "judge", scope=scope))
    assert makers.process(process).state == "completed"
    assert [one["a"] for one in steps(process)["fix"]] == ["better", "every:1"]
    assert is_sound(process)


def test_a_rejection_in_a_branch_ends_the_process_and_withdraws_the_rest() -> None:
    process = makers.start(RETURN_OUT)
    makers.fill(process, "ask", name="A")
    makers.decide(process, "reject", "judge")
    assert makers.process(process).state == "rejected"
    assert open_steps(process) == []
    assert is_sound(process)


def test_cancelling_withdraws_every_item() -> None:
    process = started(ITEMS)
    makers.fill(process, "list", sites=SITES)
    processes.cancel(process, "Enough.", actor=people.staff("dana"))
    assert len(makers.rows(makers.Task, process_id=process, state="withdrawn")) == 3
    assert makers.timers(process) == []
    assert is_sound(process)


def test_a_thing_that_sticks_in_one_branch_leaves_the_others_running() -> None:
    process = makers.start("""\
  - id: both
    parallel:
      branches:
        - steps: [{id: broken, set: {x: "inputs.amount + 1"}}]
        - steps: [{id: fine, assign: buyer, task: {}}, {id: more, assign: buyer, task: {}}]
""")
    assert open_steps(process) == ["fine"]
    makers.tick(process, "fine")
    assert open_steps(process) == ["more"]
    assert len(makers.troubles(process)) == 1
    makers.tick(process, "more")
    assert makers.process(process).state == "running"
    assert is_sound(process)


def test_items_that_the_list_no_longer_has_do_not_stand_when_it_grows_again() -> None:
    process = makers.start("""\
  - {id: ask, assign: vendor, form: {fields: [{id: n, type: number, label: N}]}}
  - id: every
    each:
      in: "[1, 2, 3].filter(x, x <= steps.ask.n)"
      as: one
      steps:
        - {id: part, assign: vendor, form: {fields: [{id: a, type: text, label: A}]}}
  - {id: judge, assign: buyer, approval: {on_changes: {return_to: ask}}}
""")
    for n in (3, 1, 3):
        makers.fill(process, "ask", n=n)
        asked = makers.rows(makers.Task, process_id=process, step="part", state="open")
        assert sorted(one.scope for one in asked) == [f"every:{place}" for place in range(n)]
        for one in asked:
            makers.forms.submit(one.id, JsonSent({"a": "x"}), actor=makers.actor_of(one))
        makers.decide(process, "request_changes", "judge")
        # Else the order in which a database gives its rows would number the next round.
        latest = makers.rows(makers.StepRun, process_id=process, is_latest=True)
        assert len({(one.step, one.scope) for one in latest}) == len(latest)
    assert is_sound(process)


STUCK = """\
  - id: race
    parallel:
      finish: any
      branches:
        - {name: A, steps: [{id: held, when: inputs.amount > 1, assign: buyer, task: {}}]}
        - {name: B, steps: [QUICK]}
"""


def open_exceptions(process: str) -> list[str]:
    return [row.step for row in makers.troubles(process, state="open")]


def test_what_could_not_begin_needs_nobody_once_its_block_is_over_at_once() -> None:
    process = makers.start(STUCK.replace("QUICK", "{id: quick, set: {a: '1'}}"))
    assert makers.process(process).state == "completed"
    assert (open_exceptions(process), makers.process(process).n_troubles) == ([], 0)
    assert makers.types(process)[-1] == "process.completed"
    assert is_sound(process)


def test_what_could_not_begin_needs_nobody_once_its_block_is_over() -> None:
    quick = STUCK.replace("QUICK", "{id: quick, assign: buyer, task: {}}")
    process = makers.start(f"{quick}  - {{id: last, assign: buyer, task: {{}}}}\n")
    assert open_exceptions(process) == ["held"]
    makers.tick(process, "quick")
    assert open_steps(process) == ["last"]
    assert open_exceptions(process) == []
    [resolved] = makers.events(process, "exception.resolved")
    assert resolved["data"]["how"] == "withdrawn"
    assert is_sound(process)


def test_what_could_not_begin_is_tried_anew_when_work_goes_back_past_it() -> None:
    steps_ = """\
  - {id: first, assign: buyer, form: {fields: [{id: n, type: number, label: N, required: false}]}}
  - id: both
    parallel:
      branches:
        - {name: A, steps: [{id: held, when: steps.first.n > 1, assign: buyer, task: {}}]}
        - name: B
          steps: [{id: judge, assign: buyer, approval: {on_reject: {return_to: first}}}]
"""
    process = makers.start(steps_)
    makers.fill(process, "first")
    assert (open_exceptions(process), open_steps(process)) == (["held"], ["judge"])
    makers.decide(process, "reject", step="judge")
    assert open_exceptions(process) == []
    makers.fill(process, "first", n=2)
    assert open_steps(process) == ["held", "judge"]
    assert is_sound(process)


def test_what_has_not_run_for_any_item_is_a_list_of_none() -> None:
    counted = "size(steps.look)"
    never = "steps.look.exists(one, one.outcome == 'completed')"
    process = makers.start(
        f"  - {{id: before, set: {{early: {counted}}}}}\n"
        "  - id: every\n"
        "    when: false\n"
        "    each: {in: '[1, 2]', as: n, steps: [{id: look, assign: buyer, task: {}}]}\n"
        f'  - {{id: after, set: {{late: {counted}, ever: "{never}"}}}}\n'
        "  - {id: last, assign: buyer, task: {}}\n"
    )
    assert open_steps(process) == ["last"]
    assert values(process) == {"early": "0", "late": "0", "ever": False}
    assert steps(process)["look"] == []
    assert is_sound(process)
