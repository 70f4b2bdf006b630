"""Where time goes, added up from the ledgers: once each, in whatever pieces, and again the same."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.actions import insights, processes, stretches, tasks
from portal.clock import Clock
from portal.models import InsightCount
from portal.readings import insights as reading
from tests import makers, people
from tests.conftest import MONDAY

STEPS = """\
  - {id: details, name: Your details, assign: vendor, due: 2 days, remind: [],
     form: {fields: [{id: n, type: text, label: N}]}}
  - {id: check, name: Check, assign: finance, due: 5 days, task: {}}
"""


def lived(clock: Clock, outside: int, ours: int) -> str:
    """A process that lies so many hours outside, and then so many with the team."""
    process = makers.start(STEPS)
    clock.advance(hours=outside)
    makers.fill(process, n="1")
    clock.advance(hours=ours)
    tasks.tick(makers.task(process, "check").id, actor=people.staff("finn"))
    return process


def follow(at_once: int = 1000) -> None:
    while stretches.follow(at_once):
        pass


def of(weeks: int = 4, **narrowed: Any) -> reading.Insights:
    with db.reading() as conn:
        return reading.of(conn, reading.period(house_clock.now(), weeks, **narrowed))


def rows() -> dict[str, list[Any]]:
    with db.reading() as conn:
        return {
            one.__tablename__: sorted(conn.execute(sa.select(one.__table__)).all())
            for one in insights.TABLES
        }


def test_time_is_told_by_court_step_team_and_person(clock: Clock) -> None:
    lived(clock, 72, 24)
    lived(clock, 24, 24)
    follow()
    found = of()
    hours = {court: s // 3600 for court, s in found.whole.seconds.items()}
    assert hours == {"theirs": 96, "ours": 48}
    assert [(one.name, one.n, one.mean) for one in found.steps] == [
        ("Your details", 2, timedelta(hours=48)), ("Check", 2, timedelta(hours=24)),
    ]  # fmt: skip
    assert [(one.name, one.total // 3600) for one in found.teams] == [("finance", 48)]
    assert [(one.name, one.kind, one.done, one.late) for one in found.parties] == [
        ("Vera Vendor", "outside", 2, 1), ("finance", "team", 2, 0),
    ]  # fmt: skip
    total = found.total
    assert Counter(total.counts) == Counter(started=2, completed=2, done=4, with_due=4, late=1)
    assert total.on_time == 75
    assert total.median is not None
    assert abs(total.median / timedelta(hours=48) - 1) < 0.05
    assert total.p90 is not None
    assert abs(total.p90 / timedelta(hours=96) - 1) < 0.05


def test_however_it_is_cut_and_told_anew_it_comes_to_the_same(clock: Clock) -> None:
    lived(clock, 30, 1)
    cancelled = makers.start(STEPS)
    clock.advance(hours=3)
    processes.cancel(cancelled, "Law.", actor=people.staff("dana"))
    follow(1)
    piecewise = rows()
    assert piecewise["insight_time"]
    stretches.forget()
    assert not any(rows().values())
    follow()
    follow()
    whole = rows()
    for table in ("insight_time", "insight_counts", "insight_cycles"):
        assert whole[table] == piecewise[table]
    assert [row[:3] for row in whole["insight_parties"]] == [
        row[:3] for row in piecewise["insight_parties"]
    ]


def test_weeks_are_those_in_which_things_ended(clock: Clock) -> None:
    lived(clock, 24 * 6, 24 * 6)
    follow()
    weeks = {one.monday: one for one in of().weeks}
    assert weeks[MONDAY.date()].counts["started"] == 1
    assert weeks[MONDAY.date()].ended == 0
    assert weeks[MONDAY.date() + timedelta(weeks=1)].counts["completed"] == 1
    assert sum(one.counts["done"] for one in weeks.values()) == 2
    assert of(weeks=4, key="another").is_empty


def test_an_owner_hears_once_that_exceptions_doubled(clock: Clock) -> None:
    makers.publish(STEPS)
    with db.transaction() as tx:
        told = [
            (MONDAY.date() - timedelta(weeks=8), "started", 40),
            (MONDAY.date() - timedelta(weeks=8), "exceptions", 4),
            (MONDAY.date() - timedelta(weeks=1), "started", 20),
            (MONDAY.date() - timedelta(weeks=1), "exceptions", 4),
        ]
        tx.execute(sa.insert(InsightCount), [week(*one) for one in told])
    assert insights.tell_of_doubled() == 0, "four are too few to alarm anybody"
    with db.transaction() as tx:
        tx.execute(sa.insert(InsightCount), week(MONDAY.date(), "exceptions", 1))
    assert insights.tell_of_doubled() == 1
    assert insights.tell_of_doubled() == 0
    clock.advance(days=27)
    assert insights.tell_of_doubled() == 0


def week(monday: date, what: str, n: int) -> dict[str, Any]:
    return {"week": monday, "definition": "demo", "what": what, "n": n}


def test_percentiles_are_known_to_four_percent() -> None:
    for hours in (1, 7, 100, 5000):
        span = timedelta(hours=hours)
        found = reading.percentile({insights.bucket_of(span): 3}, 0.9)
        assert found is not None
        assert abs(found / span - 1) < 0.041
    assert reading.percentile({}, 0.5) is None
