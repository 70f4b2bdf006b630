"""The forecast held to what then happens: each moment foretold comes, then and not before."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from portal import clock as house_clock
from portal import db, installation
from portal.access import links
from portal.actions import escalations, timers
from portal.clock import Clock
from portal.readings import dossier, forecast, foretold
from portal.readings.forecast import Forecast, Moment
from tests import makers, people


@pytest.fixture(autouse=True)
def house(database: db.Database, clock: Clock) -> Iterator[None]:
    people.settle()
    links.configure(("a key of these tests that is long enough",), "https://portal.example")
    before = installation.current
    installation.configure(timezone="UTC", link_days=30)
    yield
    installation.current = before


def ahead(process_id: str) -> Forecast:
    with db.reading() as conn:
        found = forecast.of_process(conn, dossier.of_process(conn, process_id))
    assert found is not None
    return found


def happened(process_id: str) -> dict[str, int]:
    """How often each kind of moment has come."""
    types = makers.types(process_id)
    counted: dict[str, int] = {kind: types.count(type_) for kind, type_ in _EVENTS.items()}
    reminders = makers.owed(process_id, "mail.reminder")
    return counted | {"reminder": len(reminders)}


_EVENTS = {
    "pick_up": "handoff.missed", "due": "deadline.missed", "escalation": "task.escalated",
    "timeout": "task.expired", "overdue": "exception.opened", "exception": "exception.escalated",
}  # fmt: skip


def sweep(process_id: str) -> None:
    now = house_clock.now()
    timers.ring([row.id for row in makers.timers(process_id) if row.rings_at <= now])
    escalations.tell_again()


STEPS = [
    "assign: vendor, due: 3 days",
    "assign: buyer, due: 2 business days, remind: [4 hours before, on due, every 1 day after]",
    "assign: finance, due: 5 hours, pick_up: 1 hour, remind: []",
    "assign: vendor, due: 2 days, escalate: [{after: 1 day, to: owner, then: reassign}]",
    (
        "assign: vendor, due: 30 hours, escalate: [{after: 2 hours, to: finance},"
        " {after: 3 days, to: buyer, then: reassign}]"
    ),
    "assign: vendor, due: 2 days, on_timeout: {after: 9 days, do: skip}",
    "assign: buyer, on_timeout: {after: 36 hours, do: skip}",
]


def seeded(seed: int) -> str:
    """A process with a few steps side by side, each with its own times."""
    chosen = Random(seed).sample(STEPS, 3)
    branches = "\n".join(
        f"        - {{steps: [{{id: s{n}, {keys}, task: {{}}}}]}}" for n, keys in enumerate(chosen)
    )
    return makers.start(f"  - id: p\n    parallel:\n      branches:\n{branches}")


@pytest.mark.parametrize("seed", range(6))
def test_each_moment_foretold_comes_then_and_not_before(seed: int, clock: Clock) -> None:
    process_id = seeded(seed)
    for _ in range(12):
        if makers.process(process_id).state != "running":
            break
        moments = ahead(process_id).moments
        if not moments:
            break
        _see_it_come(process_id, moments, clock)


def _see_it_come(process_id: str, moments: Any, clock: Clock) -> None:
    at = moments[0].at
    together: list[Moment] = [one for one in moments if one.at == at]
    before = happened(process_id)
    clock.set(at - timedelta(microseconds=1))
    sweep(process_id)
    assert happened(process_id) == before
    clock.set(at)
    sweep(process_id)
    after = happened(process_id)
    came = {kind: after[kind] - before[kind] for kind in after if after[kind] != before[kind]}
    wanted = {one.kind for one in together}
    assert came.keys() == wanted, (together, came)
    assert all(count <= sum(one.kind == kind for one in together) for kind, count in came.items())


def test_whoever_gets_it_is_named(clock: Clock) -> None:
    process_id = makers.start(f"  - {{id: t, name: Papers, {STEPS[4]}, task: {{}}}}")
    found = ahead(process_id)
    said = [foretold.sentence(one, found.names) for one in found.moments]
    assert said == [
        "Vera Vendor is reminded of “Papers”.",
        "If nobody has taken up “Papers” by then, Dana Owner is told.",
        "“Papers” is due.",
        "Vera Vendor is reminded of “Papers”.",
        "finance is told that “Papers” is overdue.",
        "Vera Vendor is reminded of “Papers”.",
        "“Papers” goes to Dana Owner, if it is still not done.",
        "Dana Owner is reminded of “Papers”.",
        "Dana Owner is reminded of “Papers”.",
    ]


def test_a_wait_a_call_and_an_end_are_told(clock: Clock) -> None:
    process_id = makers.start(
        "  - id: p\n    parallel:\n      branches:\n"
        "        - {steps: [{id: w, wait: {for: 3 days}}]}\n"
        "        - {steps: [{id: c, call: {method: GET, url: 'https://x.example/'}}]}\n"
        "  - {id: t, name: Last, assign: buyer, due: 1 day, task: {}}"
    )
    found = ahead(process_id)
    assert [(one.kind, one.step) for one in found.moments] == [("call", "c"), ("wait", "w")]
    told = foretold.told(found, "Europe/Berlin")
    assert [one.text for one in told.coming] == [
        ("“Last” comes to Dana Owner about Thu 26 Nov 2026, due Fri 27 Nov 2026.")
    ]
    assert told.end[0] == ("It ends about Fri 27 Nov 2026, if everything is done when it is due.")


SIDE_BY_SIDE = """
  - id: first
    assign: vendor
    due: 2 days
    form: {fields: [{id: sites, type: table, label: S, columns: [{id: n, type: text}]}]}
  - id: both
    name: Checks
    parallel:
      branches:
        - name: Papers
          steps:
            - {id: a, name: Read them, assign: buyer, due: 1 day, task: {}}
            - {id: b, name: File them, assign: buyer, due: 1 day, task: {}}
        - {name: Credit, steps: [{id: c, name: Ask the bank, assign: buyer, due: 5 days, task: {}}]}
  - id: visits
    name: Visits
    each:
      in: steps.first.sites
      as: site
      steps: [{id: v, name: Go there, assign: buyer, due: 1 day, task: {}}]
