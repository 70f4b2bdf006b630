"""Effects owed: taken by one, fenced, counted when taken, never lost."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal import db
from portal.clock import Clock
from portal.ledger import outbox
from portal.ledger.tables import Outgoing

pytestmark = pytest.mark.usefixtures("database")
LEASE = 30


def owe(count: int = 1, kind: str = "mail.alarm", **at: object) -> list[str]:
    with db.transaction() as tx:
        now = tx.now
        rows = [
            outbox.row(kind, {"n": n}, once=f"{kind}:{n}", process_id=None, now=now, **at)  # type: ignore[arg-type]
            for n in range(count)
        ]
        outbox.put(tx, rows)
    return [row["id"] for row in rows]


def claim(limit: int = 100, **how: object) -> list[outbox.Claimed]:
    with db.transaction() as tx:
        return outbox.claim(tx, limit, LEASE, **how)  # type: ignore[arg-type]


def test_taken_in_order_and_by_one(clock: Clock) -> None:
    kinds = ["mail.invite", "mail.receipt", "mail.reminder"]
    for kind in kinds:
        owe(1, kind)
        clock.advance(seconds=1)
    assert [one.kind for one in claim(2)] == kinds[:2]
    assert [one.kind for one in claim(2)] == kinds[2:]
    assert claim() == []


def test_the_same_once_is_one_effect(clock: Clock) -> None:
    ids = owe(2)
    owe(3)
    taken = [one.id for one in claim()]
    assert len(taken) == 3
    assert set(ids) < set(taken)


def test_not_before_its_time(clock: Clock) -> None:
    owe(1, at=clock.advance(hours=1))
    clock.advance(minutes=-1)
    assert claim() == []
    clock.advance(minutes=1)
    assert len(claim()) == 1


def test_kinds_narrow(clock: Clock) -> None:
    owe(1, "mail.alarm")
    owe(1, "trail.build")
    assert [one.kind for one in claim(kinds=["trail.build"])] == ["trail.build"]


def test_a_lost_lease_is_taken_again_and_counts(clock: Clock) -> None:
    owe()
    first = claim()[0]
    clock.advance(seconds=LEASE + 1)
    second = claim()[0]
    assert (first.attempts, second.attempts, second.fence) == (1, 2, first.fence + 1)


def test_r06_a_late_finisher_is_refused(clock: Clock) -> None:
    owe()
    late = claim()[0]
    clock.advance(seconds=LEASE + 1)
    held = claim()[0]
    with db.transaction() as tx:
        assert not outbox.settle(tx, late.id, late.fence)
        assert not outbox.retry(tx, late.id, late.fence, "x", timedelta())
        assert outbox.claim_one(tx, late.id, late.fence, LEASE) is None
        assert outbox.claim_one(tx, held.id, held.fence, LEASE) == held
        assert outbox.settle(tx, held.id, held.fence)
        assert not outbox.give_up(tx, held.id, held.fence, "x")
    clock.advance(days=1)
    assert claim() == []


def test_what_is_postponed_waits_and_was_no_attempt(clock: Clock) -> None:
    [picture], [mail] = owe(1, "file.show"), owe(1)
    owe(1, "file.show", at=clock.advance(hours=9))
    clock.advance(hours=-9)
    with db.transaction() as tx:
        assert outbox.postpone(tx, ["file.show"], tx.now + timedelta(hours=1)) == 1
    assert [one.id for one in claim()] == [mail]
    with db.transaction() as tx:
        late = tx.now + timedelta(days=1)
        assert outbox.postpone(tx, ["mail.alarm"], late) == 0, "it is in somebody's hands"
    clock.advance(hours=1)
    [taken] = claim(kinds=["file.show"])
    assert (taken.id, taken.attempts, taken.fence) == (picture, 1, 1)


def test_a_failure_waits_and_keeps_its_reason(clock: Clock) -> None:
    owe()
    one = claim()[0]
    with db.transaction() as tx:
        assert outbox.retry(tx, one.id, one.fence, "busy", timedelta(minutes=5))
    clock.advance(minutes=4)
    assert claim() == []
    clock.advance(minutes=1)
    assert claim()[0].attempts == 2
    with db.reading() as conn:
        assert conn.execute(sa.select(Outgoing.error)).scalar_one() == "busy"


def test_what_is_given_up_stays_to_be_seen(clock: Clock) -> None:
    owe()
    one = claim()[0]
    with db.transaction() as tx:
        assert outbox.give_up(tx, one.id, one.fence, "no such host")
    clock.advance(days=100)
    with db.transaction() as tx:
        assert outbox.prune(tx, tx.now) == 0
    with db.reading() as conn:
        row = conn.execute(sa.select(Outgoing.state, Outgoing.error)).one()
    assert tuple(row) == ("dead", "no such host")


def test_done_is_pruned(clock: Clock) -> None:
    owe(3)
    for one in claim():
        with db.transaction() as tx:
            outbox.settle(tx, one.id, one.fence)
    clock.advance(days=40)
    with db.transaction() as tx:
        assert outbox.prune(tx, tx.now - timedelta(days=30), limit=2) == 2
        assert outbox.prune(tx, tx.now - timedelta(days=30), limit=2) == 1


def test_the_age_of_the_oldest_is_known(clock: Clock) -> None:
    with db.reading() as conn:
        assert outbox.pending_age(conn, clock.advance()) == timedelta()
        owe()
        assert outbox.pending_age(conn, clock.advance(minutes=3)) == timedelta(minutes=3)


def test_r02_many_relays_never_take_the_same(clock: Clock) -> None:
    ids = owe(200)
    taken: list[str] = []

    def relay() -> None:
        while mine := claim(7):
            taken.extend(one.id for one in mine)

    relays = [threading.Thread(target=relay) for _ in range(6)]
    for one in relays:
        one.start()
    for one in relays:
        one.join(60)
    assert sorted(taken) == sorted(ids)
