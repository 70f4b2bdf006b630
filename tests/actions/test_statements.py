"""How many statements a step costs, and that the sixtieth round costs what the second did."""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal import db
from portal.actions import approvals, forms, uploads
from portal.definition.fields import JsonSent
from tests import makers
from tests.bench import world

# One more goes to the door: the statement that reads the session.
FORM, STAGE, UPLOAD, APPROVAL = 15, 7, 16, 14  # one of a file that arrives owes its pictures

LOOP = """\
  - id: details
    assign: vendor
    due: 3 days
    form: {fields: [{id: company, type: text, label: Company}]}
  - id: papers
    assign: vendor
    due: 3 days
    upload: {documents: [{id: licence, name: Licence}]}
  - id: review
    assign: buyer
    due: 2 days
    approval: {question: Well, on_changes: {return_to: details}}
"""


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that run inside."""
    seen: list[str] = []

    def note(conn: object, cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    engine = db.current().engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def process() -> str:
    """A process at its first step, with everything parsed and compiled before."""
    warm = makers.start(LOOP)
    makers.fill(warm, company="Sea")
    return makers.start(LOOP)


def test_a_form_stays_below_the_ceiling(process: str) -> None:
    one = makers.task(process, "details")
    actor = makers.actor_of(one)
    with counted() as seen:
        forms.submit(one.id, JsonSent({"company": "Sea"}), nonce="n", actor=actor)
    assert len(seen) <= FORM, seen


def test_an_upload_stays_below_the_ceiling(process: str) -> None:
    makers.fill(process, company="Sea")
    one = makers.task(process, "papers")
    actor = makers.actor_of(one)
    with counted() as seen:
        uploads.stage(one.id, [makers.arrived("licence")], actor=actor)
    assert len(seen) <= STAGE, seen
    with counted() as seen:
        uploads.submit(one.id, nonce="n", actor=actor)
    assert len(seen) <= UPLOAD, seen


def test_an_approval_stays_below_the_ceiling(process: str) -> None:
    makers.fill(process, company="Sea")
    makers.send(process, "papers", makers.arrived("licence"))
    one = makers.task(process, "review")
    actor = makers.actor_of(one)
    with counted() as seen:
        approvals.decide(one.id, "request_changes", "No.", ["company"], nonce="n", actor=actor)
    assert len(seen) <= APPROVAL, seen


def test_rounds_do_not_add_up(process: str) -> None:
    costs = []
    for _ in range(12):
        with counted() as seen:
            makers.fill(process, company="Sea")
            makers.send(process, "papers", makers.arrived("licence"))
            makers.decide(process, "request_changes")
        costs.append(len(seen))
    assert len(set(costs[1:])) == 1


@contextmanager
def worked() -> Iterator[list[int]]:
    """How much SQLite does inside, in tens of its machine's instructions."""
    with db.reading() as conn:
        driver: Any = conn.connection.dbapi_connection
    seen = [0]

    def note() -> int:
        seen[0] += 1
        return 0

    driver.set_progress_handler(note, 10)
    try:
        yield seen
    finally:
        driver.set_progress_handler(None, 10)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_over_is_not_looked_through_again(database: db.Database) -> None:
    process = makers.start(world.LOOP)
    costs = []
    for _ in range(20):
        with worked() as seen:
            world.loop(process)
        costs.append(seen[0])
    assert max(costs[2:]) <= 1.01 * costs[2], costs


def test_what_a_step_had_in_hand_is_gone_without_the_garbage_collector(process: str) -> None:
    makers.fill(process, company="Sea")
    makers.send(process, "papers", makers.arrived("licence"))
    one = makers.task(process, "review")
    actor = makers.actor_of(one)
    gc.collect()
    gc.disable()
    try:
        approvals.decide(one.id, "approve", None, nonce="n", actor=actor)
        assert gc.collect() < 40
    finally:
        gc.enable()


def test_finished_rounds_are_not_read_to_go_on(sqlite: db.Database) -> None:
    wanted = "process_id = 'x' and (step_runs.is_current OR step_runs.is_latest)"
    with sqlite.reading() as conn:
        plan = conn.exec_driver_sql(f"explain query plan select * from step_runs where {wanted}")
        assert "ix_step_runs_live" in str(plan.all())


def test_an_item_is_found_without_reading_the_others(sqlite: db.Database) -> None:
    """Of a thousand items a step reads its own: tasks and rounds by their scope."""
    live = "(step_runs.is_current OR step_runs.is_latest)"
    one = "process_id = 'x' AND scope IN ('', 'every:3')"
    for table, more, index in (
        ("tasks", "(state = 'open' OR id = 'y')", "ix_tasks_scope"),
        ("step_runs", live, "ix_step_runs_live"),
    ):
        with sqlite.reading() as conn:
            plan = conn.exec_driver_sql(
                f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {one} AND {more}"
            )
            assert f"{index} (process_id=? AND scope=?" in str(plan.all())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_step_never_reads_the_processes_of_others(database: db.Database) -> None:
    """Each look into the large tables goes by an id or by the process, none by a state."""
    makers.publish(world.DATED_STEPS)
    asked: dict[str, Any] = {}

    def note(conn: object, cursor: object, statement: str, given: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            asked[statement] = given

    sa.event.listen(database.engine, "before_cursor_execute", note)
    world.ten_steps()
    sa.event.remove(database.engine, "before_cursor_execute", note)
    large = r"(tasks|step_runs|participants|links|timers|processes|files|users|ledger_\w+)"
    with database.reading() as conn:
        for statement, given in asked.items():
            plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(given)).all()
            for line in (row[3] for row in plan):
                assert not re.match(rf"SCAN {large}\b|.*\((state|kind)=\?", line), statement


@contextmanager
def traced(path: Path) -> Iterator[None]:
    """What the driver and PostgreSQL say to each other inside, as libpq writes it down."""
    engine = db.current().engine
    with path.open("w") as file:

        def trace(connection: Any, *_: object) -> None:
            connection.pgconn.trace(file.fileno())

        def untrace(connection: Any, *_: object) -> None:
            connection.pgconn.untrace()

        sa.event.listen(engine, "checkout", trace)
        sa.event.listen(engine, "checkin", untrace)
        try:
            yield
        finally:
            sa.event.remove(engine, "checkout", trace)
            sa.event.remove(engine, "checkin", untrace)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_step_waits_for_postgresql_at_most_a_dozen_times(process: str, tmp_path: Path) -> None:
    makers.fill(process, company="Sea")
    makers.send(process, "papers", makers.arrived("licence"))
    one = makers.task(process, "review")
    with traced(tmp_path / "trace"):
        approvals.decide(one.id, "approve", None, nonce="n", actor=makers.actor_of(one))
    said = (tmp_path / "trace").read_text()
    waits = re.findall(r"^[^\t]*\tF\t\d+\t(Sync|Query)", said, re.MULTILINE)
    assert 4 <= len(waits) <= 12, said
    alone = re.findall(r'^[^\t]*\tF\t\d+\tQuery\t "COMMIT"', said, re.MULTILINE)
    assert not alone, "the COMMIT is waited for apart from what it commits"