"""


def told_lines(lines: Any, depth: int = 0) -> list[str]:
    found = []
    for line in lines:
        found.append("  " * depth + line.text)
        for name, inner in line.branches:
            found += ["  " * depth + f"[{name}]", *told_lines(inner, depth + 1)]
    return found


def test_what_runs_side_by_side_is_told_side_by_side_each_with_its_own_time(clock: Clock) -> None:
    process_id = makers.start(SIDE_BY_SIDE)
    told = foretold.told(ahead(process_id), "Europe/Berlin")
    assert told_lines(told.coming) == [
        "“Checks”, side by side:",
        "[Papers]",
        "  “Read them” comes to Dana Owner about Wed 25 Nov 2026, due Thu 26 Nov 2026.",
        "  “File them” comes to Dana Owner about Thu 26 Nov 2026, due Fri 27 Nov 2026.",
        "[Credit]",
        "  “Ask the bank” comes to Dana Owner about Wed 25 Nov 2026, due Mon 30 Nov 2026.",
        "“Visits”, for each site side by side:",
        "[]",
        (
            "  “Go there” comes to Dana Owner about Mon 30 Nov 2026, due Tue 1 Dec 2026; whether it"
            " comes depends on “First”."
        ),
    ]
    makers.fill(process_id, "first", sites=[{"n": "a"}, {"n": "b"}])
    told = foretold.told(ahead(process_id), "Europe/Berlin")
    # One branch alone has more to come: that is told straight on, at its own time.
    assert told_lines(told.coming)[0].startswith("“File them” comes to Dana Owner about Tue 24")
    assert "“Visits”, for each site side by side (2 of them):" in told_lines(told.coming)


def test_what_is_late_is_told_as_if_it_were_done_now(clock: Clock) -> None:
    process_id = makers.start(SIDE_BY_SIDE)
    clock.advance(days=7)
    end = foretold.told(ahead(process_id), "Europe/Berlin").end
    assert end[0] == "When it ends can’t be told, because “First” is late already."
    assert "Were it done now, it would end about Sun 6 Dec 2026." in end


def test_three_answers_make_something_usual(clock: Clock) -> None:
    makers.publish("  - {id: t, assign: buyer, due: 9 days, task: {}}")
    for hours in (1, 2, 30):
        process_id = makers.start_again()
        clock.advance(hours=hours)
        makers.tick(process_id, "t")
    end = ahead(makers.start_again()).outlook.end
    assert end.expected == house_clock.now() + timedelta(hours=2)


def test_a_process_that_has_ended_has_nothing_to_come(clock: Clock) -> None:
    process_id = makers.start("  - {id: t, assign: buyer, task: {}}")
    makers.tick(process_id, "t")
    with db.reading() as conn:
        assert forecast.of_process(conn, dossier.of_process(conn, process_id)) is None


def test_a_condition_that_is_known_by_now_is_judged(clock: Clock) -> None:
    steps = makers.FORM + (
        "\n  - {id: t, assign: buyer, task: {}}"
        '\n  - {id: u, when: steps.details.company == "Sea", assign: buyer, task: {}}'
    )
    process_id = makers.start(steps)
    assert [one.depends_on for one in ahead(process_id).outlook.coming] == [(), ("details",)]
    makers.fill(process_id, company="Land")
    assert ahead(process_id).outlook.coming == ()
