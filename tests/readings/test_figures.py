"""How a definition fares: figures of its processes, in words, and its health in one of them."""

from datetime import timedelta

import pytest

from portal import clock as house_clock
from portal import db
from portal.actions import processes, reviews
from portal.errors import Faulty
from portal.models import Process
from portal.readings import figures, lists
from portal.readings import reviews as readings
from tests import makers, people

HEAD = makers.HEAD + "review_every: 8 weeks\n"
STEPS = """
  - id: details
    assign: vendor
    due: 2 days
    form: {fields: [{id: company, type: text, label: Company}]}
  - {id: big, name: Look closely, when: "steps.details.company == 'Big'", assign: buyer, task: {}}
  - {id: small, name: Say hello, when: "steps.details.company != 'Big'", assign: buyer, task: {}}
"""
DANA = people.staff("dana")


@pytest.fixture(autouse=True)
def cast(database: db.Database, clock: house_clock.Clock) -> None:
    people.settle()


def counted(days: int = 365) -> tuple[figures.Figures, dict[str, str]]:
    now = house_clock.now()
    with db.reading() as conn:
        row = lists.definitions(conn)[0]
        tree = readings.trees.of_source(row.source)
        found = figures.since(conn, "demo", now - timedelta(days=days), now, tree)
        return found, dict(figures.lines(found, tree))


def health() -> readings.Health:
    with db.reading() as conn:
        return readings.health(conn, lists.definitions(conn), house_clock.now())["demo"]


def test_figures_tell_what_became_of_them_how_long_and_what_never_ran(
    clock: house_clock.Clock,
) -> None:
    makers.publish(STEPS, HEAD)
    none, told = counted()
    assert (none.started, none.median, told) == (0, None, {})
    for days in (1, 1, 1, 1, 3):
        process = makers.start_again()
        clock.advance(days=days)
        makers.fill(process, company="Sea")
        makers.tick(process, "small")
    processes.cancel(makers.start_again(), "Not needed.", actor=DANA)
    makers.start_again()
    clock.advance(days=3)
    found, told = counted()
    assert (found.started, found.completed, found.cancelled, found.running) == (7, 5, 1, 1)
    assert (found.median, found.p90) == (timedelta(days=1), timedelta(days=3))
    assert (found.tasks, found.late_tasks, found.late) == (5, 1, 1)
    assert told["Outcome"] == "5 completed (83 %) and 1 cancelled (17 %)"
    assert told["How long"] == "half within 1 day, nine of ten within 3 days"
    assert told["Running"] == "1 now, 1 of them late (100 %)"
    assert told["Done late"] == "20 % of 5 tasks"
    assert told["Never ran"] == "“Look closely” in the last 6"
    assert "Never skipped" not in told  # the cancelled one had not come so far
    # What began before is left out.
    assert counted(days=2)[0].started == 0


def test_health_is_a_word_with_a_reason(clock: house_clock.Clock) -> None:
    makers.publish(STEPS, HEAD)
    assert health() == readings.Health("Well", "Nothing of it is stuck or late.", is_well=True)
    makers.start_again()
    clock.advance(days=3)
    assert (health().word, health().why) == ("Late", "1 running process is late.")
    with pytest.raises(Faulty):
        reviews.outdate("demo", " ", actor=DANA)
    reviews.outdate("demo", "Legal looks at it first.", actor=DANA)
    doubted = health()
    assert doubted.word == "Out of date"
    assert "Dana Owner said on Thu 26 Nov 2026" in doubted.why
    assert doubted.why.endswith("Legal looks at it first.")
    clock.advance(hours=1)
    reviews.confirm("demo", actor=people.staff("ada"))
    assert [(one.said_by_name, one.holds, one.version) for one in counted()[0].said] == [
        (people.STAFF["ada"][0], True, 1),
        ("Dana Owner", False, 1),
    ]
    assert health().word == "Late"
    processes.cancel(makers.rows(Process)[0].id, "Not needed.", actor=DANA)
    clock.advance(days=57)
    assert health().word == "Review due"
