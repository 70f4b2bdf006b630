"""Keeps hold of effects while they are being done, however slow the other side is.

A lease is short, so that a killed worker's effects are soon taken over; whoever lives renews it,
up to the time limit of the job: what has taken longer is somebody else's to try.
"""

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

import structlog

from portal.actions import messages
from portal.ledger.outbox import Claimed
from tasks.job import job

LEASE = 30.0
_RENEW_EVERY = 10.0
log = structlog.get_logger(__name__)


class Held:
    """The effects in hand; ``mine`` tells whether one still is."""

    def __init__(self, claimed: Sequence[Claimed]) -> None:
        self._fences = {one.id: one.fence for one in claimed}
        self._lock = threading.Lock()
        self._over = threading.Event()

    def mine(self, id_: str) -> bool:
        """Whether the effect is still ours to do."""
        with self._lock:
            return id_ in self._fences

    def done(self, id_: str) -> None:
        """It is over, one way or another."""
        with self._lock:
            self._fences.pop(id_, None)

    def end(self) -> None:
        """Stop renewing."""
        self._over.set()

    def renew(self, most: float) -> None:
        """Renew every few seconds until the end, or until ``most`` seconds are over.

        What somebody else has taken meanwhile is let go, and in the end everything.
        """
        until = monotonic() + most
        while not self._over.wait(max(0.0, min(_RENEW_EVERY, until - monotonic()))):
            if monotonic() >= until:
                log.warning("hold.over", effects=self._let_go())
                return
            with self._lock:
                held = list(self._fences.items())
            try:
                kept = {one.id for one in messages.hold(held, LEASE)}
            except Exception as error:  # noqa: BLE001, RUF100 - the next round may do better
                log.warning("hold.not_renewed", error=str(error))
                continue
            with self._lock:
                for id_, _ in held:
                    if id_ not in kept:
                        self._fences.pop(id_, None)

    def _let_go(self) -> int:
        with self._lock:
            count = len(self._fences)
            self._fences.clear()
        return count


@contextmanager
def holding(claimed: Sequence[Claimed], most: float) -> Iterator[Held]:
    """Renew the leases of these effects until the block ends, for ``most`` seconds."""
    held = Held(claimed)
    renewer = threading.Thread(target=held.renew, args=(most,), name="hold", daemon=True)
    renewer.start()
    try:
        yield held
    finally:
        held.end()


def job_of(work: Callable[[Sequence[Claimed]], None]) -> Callable[[list[tuple[str, int]]], int]:
    """The job that does what is still in our hands of some effects (id and fence).

    It answers how many that was.
    """

    @job
    @functools.wraps(work)  # the log names the work, not this
    def carry_out_held(held: list[tuple[str, int]]) -> int:
        claimed = messages.hold([(id_, fence) for id_, fence in held], LEASE)
        work(claimed)
        return len(claimed)

    return carry_out_held
