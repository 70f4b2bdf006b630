"""From the outbox to the workers: claims what is due and hands it over in batches.

Redis is a doorbell. Where it does not answer, the relay does the effects itself; what it forgets
is claimed again when the lease ends.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog
from redis import Redis
from rq import Queue
from rq.queue import EnqueueData

from portal import fault
from portal.actions import messages
from portal.ledger.outbox import Claimed
from portal.settings import Settings
from tasks import (
    batches,
    calls,
    checkpoints,
    erasures,
    mail,
    packs,
    queues,
    renditions,
    runs,
    scans,
    trails,
)
from tasks.hold import LEASE
from tasks.job import job

BELL = "portal:bell"
# No more batches wait in a queue than will be begun before their leases end.
_MOST_WAITING = 4
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Route:
    """Which queue takes which kinds, how many at a time, and what does them."""

    queue: str
    kinds: tuple[str, ...]
    batch: int
    work: Callable[[Sequence[Claimed]], None]
    job: str


# Whoever waits at a screen comes first: a backlog of reminders must not keep an invitation.
_FIRST = (
    "mail.code",
    "mail.own_code",
    "mail.room_code",
    "mail.room",
    "mail.sign_in",
    "mail.lost",
    "mail.invite",
    "mail.renewal",
    "mail.receipt",
    "mail.message",
    "mail.delegated",
    "mail.declined",
    "mail.asked_again",
    "mail.question",
    "mail.room_question",
    "mail.room_answer",
    "mail.answer",
)
_LATER = ("mail.reminder", "mail.escalation", "mail.withdrawn", "mail.reassigned", "mail.trouble",
          "mail.review", "mail.doubled", "mail.handoff", "mail.claimed", "mail.delegation",
          "mail.refusal", "mail.promise", "mail.digest", "mail.doubt", "mail.settled")  # fmt: skip
ROUTES = (
    # Before the mails, whose sending is recorded after the end; one signature for hundreds.
    Route("urgent", ("ledger.checkpoint",), 500, checkpoints.carry_out, "tasks.checkpoints.sign"),
    Route("urgent", _FIRST, 50, mail.carry_out, "tasks.mail.deliver"),
    Route("urgent", ("run.ended",), 20, runs.carry_out, "tasks.runs.go_on"),
    # Short batches: while one is at work, whoever waits at a screen waits for its end.
    Route("default", _LATER, 25, mail.carry_out, "tasks.mail.deliver"),
    Route("default", ("call.request",), 10, calls.carry_out, "tasks.calls.make"),
    Route("default", ("file.scan",), 4, scans.carry_out, "tasks.scans.scan"),
    Route("slow", ("batch.rows",), 1, batches.carry_out, "tasks.batches.go_on"),
    Route("slow", ("trail.build", "trail.stamp"), 1, trails.carry_out, "tasks.trails.build"),
    Route("slow", ("privacy.erase",), 1, erasures.carry_out, "tasks.erasures.go_on"),
    Route("slow", ("privacy.bytes",), 20, erasures.clear, "tasks.erasures.sweep"),
    Route("slow", ("file.show",), 1, renditions.carry_out, "tasks.renditions.show"),
    # Hundreds of these at once: whoever waits for one trail comes first.
    Route("slow", ("pack.part",), 1, packs.carry_out, "tasks.packs.build"),
    Route("slow", ("pack.close",), 1, packs.put_together, "tasks.packs.close"),
)
# An alarm says that nobody works on the queues: whoever raises it sends it.
ALARM = Route("", ("mail.alarm",), 50, mail.carry_out, "")


def pass_on(connection: Redis) -> int:
    """Hand what is due to the workers; how many effects that was. Raises RedisError."""
    return sum(_fill(route, queues.queue(route.queue, connection)) for route in ROUTES)


def carry_out_here(routes: Sequence[Route] = (*ROUTES, ALARM)) -> int:
    """Do everything that is due in this process; how many effects that was."""
    done = 0
    for route in routes:
        while claimed := messages.take(route.batch, LEASE, route.kinds):
            route.work(claimed)
            done += len(claimed)
    return done


carry_out = job(carry_out_here)


def bell(settings: Settings) -> Callable[[], None]:
    """What to call after a commit that owes something: it rings in Redis, and never blocks."""
    wanted = threading.Event()
    begun = threading.Lock()

    def ring() -> None:
        wanted.set()
        if begun.acquire(blocking=False):
            threading.Thread(target=_ringing, args=(settings, wanted), daemon=True).start()

    return ring


def wait_for_bell(connection: Redis, seconds: float) -> None:
    """Return when somebody rings, or after some seconds. Raises RedisError."""
    if connection.blpop([BELL], timeout=seconds) is not None:
        connection.delete(BELL)


def _ringing(settings: Settings, wanted: threading.Event) -> None:
    connection = queues.connect(settings, timeout=1.0)
    while True:
        wanted.wait()
        wanted.clear()
        try:
            connection.rpush(BELL, 1)
            connection.ltrim(BELL, -1, -1)
        except Exception:  # noqa: BLE001, RUF100 - the next sweep finds the row
            log.debug("bell.silent")


def _fill(route: Route, queue: Queue) -> int:
    """Claim for as many batches as the queue has room for, and enqueue them in one go."""
    room = _MOST_WAITING - queue.count
    if room <= 0:
        return 0
    claimed = messages.take(room * route.batch, LEASE, route.kinds)
    if not claimed:
        return 0
    fault.at("F5")
    queue.enqueue_many([_data(route, batch) for batch in _batches(claimed, route.batch)])
    fault.at("F6")
    return len(claimed)


def _data(route: Route, batch: Sequence[Claimed]) -> EnqueueData:
    return Queue.prepare_data(
        route.job,
        args=([(one.id, one.fence) for one in batch],),
        timeout=queues.TIME_LIMITS[route.queue],
        result_ttl=queues.KEEP_RESULT,
        failure_ttl=queues.KEEP_FAILURE,
        job_id=f"{batch[0].id}-{batch[0].fence}",
    )


def _batches(claimed: Sequence[Claimed], size: int) -> Iterator[Sequence[Claimed]]:
    return (claimed[i : i + size] for i in range(0, len(claimed), size))
