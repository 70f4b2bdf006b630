"""Killed in the middle: an answer is wholly there or wholly absent, and sent again ends the same.

The places are those of ``portal/fault.py``; every kill is a real SIGKILL of a real process.
"""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portal import clock as house_clock
from portal import db
from portal.actions import forms
from portal.clock import Clock
from portal.definition.fields import JsonSent
from portal.delivery.seal import Seal
from portal.ledger import audit, checkpoints
from portal.ledger.tables import Checkpoint, Leaf, Node
from portal.models import StepRun, Task
from tests import makers
from tests.servers import ROOT

STEPS = """\
  - id: details
    assign: vendor
    due: 2 days
    form: {fields: [{id: company, type: text, label: Company}]}
  - id: review
    assign: buyer
    approval: {question: Well}
"""
BUYER: dict[str, Any] = {"participants": {"buyer": {"email": "dana@example.com"}}}
# What is there after a kill at each place: nothing up to the commit, all of it after.
PLACES = {"F1": False, "F2": False, "F3": False, "F4": True}

PRELUDE = """\
import sys
from datetime import datetime
from pathlib import Path
from portal import clock, db
from portal.definition.fields import JsonSent
from tests import makers
db.bind(db.Database(sys.argv[1]))
still = clock.stopped_at(datetime.fromisoformat(sys.argv[2]))
still.__enter__()
"""
SUBMIT = """\
from portal.actions import forms
task = makers.task(sys.argv[3], "details")
sent = JsonSent({"company": "Sea"})
forms.submit(task.id, sent, nonce="n", actor=makers.actor_of(task))
print("answered")
"""
SIGN = """\
from portal.delivery.seal import Seal
from portal.ledger import checkpoints
with db.transaction() as tx:
    checkpoints.publish(tx, Seal.of(Path(sys.argv[3])))
print("answered")
"""


def killed(place: str, what: str, argument: str) -> None:
    """Run ``what`` in a process of its own that must die at the place, before it answers."""
    url = db.current().url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + what, url, house_clock.now().isoformat(), argument],
        cwd=ROOT,
        env={"PORTAL_FAULT": f"{place}:1:kill", "PATH": "/usr/bin:/bin"},
        check=False,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert "answered" not in done.stdout


def is_sound(process: str) -> bool:
    with db.reading() as conn:
        return audit.fault_in(conn, process) is None


def whole(process: str) -> dict[str, object]:
    """Everything that an answer moves, as rows, events, effects and timers tell it."""
    return {
        # By step: at a stopped clock the order of ids is chance.
        "tasks": sorted((row.step, row.state, row.outcome) for row in makers.rows(Task)),
        "rounds": sorted((row.step, row.state, str(row.answers)) for row in makers.rows(StepRun)),
        "events": makers.types(process),
        "owed": sorted(row.kind for row in makers.owed(process)),
        "timers": [row.task_id for row in makers.timers(process)],
        "waiting": [item["step"] for item in makers.process(process).waiting],
    }


@pytest.mark.parametrize("place", PLACES)
def test_an_answer_killed_midway_is_whole_or_absent_and_sent_again_ends_the_same(
    place: str,
) -> None:
    process = makers.start(STEPS, **BUYER)
    task = makers.task(process, "details")
    before = whole(process)
    killed(place, SUBMIT, process)
    is_there = "form.submitted" in makers.types(process)
    assert is_there == PLACES[place]
    assert is_there or whole(process) == before
    assert is_sound(process)

    sent, actor = JsonSent({"company": "Sea"}), makers.actor_of(task)
    forms.submit(task.id, sent, nonce="n", actor=actor)
    after = whole(process)
    assert after["tasks"] == [("details", "done", "completed"), ("review", "open", None)]
    assert after["waiting"] == ["review"]
    assert after["timers"] == []
    types = makers.types(process)
    assert (types.count("form.submitted"), types.count("task.opened")) == (1, 2)
    assert [row.kind for row in makers.owed(process, "mail.receipt")] == ["mail.receipt"]
    assert is_sound(process)


@pytest.mark.parametrize("place", ["F2", "F3"])
def test_a_killed_writer_keeps_nobody_else_waiting(place: str) -> None:
    process, other = makers.start(STEPS, **BUYER), makers.start(STEPS, **BUYER)
    killed(place, SUBMIT, process)
    makers.fill(other, company="Elsewhere")
    makers.fill(process, company="Here")
    assert is_sound(process)
    assert is_sound(other)


def test_a_checkpoint_killed_before_it_was_published_is_signed_again(
    tmp_path: Path, clock: Clock
) -> None:
    process = makers.start(STEPS, **BUYER)
    seal = Seal.of(tmp_path)
    killed("F12", SIGN, str(tmp_path))
    assert [count(table) for table in (Checkpoint, Leaf, Node)] == [0, 0, 0]
    clock.advance(seconds=60)
    with db.transaction() as tx:
        assert checkpoints.publish(tx, seal) == 1
    with db.reading() as conn:
        [line] = checkpoints.export(conn, process)
    assert seal.name in line
    assert is_sound(process)


def count(table: type[db.Base]) -> int:
    with db.reading() as conn:
        return len(conn.execute(table.__table__.select()).all())
