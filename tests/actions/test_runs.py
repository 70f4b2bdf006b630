"""A process within a process: what it is given, what it brings back, and what ends with it."""

from portal import db
from portal.actions import definitions, processes, runs
from portal.ledger import outbox
from portal.readings import payloads
from tests import makers, people
from tests.actions.test_blocks import is_sound, open_steps

CHILD = """\
key: child
name: Child
owner: dana@example.com
title: "Child of {{ inputs.name }}"
roles: {vendor: {kind: external}, buyer: {kind: staff}}
inputs: [{id: name, type: text, label: Name}, {id: n, type: number, label: N, required: false}]
steps:
  - {id: ask, assign: vendor, form: {fields: [{id: price, type: number, label: Price}]}}
  - {id: sum, set: {double: "steps.ask.price * 2"}}
  - {id: judge, assign: buyer, approval: {}}
"""
PARENT = """\
  - id: inner
    run:
      definition: child
      inputs: {name: "'Kiel'", n: inputs.amount}
      participants: {vendor: participants.vendor}
  - id: last
    name: "{{ steps.inner.outcome }} {{ steps.inner.values.double }}"
    assign: buyer
    task: {}
"""


def begun(steps: str = PARENT, child: str = CHILD, **more: object) -> str:
    definitions.publish(child, actor=people.staff("dana"))
    return makers.start(steps, **more)


def child_of(process: str, n: int = 0) -> str:
    """The process that the step runs."""
    return str(makers.runs(process, "inner")[n].answers["process"])


def pass_on(child: str) -> None:
    """What the night shift does with the word that a process has ended."""
    with db.transaction() as tx:
        for one in outbox.claim(tx, 10, 30, kinds=("run.ended",)):
            assert one.process_id == child
            told.append((one.id, one.fence, one.ref["run"], one.ref["process"]))
    while told:
        assert runs.note_ended(*told.pop())


told: list[tuple[str, int, str, str]] = []


def test_the_inner_process_is_given_and_gives_back() -> None:
    process = begun(inputs={"amount": "10.50"})
    child = child_of(process)
    row = makers.process(child)
    assert (row.title, row.inputs, row.depth) == (
        "Child of Kiel",
        {"name": "Kiel", "n": "10.50"},
        1,
    )
    assert open_steps(process) == []
    [held] = makers.process(process).waiting
    assert held["who"]["name"] == "the process that it runs"
    makers.fill(child, "ask", price=7)
    makers.decide(child, step="judge")
    assert makers.process(child).state == "completed"
    pass_on(child)
    assert makers.task(process, "last").name == "completed 14"
    with db.reading() as conn:
        assert payloads.process(conn, process)["steps"]["inner"]["outcome"] == "completed"
    [started] = makers.events(child, "process.started")
    assert started["data"]["parent"] == process
    assert is_sound(process)
    assert is_sound(child)


def test_a_rejection_inside_is_the_steps_outcome() -> None:
    process = begun()
    child = child_of(process)
    makers.fill(child, "ask", price=7)
    makers.decide(child, "reject", "judge")
    pass_on(child)
    assert makers.task(process, "last").name == "rejected 14"


def test_a_cancelled_inner_process_opens_an_exception() -> None:
    process = begun()
    processes.cancel(child_of(process), "Enough.", actor=people.staff("dana"))
    pass_on(child_of(process))
    assert [one.kind for one in makers.troubles(process)] == ["run"]
    assert open_steps(process) == []


def test_cancelling_the_outer_one_cancels_the_inner_one() -> None:
    process = begun()
    child = child_of(process)
    processes.cancel(process, "Enough.", actor=people.staff("dana"))
    assert makers.process(child).state == "cancelled"
    pass_on(child)
    assert makers.process(process).state == "cancelled"
    assert is_sound(process)
    assert is_sound(child)


def test_what_can_not_start_opens_an_exception_that_says_why() -> None:
    process = begun(PARENT.replace("{vendor: participants.vendor}", "{}"))
    [trouble] = makers.troubles(process)
    assert "participants.vendor" in trouble.message
    assert makers.runs(process, "inner") == []
    unknown = begun(PARENT.replace("definition: child", "definition: nobody-knows"))
    assert "nobody-knows" in makers.troubles(unknown)[0].message


def test_a_process_that_runs_itself_stops_at_some_depth() -> None:
    itself = CHILD[: CHILD.index("steps:")] + (
        "steps:\n  - {id: inner, run: {definition: child, inputs: {name: inputs.name},"
        " participants: {vendor: participants.vendor}}}\n"
    )
    begun(PARENT, itself)
    found = makers.rows(makers.Trouble)
    assert len(found) == 1
    assert "deep" in found[0].message


def test_an_inner_process_that_ends_at_once_is_told_as_well() -> None:
    quick = CHILD[: CHILD.index("steps:")] + "steps:\n  - {id: sum, set: {double: 1}}\n"
    process = begun(PARENT, quick)
    pass_on(child_of(process))
    assert makers.task(process, "last").name == "completed 1"


def test_a_process_begun_beside_a_branch_that_ends_at_once_is_cancelled_with_its_timers() -> None:
    process = begun(
        """\
  - id: race
    parallel:
      finish: any
      branches:
        - steps: [{id: pause, wait: {for: 3 days}}]
        - steps:
            - id: inner
              run:
                definition: child
                inputs: {name: "'Kiel'"}
                participants: {vendor: participants.vendor}
        - steps: [{id: now, set: {x: 1}}]
  - {id: last, assign: buyer, task: {}}
"""
    )
    assert open_steps(process) == ["last"]
    assert makers.process(child_of(process)).state == "cancelled"
    assert makers.timers(process) == []
    assert is_sound(process)
    assert is_sound(child_of(process))
