"""The goals name sides that are there, and the process that the engine is timed with ends."""

import tomllib

import pytest

from portal import db
from portal.models import Process
from tests import makers, people
from tests.bench import world
from tests.bench.__main__ import GOALS, Goal
from tests.bench.cases import SIDES

ALL = [Goal(**goal) for goal in tomllib.loads(GOALS.read_text())["goal"]]


@pytest.mark.parametrize("goal", ALL, ids=lambda goal: goal.id)
def test_a_goal_compares_what_is_there(goal: Goal) -> None:
    assert {goal.subject, goal.yardstick} <= set(SIDES)
    assert goal.stretch is None or goal.stretch < goal.must


@pytest.mark.parametrize("steps", [world.TEN_STEPS, world.DATED_STEPS], ids=["bare", "dated"])
def test_the_process_of_ten_steps_comes_to_its_end(database: db.Database, steps: str) -> None:
    people.settle()
    makers.publish(steps)
    world.ten_steps()
    [process] = makers.rows(Process)
    assert process.state == "completed"
    assert process.values == {"result": "Sea"}
