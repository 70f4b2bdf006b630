"""The tasks of one person are found by an index, whatever their state."""

import pytest
from sqlalchemy.dialects import sqlite as spoken

from portal import clock as house_clock
from portal import db
from portal.readings import lists
from tests import makers, people


@pytest.mark.parametrize("state", [None, "open"])
def test_the_tasks_of_an_address_are_looked_up_and_never_walked_to(
    sqlite: db.Database, clock: house_clock.Clock, state: str | None
) -> None:
    people.settle()
    process = makers.start(f"{makers.FORM}\n  - {{id: look, assign: buyer, task: {{}}}}")
    makers.fill(process, company="Sea")
    now = house_clock.now()
    for email, step in ((people.VERA["email"], "details"), ("dana@example.com", "look")):
        wanted = lists.TaskFilters(assignee=email.upper(), state=state)
        with db.reading() as conn:
            found = [one.step for one in lists.tasks(conn, wanted, now).items]
            plan = conn.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {_spelled(lists.narrowed_tasks(wanted, now))}"
            ).all()
        assert found == ([step] if state is None or step == "look" else [])
        assert not [row[3] for row in plan if row[3].startswith("SCAN tasks")], plan


def _spelled(query: object) -> str:
    options = {"literal_binds": True}
    return str(query.compile(dialect=spoken.dialect(), compile_kwargs=options))  # type: ignore[attr-defined]
