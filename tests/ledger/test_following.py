"""Whoever goes through all ledgers by their one cursor misses nothing, however writers overlap."""

import threading

from portal import db
from portal.actor import Actor
from portal.ledger import catalogue as c
from portal.ledger import following, record
from tests.ledger import stories

LOGS = ("0197a1b2-0000-7000-8000-000000000001", "0197a1b2-0000-7000-8000-000000000002")


class Writer:
    """Somebody who adds one event to a ledger, step by step as the test says."""

    def __init__(self, log: str, actor: Actor) -> None:
        self._log, self._actor = log, actor
        self._go, self._done = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self._run, daemon=True).start()

    def step(self) -> None:
        """First lock the head, then write the event, then commit."""
        self._go.release()
        assert self._done.acquire(timeout=20)

    def _run(self) -> None:
        self._go.acquire()
        with db.transaction() as tx:
            chain = record.open_chain(tx, self._log)
            self._pause()
            chain.add(c.CommentAdded(text="Hello"), actor=self._actor)
            tx.finish()
            self._pause()
        self._done.release()

    def _pause(self) -> None:
        self._done.release()
        self._go.acquire()


def after(cursor: int) -> list[int]:
    with db.reading() as conn:
        return [entry.id for entry in following.news(conn, cursor, 100)]


def test_an_event_under_an_earlier_number_that_is_committed_later_is_told_too(
    postgresql: db.Database, vera: Actor
) -> None:
    for log in LOGS:
        stories.tell(log, vera)
    before = after(0)[-1]
    first, second = Writer(LOGS[0], vera), Writer(LOGS[1], vera)
    first.step()
    second.step()
    second.step()  # writes the earlier number in the later transaction
    first.step()
    first.step()  # is through
    seen = after(before)
    second.step()
    seen += after(seen[-1] if seen else before)
    assert seen == sorted(seen)
    assert len(seen) == 2, "one was passed over for good"
