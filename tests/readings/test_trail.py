"""The evidence that an audit trail prints comes from the ledger, whatever the tables say now."""

import pytest
import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.actions import timers
from portal.ledger import record
from portal.ledger.tables import Disclosure
from portal.models import Task
from portal.readings.trail import Evidence
from tests import makers, people

STEPS = """\
  - id: details
    name: "Details of {{ participants.vendor.name }}"
    assign: vendor
    due: 1 day
    form: {fields: [{id: company, type: text, label: Company}]}
"""


@pytest.fixture(autouse=True)
def cast(database: db.Database, clock: house_clock.Clock) -> None:
    people.settle()


def told(process: str) -> list[str]:
    """The sentences and the names of answered tasks that the trail prints."""
    with db.reading() as conn:
        evidence = Evidence(conn, process, 10_000, "UTC")
        lines = [line.sentence.text for line in evidence.lines()]
        return lines + [answer.task for answer in evidence.answers()]


@pytest.fixture
def process(clock: house_clock.Clock) -> str:
    started = makers.start(STEPS)
    clock.advance(days=2)
    timers.ring([row.id for row in makers.timers(started)])
    makers.fill(started, company="Sea")
    return started


def test_a_task_is_called_what_the_ledger_says(process: str) -> None:
    before = told(process)
    assert any(line.startswith("“Details of Vera Vendor” was not done by") for line in before)
    assert before[-1] == "Details of Vera Vendor"
    with db.transaction() as tx:
        tx.execute(sa.update(Task).values(name="Something else"))
    assert told(process) == before


def test_an_erased_name_leaves_the_steps_own(process: str) -> None:
    opened = sa.select(Disclosure.seq).where(Disclosure.log == process, Disclosure.field == "name")
    with db.transaction() as tx:
        for seq in tx.execute(opened).scalars().all():
            record.erase(tx, process, seq, ["name"])
    left = told(process)
    assert any(line.startswith("“Details of {{ participants.vendor.name }}” went") for line in left)
    assert "Details of Vera Vendor" not in str(left)
