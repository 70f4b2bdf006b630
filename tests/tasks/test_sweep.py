"""Due timers: many at a time, none silenced by another, and nobody else held up by them."""

import threading
import time

import pytest
import sqlalchemy as sa

from portal import db
from portal.clock import Clock
from portal.ledger.tables import Head
from portal.models import Timer
from portal.settings import Settings
from tasks import queues, relay, sweep
from tasks.run import Walk
from tasks.schedule import Entry
from tests import makers, people
from tests.servers import Redis, Smtp, wait_for
from tests.tasks.conftest import ASKING, post

# Nothing else rings beside the reminder.
PICKED_UP = ASKING.replace("due: 2 days", "due: 2 days\n    pick_up: 2 weeks")


@pytest.fixture
def backlog(house: Settings, clock: Clock) -> list[str]:
    """Processes whose first reminder is due, their invitations sent."""
    makers.publish(PICKED_UP)
    started = [makers.start_again() for _ in range(6)]
    post()
    clock.advance(days=1)
    return started


def reminded(processes: list[str]) -> list[str]:
    """Those of the processes that owe a reminder."""
    return [one for one in processes if makers.owed(one, "mail.reminder")]


def test_many_processes_ring_in_one_transaction(backlog: list[str]) -> None:
    commits: list[object] = []
    sa.event.listen(db.current().engine, "commit", commits.append)
    assert sweep.ring_due() == 6
    assert len(commits) == 1
    assert reminded(backlog) == backlog
    assert sweep.ring_due() == 0


def test_a_timer_that_cannot_ring_silences_no_other(backlog: list[str]) -> None:
    broken = backlog[2]
    with db.transaction() as tx:
        due = sa.and_(Timer.process_id == broken, Timer.kind == "remind", Timer.rung == 0)
        tx.execute(sa.update(Timer).where(due).values(what={}))
    sweep.ring_due()
    assert reminded(backlog) == [one for one in backlog if one != broken]
    assert sweep.ring_due() == 1  # still there, to be met again


def test_a_process_that_is_written_to_is_left_for_the_next_time(backlog: list[str]) -> None:
    if db.current().is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    busy = sa.select(Head.log).where(Head.log == backlog[0]).with_for_update()
    with db.current().engine.connect() as conn, conn.begin():
        conn.execute(busy)
        sweep.ring_due()
        assert reminded(backlog) == backlog[1:]
    sweep.ring_due()
    assert reminded(backlog) == backlog


def test_an_invitation_is_passed_on_while_the_sweep_is_at_work(house: Settings) -> None:
    backlog_is_over = threading.Event()
    walk = Walk(house, [Entry("sweep", backlog_is_over.wait, every=1.0)])
    try:
        process = makers.start(ASKING)
        walk.step()
        [invitation] = makers.owed(process, "mail.invite")
        assert invitation.fence == 1
        assert queues.queue("urgent", queues.connect(house)).count == 1
    finally:
        backlog_is_over.set()
        walk.finish()


def test_without_redis_an_invitation_does_not_wait_behind_reminders(
    backlog: list[str], house: Settings, smtp: Smtp, redis: Redis
) -> None:
    sweep.ring_due()
    smtp.pauses[people.VERA["email"]] = 1.0
    redis.stop()
    walk = Walk(house, [])
    try:
        walk.step()
        wait_for(lambda: not pending(backlog), 10, "a relay that has the reminders in hand")
        began = time.monotonic()
        makers.start_again(people.OTTO)
        walk.step()
        wait_for(lambda: smtp.to(people.OTTO["email"]), 10, "the invitation")
        assert time.monotonic() - began < 4
        assert len(smtp.to(people.VERA["email"])) < 12
    finally:
        smtp.pauses.clear()
        redis.start()
        walk.finish()
        relay.carry_out_here()


def pending(processes: list[str]) -> list[object]:
    """The reminders that nobody has in hand yet."""
    owed = (row for one in processes for row in makers.owed(one, "mail.reminder"))
    return [row for row in owed if row.fence == 0]
