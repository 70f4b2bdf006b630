"""Two who would end the same thing in different ways, both at once: one of them does."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from portal.actions import (
    calls,
    changes,
    messages,
    processes,
    runs,
    signals,
    tasks,
    timers,
    troubles,
)
from portal.clock import Clock
from tests import makers, people
from tests.actions.test_races import at_once
from tests.actions.test_runs import CHILD, begun, child_of
from tests.histories import rules

DANA, ADA = people.staff("dana"), people.staff("ada")
Verb = Callable[[], object]
LAST = "  - {id: last, assign: buyer, task: {}}"
LOOK = "  - {id: look, assign: buyer, task: {}, WHAT}"


def race(process: str, *verbs: Verb) -> Counter[str]:
    """Both at once, by doers who had looked before; what came of it breaks no rule."""
    ended = at_once(verbs)
    assert rules.broken(process) == []
    assert rules.unsound(process) == []
    return ended


def ticks(process: str, step: str) -> list[Verb]:
    """Ticking off each open task of a step."""
    found = makers.rows(makers.Task, process_id=process, step=step, state="open")
    return [partial(tasks.tick, one.id, actor=makers.actor_of(one)) for one in found]


def rings(process: str) -> Verb:
    """The clock, whose moment has come for all that waits."""
    return partial(timers.ring, [one.id for one in makers.timers(process)])


def told(process: str, *types: str) -> list[str]:
    """Which of these events there are, in order."""
    return [type_ for type_ in makers.types(process) if type_ in types]


@pytest.mark.parametrize("way", ["skip", "end", "reject"])
def test_an_answer_against_the_end_of_its_time(clock: Clock, way: str) -> None:
    late = LOOK.replace("WHAT", f"on_timeout: {{after: 1 day, do: {way}}}")
    process = makers.start(late)
    clock.advance(days=2)
    race(process, rings(process), *ticks(process, "look"))
    [how] = told(process, "task.done", "task.expired", "task.withdrawn")
    rejected = way == "reject" and how != "task.done"
    assert makers.process(process).state == ("rejected" if rejected else "completed")


def test_an_answer_that_sends_back_against_the_end_of_the_time_of_what_stands_beside(
    clock: Clock,
) -> None:
    process = makers.start(f"""\
{LOOK.replace(", WHAT", "")}
  - id: both
    parallel:
      branches:
        - name: A
          steps: [{{id: judge, assign: buyer, approval: {{on_reject: {{return_to: look}}}}}}]
        - name: B
          steps: [{{id: slow, assign: buyer, task: {{}}, on_timeout: {{after: 1 day, do: end}}}}]
""")
    makers.tick(process, "look")
    clock.advance(days=2)
    judge = makers.task(process, "judge")
    race(process, rings(process), partial(makers.decide, process, "reject", one=judge))
    ended = "process.completed" in makers.types(process)
    assert (makers.process(process).state == "completed") is ended
    assert ended or makers.task(process, "look").round == 2


def test_the_last_two_branches_of_a_join_go_on_once() -> None:
    process = makers.start(f"""\
  - id: both
    parallel:
      branches:
        - {{name: A, steps: [{{id: a, assign: buyer, task: {{}}}}]}}
        - {{name: B, steps: [{{id: b, assign: buyer, task: {{}}}}]}}
{LAST}""")
    assert race(process, *ticks(process, "a"), *ticks(process, "b")) == {"done": 2}
    assert makers.task(process, "last").round == 1


@pytest.mark.parametrize("finish", ["all", "any"])
def test_the_last_two_items_go_on_once(finish: str) -> None:
    inner = "{id: ask, assign: buyer, task: {}}"
    process = makers.start(
        f"  - {{id: every, each: {{in: '[1, 2]', as: one, finish: {finish}, steps: [{inner}]}}}}\n"
        f"{LAST}"
    )
    ended = race(process, *ticks(process, "ask"))
    assert ended["done"] == (2 if finish == "all" else 1)
    assert makers.task(process, "last").round == 1


def test_two_ways_out_of_one_exception() -> None:
    process = makers.start(f"{LOOK.replace('WHAT', 'when: inputs.amount > 1')}\n{LAST}")
    [one] = makers.troubles(process, state="open")
    edited = {"inputs": {"amount": 7}}
    ended = race(
        process,
        partial(troubles.resolve, one.id, "retry", "Again.", actor=DANA),
        partial(troubles.resolve, one.id, "skip", "Without.", actor=ADA),
        partial(troubles.resolve, one.id, "edit", "It was 7.", edited, actor=DANA),
    )
    assert ended["done"] >= 1
    ways = [event["data"]["how"] for event in makers.events(process, "exception.resolved")]
    assert len(ways) == ended["done"]
    assert makers.troubles(process, id=one.id)[0].state == "resolved"


def test_a_signal_against_the_end_of_the_wait_for_it(clock: Clock) -> None:
    process = makers.start(f"  - {{id: paid, wait: {{signal: paid, timeout: 1 day}}}}\n{LAST}")
    clock.advance(days=2)
    race(process, rings(process), partial(signals.send, process, "paid", actor=DANA))
    [run] = makers.runs(process, "paid")
    assert run.outcome in ("succeeded", "timed_out")
    assert makers.task(process, "last").round == 1


def test_the_answer_of_another_system_against_going_on_without_it() -> None:
    process = makers.start(f"  - {{id: book, call: {{url: 'https://erp.example/x'}}}}\n{LAST}")
    [one] = messages.take(10, 30, ("call.request",))
    tried = calls.Tried(one.ref["run"], one.id, one.fence, one.attempts)
    race(
        process,
        partial(calls.note_answer, tried, calls.Answer(200, {}, "{}")),
        partial(changes.skip, process, "book", "It takes too long.", actor=DANA),
    )
    assert len(told(process, "step.completed", "step.skipped")) == 1
    assert makers.task(process, "last").round == 1


def test_what_an_inner_process_came_to_against_the_end_of_the_outer_one() -> None:
    process = begun(child=CHILD)
    child = child_of(process)
    makers.fill(child, "ask", price=7)
    makers.decide(child, step="judge")
    [one] = messages.take(10, 30, ("run.ended",))
    word = (one.id, one.fence, one.ref["run"], one.ref["process"])
    race(
        process,
        partial(runs.note_ended, *word),
        partial(processes.cancel, process, "No.", actor=DANA),
    )
    assert makers.process(process).state == "cancelled"
    assert makers.process(child).state == "completed"
