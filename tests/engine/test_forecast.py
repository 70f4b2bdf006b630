"""What is to come, on paper: expected times, what hangs on answers, ends that can't be told."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.calendar import work_calendar
from portal.definition import facts
from portal.definition.load import load
from portal.engine.forecast import Course, Outlook, Stood, look_ahead
from tests import makers

# A Wednesday noon in Berlin, two days before a holiday.
NOW = datetime(2026, 3, 31, 10, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def ahead(steps: str, *, inputs: dict[str, Any] | None = None, **more: Any) -> Outlook:
    tree = load(f"{makers.HEAD}steps:\n{steps}\n")
    known = facts.build(
        tree, inputs=inputs or {}, steps=more.pop("brought", {}), values={}, participants={},
        now=NOW, zone=BERLIN,
    )  # fmt: skip
    calendar = work_calendar("Europe/Berlin", holidays="DE")
    return look_ahead(Course(tree=tree, now=NOW, calendar=calendar, facts=known, **more))


def told(found: Outlook) -> list[tuple[str, str | None, tuple[str, ...]]]:
    return [
        (one.step.id, one.due_at and f"{one.due_at.astimezone(BERLIN):%d %b %H:%M}", one.depends_on)
        for one in found.coming
    ]


def day(at: datetime | None) -> str | None:
    return at and f"{at.astimezone(BERLIN):%d %b %H:%M}"


TWO = """\
  - {id: a, assign: buyer, due: 2 days, task: {}}
  - {id: b, assign: buyer, due: 2 business days, task: {}}"""


def test_each_step_begins_when_the_one_before_is_due_and_holidays_count() -> None:
    found = ahead(TWO)
    # Good Friday is the 3rd, Easter Monday the 6th: two working days from Thursday.
    assert told(found) == [("a", "02 Apr 12:00", ()), ("b", "08 Apr 12:00", ())]
    assert (day(found.end.expected), found.bases) == ("08 Apr 12:00", {"due"})
    assert found.end.earliest == NOW


def test_days_keep_the_clock_over_a_change_of_it() -> None:
    tree_now = datetime(2026, 3, 27, 11, 0, tzinfo=UTC)  # noon; the clock moves on the 29th
    tree = load(f"{makers.HEAD}steps:\n  - {{id: a, assign: buyer, due: 3 days, task: {{}}}}\n")
    calendar = work_calendar("Europe/Berlin")
    [one] = look_ahead(Course(tree=tree, now=tree_now, calendar=calendar, facts=None)).coming
    assert day(one.due_at) == "30 Mar 12:00"


def test_how_long_it_usually_takes_comes_before_the_due_time() -> None:
    found = ahead(TWO, usual={"a": timedelta(hours=3)})
    assert told(found)[1] == ("b", "02 Apr 15:00", ())
    assert found.bases == {"due", "usual"}


def test_an_open_step_takes_until_it_is_due_and_a_late_one_nobody_can_tell() -> None:
    rounds = {("a", ""): Stood("open", NOW - timedelta(days=1), {})}
    due = NOW + timedelta(hours=1)
    assert [one.begins_at for one in ahead(TWO, rounds=rounds, due={("a", ""): due}).coming] == [
        due
    ]
    late = ahead(TWO, rounds=rounds, due={("a", ""): NOW - timedelta(hours=1)})
    assert (late.end.expected, late.end.step, late.end.why) == (None, "a", "late")
    assert [one.begins_at for one in late.coming] == [None]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("{id: x, assign: buyer, task: {}}", "no_due"),
        ("{id: x, wait: {signal: paid}}", "signal"),
        ("{id: x, run: {definition: other}}", "run"),
        ("{id: x, assign: buyer, due: {at: steps.f.day}, task: {}}", "moment"),
        ("{id: x, wait: {until: steps.f.day}}", "moment"),
    ],
)
def test_why_an_end_can_not_be_told(step: str, why: str) -> None:
    form = "  - {id: f, assign: buyer, due: 1 day, form: {fields: [{id: day, type: date}]}}"
    end = ahead(f"{form}\n  - {step}").end
    assert (end.expected, end.step, end.why) == (None, "x", why)


def test_waits_are_certain_and_bound_the_end_from_below() -> None:
    end = ahead(f"{TWO}\n  - {{id: w, wait: {{for: 3 weeks}}}}").end
    assert (day(end.earliest), day(end.expected)) == ("21 Apr 12:00", "29 Apr 12:00")
    end = ahead("  - {id: w, wait: {signal: paid, timeout: 2 days}}").end
    assert (end.earliest, day(end.expected)) == (NOW, "02 Apr 12:00")


CHOOSE = """\
  - {id: f, assign: buyer, due: 1 day, form: {fields: [{id: big, type: yes_no}]}}
  - id: c
    choose:
      - {when: steps.f.big, steps: [{id: long, assign: buyer, due: 9 days, task: {}}]}
      - {otherwise: true, steps: [{id: short, assign: buyer, due: 1 day, task: {}}]}
  - {id: d, when: steps.c.outcome == "succeeded", assign: buyer, due: 1 day, task: {}}"""


def test_what_hangs_on_an_answer_says_so_and_the_longest_way_is_expected() -> None:
    found = ahead(CHOOSE)
    assert told(found) == [
        ("f", "01 Apr 12:00", ()),
        ("long", "10 Apr 12:00", ("f",)),
        ("short", "02 Apr 12:00", ("f",)),
        ("d", "11 Apr 12:00", ("c",)),
    ]


def test_what_is_known_is_not_asked_again() -> None:
    rounds = {("f", ""): Stood("done", NOW, {}), ("c", ""): Stood("open", NOW, {"branch": 1}),
              ("short", ""): Stood("open", NOW, {})}  # fmt: skip
    found = ahead(CHOOSE, rounds=rounds, due={("short", ""): NOW + timedelta(days=1)})
    assert [one.step.id for one in found.coming] == ["d"]
    rounds = {("f", ""): Stood("done", NOW, {})}
    found = ahead(CHOOSE, rounds=rounds, brought={"f": {"big": False, "outcome": "completed"}})
    assert [name for name, _, _ in told(found)] == ["short", "d"]


@pytest.mark.parametrize(("finish", "ends"), [("all", "05 Apr 12:00"), ("any", "01 Apr 12:00")])
def test_a_parallel_ends_with_as_many_as_it_needs(finish: str, ends: str) -> None:
    found = ahead(f"""\
  - id: p
    parallel:
      finish: {finish}
      branches:
        - {{steps: [{{id: a, assign: buyer, due: 1 day, task: {{}}}}]}}
        - {{steps: [{{id: b, assign: buyer, due: 5 days, task: {{}}}}]}}""")
    assert day(found.end.expected) == ends


EACH = """\
  - id: e
    each: {in: '[1, 2, 3]', as: one, steps: [
      {id: t, assign: buyer, due: 1 day, task: {}},
      {id: u, when: one > 2, assign: buyer, due: 1 day, task: {}}]}"""


def test_an_each_is_told_once_for_all_its_items() -> None:
    found = ahead(EACH)
    assert [(one.step.id, one.times, one.depends_on) for one in found.coming] == [
        ("t", 3, ()), ("u", 3, ("(item)",)),
    ]  # fmt: skip
    rounds = {
        ("e", ""): Stood("open", NOW, {"count": 3, "done": 1}),
        ("e", "e:1"): Stood("open", NOW, {}), ("e", "e:2"): Stood("open", NOW, {}),
        ("t", "e:1"): Stood("done", NOW, {}), ("t", "e:2"): Stood("open", NOW, {}),
    }  # fmt: skip
    due = {("t", "e:2"): NOW + timedelta(days=1)}
    found = ahead(EACH, rounds=rounds, due=due)
    assert [(one.step.id, one.times) for one in found.coming] == [("u", 2)]
    assert day(found.end.expected) == "02 Apr 12:00"


def test_a_way_back_is_named_and_not_counted() -> None:
    steps = (
        TWO
        + """
  - id: look
    assign: buyer
    due: 1 day
    approval: {question: Good?, on_changes: {return_to: a}}"""
    )
    assert list(ahead(steps).returns) == ["look"]
