"""The state told from events alone is the state that the tables hold, and drift is seen."""

import pytest
import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.actions import processes, timers
from portal.models import Process, StepRun, Task
from portal.readings import status
from tests import makers, people

STEPS = """\
  - id: details
    assign: vendor
    due: 1 day
    remind: []
    form: {fields: [{id: company, type: text, label: Company}]}
  - {id: extra, when: inputs.amount > 5, set: {more: inputs.amount * 2}}
  - id: review
    assign: [buyer, second]
    approval: {question: Well?, needs: any, on_changes: {return_to: details}}
  - id: note
    set: {result: steps.details.company}
"""


@pytest.fixture(autouse=True)
def cast(database: db.Database, clock: house_clock.Clock) -> None:
    people.settle()


def started(amount: str = "1") -> str:
    second = {"participants": {"second": people.OTTO}}
    return makers.start(STEPS, inputs={"amount": amount}, **second)


def drift(process_id: str) -> str | None:
    with db.reading() as conn:
        return status.drift(conn, process_id)


def one_review(process_id: str, decision: str) -> None:
    one = makers.rows(Task, process_id=process_id, step="review", state="open")[0]
    makers.decide(process_id, decision, one=one)


def test_every_way_through_a_process_can_be_told_again(clock: house_clock.Clock) -> None:
    gone, back, done = started(), started("9"), started("9")
    clock.advance(days=4)
    timers.ring([row.id for row in makers.timers(gone)])
    assert drift(gone) is None
    processes.cancel(gone, "No longer wanted.", actor=people.staff("dana"))
    makers.fill(back, company="Sea")
    one_review(back, "request_changes")
    makers.fill(done, company="Sea")
    one_review(done, "approve")
    for process_id, state in ((gone, "cancelled"), (back, "running"), (done, "completed")):
        assert makers.process(process_id).state == state
        assert drift(process_id) is None


def test_a_row_that_was_changed_beside_the_ledger_is_seen() -> None:
    process_id = started()
    with db.transaction() as tx:
        tx.execute(sa.update(Process).where(Process.id == process_id).values(state="completed"))
    assert drift(process_id) == ("state: stored as completed, but its events come to running.")


def test_the_first_that_differs_is_named_and_the_rest_counted() -> None:
    process_id = started("9")
    makers.fill(process_id, company="Sea")
    with db.transaction() as tx:
        tx.execute(sa.update(Task).where(Task.process_id == process_id).values(state="expired"))
    tasks = sorted(makers.rows(Task, process_id=process_id), key=lambda one: one.id)
    told = drift(process_id)
    assert told is not None
    assert told.startswith(f"tasks, {tasks[0].id}: stored as expired, but its events come to done")
    assert told.endswith(f"(and {len(tasks) - 1} more).")


def test_a_round_and_a_value_that_are_gone_are_named() -> None:
    process_id = started("9")
    makers.fill(process_id, company="Sea")
    with db.transaction() as tx:
        ended = StepRun.process_id == process_id, StepRun.state == "done"
        tx.execute(sa.update(StepRun).where(*ended).values(outcome="forged"))
    told = drift(process_id)
    assert told is not None
    assert told.startswith("rounds, details 1: stored as forged, but its events come to completed")
    other = started("9")
    with db.transaction() as tx:
        tx.execute(sa.update(Process).where(Process.id == other).values(values={"sum": 1}))
    assert drift(other) == "values, sum: stored as there, but its events come to absent."
