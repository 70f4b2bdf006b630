"""Who held the work is told by the ledgers alone: the same however often, in whatever pieces."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.actions import handoffs, processes, questions, stretches, tasks, timers, troubles
from portal.clock import Clock
from portal.models import Follower, Stretch, Told
from portal.readings import stretches as reading
from tests import makers, people
from tests.conftest import MONDAY

DANA, FINN = people.staff("dana"), people.staff("finn")
STEPS = """\
  - {id: details, assign: vendor, due: 4 days, form: {fields: [{id: n, type: text, label: N}]}}
  - {id: check, assign: finance, task: {}}
  - {id: rest, wait: {for: 2 days}}
  - {id: last, assign: second, task: {}}
"""


def told(process: str) -> list[tuple[str, str, str | None, str | None, int, int | None]]:
    """The stretches as court, what, why, step, and the hours in which they began and ended."""
    with db.reading() as conn:
        found = reading.of(conn, [process])[process]
    return [
        (one.court, one.what, one.why, one.step, _hours(one.from_at), _hours(one.to_at))
        for one in found
    ]


def _hours(at: Any) -> Any:
    return at and (at - MONDAY) // timedelta(hours=1)


def rows() -> list[Any]:
    """All that is written down."""
    with db.reading() as conn:
        kept = conn.execute(sa.select(Stretch.__table__)).all()
        heads = conn.execute(sa.select(Told.__table__)).all()
    return [*sorted(kept), *sorted(heads, key=lambda row: row.process_id)]


def follow(at_once: int = 1000) -> None:
    while stretches.follow(at_once):
        pass


def live(clock: Clock) -> str:
    """A process in which everything that moves a stretch happens, hour by hour."""
    process = makers.start(STEPS)
    one = makers.task(process, "details")
    vera = makers.actor_of(one)
    clock.advance(hours=1)
    questions.block(one.id, "Our auditor is away.", actor=vera, nonce=None)
    clock.advance(hours=1)
    questions.unblock(one.id, "Take the old one.", actor=DANA)
    clock.advance(days=2)
    timers.ring([row.id for row in makers.timers(process) if row.rings_at <= house_clock.now()])
    clock.advance(hours=1)
    tasks.reassign(one.id, people.OTTO, "Vera is away.", actor=DANA)
    clock.advance(hours=1)
    makers.fill(process, n="1")
    clock.advance(hours=1)
    handoffs.take_up(makers.task(process, "check").id, actor=FINN)
    clock.advance(hours=1)
    makers.tick(process, "check")
    clock.advance(days=2)
    timers.ring([row.id for row in makers.timers(process) if row.rings_at <= house_clock.now()])
    clock.advance(hours=1)
    return process


def test_the_ledger_tells_in_whose_court_the_ball_was(clock: Clock) -> None:
    process = live(clock)
    expected = [
        ("theirs", "task", None, "details", 0, 1),
        ("ours", "task", "blocked", "details", 1, 2),
        ("theirs", "task", None, "details", 2, 50),
        ("nobody", "task", "missed", "details", 50, 51),
        ("theirs", "task", None, "details", 51, 52),
        ("ours", "task", None, "check", 52, 53),
        ("ours", "task", None, "check", 53, 54),
        ("system", "wait", "time", "rest", 54, 102),
        ("nobody", "gap", "exception", None, 102, None),
    ]
    assert told(process) == expected
    with db.reading() as conn:
        team, finn = reading.of(conn, [process])[process][5:7]
    assert (team.team_id, team.user_id, finn.user_id) == ("finance", None, "finn")
    follow(7)
    assert told(process) == expected
    # What came since is told without being written down, and then written.
    before = rows()
    [nobody] = makers.troubles(process, state="open")
    troubles.resolve(nobody.id, "retry", "Try.", actor=DANA)
    clock.advance(hours=1)
    processes.cancel(process, "No more.", actor=DANA)
    gap = ("nobody", "gap", "exception", None)
    expected[-1:] = [(*gap, 102, 103), (*gap, 103, 104)]
    assert told(process) == expected
    assert rows() == before
    follow()
    assert told(process) == expected


def test_dropped_and_refilled_in_any_pieces_it_is_the_same(clock: Clock) -> None:
    ids = [live(clock), live(clock)]
    processes.cancel(ids[0], "No more.", actor=DANA)
    follow()
    once = rows()
    in_memory = []
    for pieces in (1, 3, 1000):
        stretches.forget()
        assert rows() == []
        in_memory.append([told(id_) for id_ in ids])
        follow(pieces)
        assert rows() == once
        in_memory.append([told(id_) for id_ in ids])
    assert all(one == in_memory[0] for one in in_memory)
    assert stretches.follow() == 0
    with db.reading() as conn:
        [follower] = conn.execute(sa.select(Follower.__table__)).all()
    assert follower.upto > 0
