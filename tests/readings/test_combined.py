"""What a row of the timeline is made of, however long a process has run."""

import base64
import json

import pytest

from portal import clock as house_clock
from portal import db
from portal.actions import processes, stretches
from portal.errors import Faulty
from portal.readings import axis, combined, courts
from tests import makers, people

STEPS = """\
  - {id: details, assign: vendor, form: {fields: [{id: company, type: text, label: Company}]}}
  - {id: review, assign: buyer, task: {}}"""


def line(zoom: str, start: str | None = None) -> combined.Line:
    """The one row in a window."""
    window = axis.window(zoom, start, house_clock.now(), "UTC")
    with db.reading() as conn:
        [found] = combined.page(conn, combined.Filters(), window).lines
    return found


def remark(process: str, times: int) -> None:
    for _ in range(times):
        processes.comment(process, "Called.", actor=people.staff("dana"))


def test_of_a_long_history_the_last_before_the_end_of_the_window_is_drawn(
    sqlite: db.Database, clock: house_clock.Clock
) -> None:
    people.settle()
    process = makers.start(STEPS)
    clock.advance(hours=1)
    remark(process, 3)
    clock.advance(days=10)
    makers.fill(process, company="Sea")
    remark(process, 230)
    stretches.follow()
    assert len(line("day", "2026-11-23T06:00").dots) == 4  # the start, and three remarks
    now = line("week")
    assert 190 < len(now.dots) <= 200
    assert [one.court for one in now.stretches] == ["theirs", "ours"]


def test_what_is_side_by_side_counts_once(sqlite: db.Database, clock: house_clock.Clock) -> None:
    people.settle()
    branches = ", ".join(
        f"{{name: {who}, steps: [{{id: {who}_s, assign: {who}, task: {{}}}}]}}"
        for who in ("vendor", "second", "buyer")
    )
    steps = f"  - {{id: both, parallel: {{branches: [{branches}]}}}}"
    makers.start(steps, participants={"second": people.OTTO})
    clock.advance(days=2)
    found = line("month")
    window = axis.window("month", None, house_clock.now(), "UTC")
    lengths = courts.shares(found.stretches, window.start, window.end, house_clock.now())
    assert courts.told(lengths) == "2 days with us and 2 days with them"


@pytest.mark.parametrize(
    "place",
    [
        ["due", "2026-11-29T10:00:00", "x"],
        ["due", "9999-12-31T23:59:59-14:00", "x"],
        ["due", "soon", "x"],
        ["other", None, "x"],
        ["due", None, "x"],
        ["none", None, "x\0"],
        ["due"],
        7,
    ],
)
def test_what_is_no_cursor_of_this_timeline_is_said_so(
    place: object, sqlite: db.Database, clock: house_clock.Clock
) -> None:
    deep = "[" * 5000 + "]" * 5000
    told = deep if place == 7 else json.dumps(place)
    cursor = base64.urlsafe_b64encode(told.encode()).decode()
    window = axis.window(None, None, house_clock.now(), "UTC")
    with db.reading() as conn, pytest.raises(Faulty):
        combined.page(conn, combined.Filters(), window, cursor=cursor)


def test_a_window_begins_where_people_count_from(clock: house_clock.Clock) -> None:
    """Also where the clocks are changed: a day is looked at by its hours, a week by its days."""
    now = house_clock.now()
    for zoom, start in {
        "day": "2026-11-22T20:00", "week": "2026-11-19", "month": "2026-11-02",
        "quarter": "2026-09-28", "year": "2026-04-01",
    }.items():  # fmt: skip
        found = axis.window(zoom, None, now, "Europe/Berlin")
        assert (found.at, found.is_usual) == (start, True), zoom
        assert 560 < found.place(now) < 780, zoom
        beside = axis.window(zoom, found.later, now, "Europe/Berlin")
        assert found.start < beside.start < found.end, zoom
        assert axis.window(zoom, beside.earlier, now, "Europe/Berlin").start == found.start, zoom
    # The night of 25 October has 25 hours.
    autumn = axis.window("week", "2026-10-22", now, "Europe/Berlin")
    assert (autumn.end - autumn.start).total_seconds() == (7 * 24 + 1) * 3600
