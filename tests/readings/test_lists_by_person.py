"""What is one person's is found by an index, whatever its state."""

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.dialects import sqlite as spoken

from portal import clock as house_clock
from portal import db
from portal.readings import axis, combined, lists
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


@pytest.mark.parametrize("state", ["running", "completed", "all"])
def test_the_rows_of_one_person_are_looked_up_among_their_own_processes(
    sqlite: db.Database, clock: house_clock.Clock, state: str
) -> None:
    people.settle()
    makers.start(f"{makers.FORM}\n  - {{id: look, assign: buyer, task: {{}}}}")
    wanted = combined.Filters(state=state, person=people.VERA["email"])
    asked: list[tuple[str, Any]] = []
    hear = lambda _conn, _cursor, text, bound, *_: asked.append((text, bound))  # noqa: E731
    event.listen(sqlite.engine, "before_cursor_execute", hear)
    with db.reading() as conn:
        found = combined.page(conn, wanted, axis.window("week", None, house_clock.now(), "UTC"))
        event.remove(sqlite.engine, "before_cursor_execute", hear)
        which = [one for one in asked if "participants.email" in one[0]]
        plans = [conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", bound).all()
                 for text, bound in which]  # fmt: skip
    assert len(found.lines) == (state != "completed")
    assert plans
    for plan in plans:
        [how] = [row[3] for row in plan if " processes " in row[3]]
        assert how.endswith("(id=?)"), how


def _spelled(query: object) -> str:
    options = {"literal_binds": True}
    return str(query.compile(dialect=spoken.dialect(), compile_kwargs=options))  # type: ignore[attr-defined]
