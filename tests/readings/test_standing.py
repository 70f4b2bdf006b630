"""How each step of a process stands, for its diagram: walked through with a return and a skip."""

import pytest

from portal import clock as house_clock
from portal import db
from portal.readings import dossier, standing
from tests import makers, people

STEPS = """
  - id: details
    name: Your details
    assign: vendor
    form: {fields: [{id: company, type: text, label: Company}]}
  - {id: extra, when: "steps.details.company == 'None'", assign: vendor, task: {}}
  - {id: check, assign: buyer, approval: {question: Fine?, on_changes: {return_to: details}}}
  - {id: last, name: "Thank {{ steps.details.company }}", assign: buyer, task: {}}
"""


@pytest.fixture(autouse=True)
def cast(database: db.Database, clock: house_clock.Clock) -> None:
    people.settle()


def stands(process: str) -> dict[str, str]:
    with db.reading() as conn:
        found = dossier.of_process(conn, process)
        return standing.by_step(conn, found.process, found.tree)


def test_every_step_stands_as_it_went() -> None:
    process = makers.start(STEPS)
    assert list(stands(process).values()) == ["open", "coming", "coming", "coming"]
    makers.fill(process, company="Sea")
    assert list(stands(process).values()) == ["done", "skipped", "open", "coming"]
    makers.decide(process, "request_changes", step="check")
    assert list(stands(process).values()) == ["back", "back", "back", "coming"]
    makers.fill(process, company="Sea & Sons")
    assert list(stands(process).values()) == ["done", "skipped", "back", "coming"]
    with db.reading() as conn:
        told = standing.of_process(conn, dossier.of_process(conn, process))
    assert told.summary == "1 done, 1 came back, 1 skipped and 1 to come"
    assert ("Thank Sea & Sons", "Buyer", "to come") in told.steps
    assert "Thank Sea &amp; Sons" in told.picture
    makers.decide(process, "reject", step="check")
    assert list(stands(process).values()) == ["done", "skipped", "done", "unreached"]
