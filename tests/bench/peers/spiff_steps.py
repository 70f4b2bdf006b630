"""The process of ten steps in SpiffWorkflow, its whole state in one row of SQLite after each step.

As its documentation keeps a workflow: ``BpmnWorkflowSerializer`` to JSON and back, specification
included, and as durable as ours: ``synchronous=FULL``. Counted: 32 statements, eight times 9 to
17 kB of JSON written and seven times read, for a web server keeps nothing between two requests.
Run by the Python of the peers' own environment: ``FOLDER TIMES``.
"""

import sqlite3
import sys
from pathlib import Path

from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from timing import timed  # noqa: E402

SERIALIZER = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
PARSER = BpmnParser()
PARSER.add_bpmn_file(str(HERE / "ten_steps.bpmn"))
SPEC = PARSER.get_spec("ten_steps")

db = sqlite3.connect(Path(sys.argv[1]) / "spiff.sqlite3", isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE workflows (id INTEGER PRIMARY KEY, state TEXT)")


def keep(id_, workflow):
    """Write the whole of it."""
    state = SERIALIZER.serialize_json(workflow)
    db.execute("UPDATE workflows SET state = ? WHERE id = ?", (state, id_))


def step(id_, name, **answers):
    """Somebody does the open task of a step: read, run, written back, in one transaction."""
    db.execute("BEGIN IMMEDIATE")
    [state] = db.execute("SELECT state FROM workflows WHERE id = ?", (id_,)).fetchone()
    workflow = SERIALIZER.deserialize_json(state)
    task = next(
        one for one in workflow.get_tasks(state=TaskState.READY, manual=True)
        if one.task_spec.name == name
    )  # fmt: skip
    task.data.update(answers)
    task.run()
    workflow.do_engine_steps()
    keep(id_, workflow)
    db.execute("COMMIT")
    return workflow


def ten_steps():
    """One process from its start to its end, in eight transactions."""
    db.execute("BEGIN IMMEDIATE")
    workflow = BpmnWorkflow(SPEC)
    workflow.do_engine_steps()
    id_ = db.execute("INSERT INTO workflows (state) VALUES ('')").lastrowid
    keep(id_, workflow)
    db.execute("COMMIT")
    step(id_, "form", company="Sea", mail="vera@vendor.example")
    for good in (False, True):
        step(id_, "upload", file="licence.pdf")
        step(id_, "review", good=good)
    for name in ("first", "second"):
        workflow = step(id_, name, vote="approve")
    assert workflow.completed
    assert workflow.data["result"] == "Sea"


timed(ten_steps, int(sys.argv[2]))
