"""The loops behind ``portal worker`` and ``portal scheduler``; both end at SIGTERM.

A worker is two processes: short jobs run in one that keeps its connections, PDFs each in a
forked one, so that their memory goes back. Both live through a Redis that comes and goes.
"""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from types import FrameType
from typing import Any, NoReturn

import structlog
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import BaseWorker

from portal import clock, db, kin, memory
from portal.ledger import outbox
from portal.settings import Settings
from tasks import queues, relay, upkeep
from tasks.job import open_house
from tasks.schedule import SCHEDULE, Entry

_JOBS_BEFORE_RENEWAL = 2000
_BEAT_EVERY = 10.0
_REDIS_AGAIN_AFTER = 5.0
_TICK = 0.5
_STOPS = (signal.SIGTERM, signal.SIGINT)
log = structlog.get_logger(__name__)


# Workers


class _Steady(BaseWorker):
    """Looks for Redis again within two seconds, and tells whether it was asked to stop."""

    max_connection_wait_time = 2
    is_stopping = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """As RQ does it: at once where idle, else after the job at hand."""
        self.is_stopping = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


class _Short(_Steady, SimpleWorker):
    """Runs its jobs in this very process."""


class _Long(_Steady, Worker):
    """Runs each job in a process of its own, which ends with this one."""

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Fork with no connection to the database open.

        A child would share it: SQLite's locks don't hold in both, and to PostgreSQL one that is
        killed would go on holding what it locked for as long as this process lives.
        """
        db.current().close()
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> NoReturn:
        """The forked process: no job goes on where nobody is left to hear of its end."""
        kin.end_with(self.pid or 1, signal.SIGKILL)
        super().main_work_horse(job, queue)
        raise AssertionError("RQ ends the process itself")


def worker(settings: Settings) -> None:
    """Keep a process for short jobs and one for long ones alive until SIGTERM or SIGINT."""
    children: dict[int, Callable[[Settings], None]] = {}
    is_over = threading.Event()

    def stop(*_: Any) -> None:
        is_over.set()
        for pid in children:
            _signal(pid)

    def begin(work: Callable[[Settings], None]) -> None:
        # A stop that comes now waits: the child would take it with our handler and live on.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        children[_fork(work, settings)] = work
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)

    for sign in _STOPS:
        signal.signal(sign, stop)
    for work in (_work_short, _work_long):
        begin(work)
    while children:
        pid, _ = os.wait()
        dead = children.pop(pid, None)
        if dead is not None and not is_over.is_set():
            log.warning("worker.again", worker=dead.__name__)
            clock.sleep(1)
            if not is_over.is_set():
                begin(dead)


def _fork(work: Callable[[Settings], None], settings: Settings) -> int:
    """A child that does the work and ends with us; the child's pid."""
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _be_child(parent, work, settings)
    return pid


def _be_child(parent: int, work: Callable[[Settings], None], settings: Settings) -> NoReturn:
    status = 1
    try:
        for sign in _STOPS:
            signal.signal(sign, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        kin.end_with(parent, signal.SIGTERM)
        kin.watch(parent)
        work(settings)
        status = 0
    except SystemExit:
        status = 0
    except BaseException:  # the last line of this process
        log.exception("worker.ended")
    finally:
        os._exit(status)


def _signal(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return


def _work_short(settings: Settings) -> None:
    open_house(settings)
    outbox.nudge = relay.bell(settings)
    threading.Thread(target=_beating, daemon=True).start()
    memory.keep_for_good()
    _work(_Short, ("urgent", "default"), settings)


def _work_long(settings: Settings) -> None:
    import weasyprint  # noqa: F401 - loaded once here, it is there in every forked child

    open_house(settings)
    outbox.nudge = relay.bell(settings)
    memory.keep_for_good()
    _work(_Long, ("slow",), settings)


def _work(kind: type[_Short] | type[_Long], names: tuple[str, ...], settings: Settings) -> None:
    """Work off queues until a stop is asked for, through every absence of Redis."""
    while True:
        connection = queues.connect_worker(settings)
        crew: _Steady | None = None
        try:
            of = [queues.queue(name, connection) for name in names]
            crew = kind(of, connection=connection, serializer=JSONSerializer)
            crew.work(max_jobs=_JOBS_BEFORE_RENEWAL, logging_level="WARNING", with_scheduler=False)
            if crew.is_stopping:
                return
        except (RedisError, OSError) as error:
            # Where a whole tree is killed its Redis goes in the very moment of our own signal.
            if crew is not None and crew.is_stopping:
                return
            log.warning("redis.away", error=str(error))
            # The handlers that RQ left here stop a worker which is no more.
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            clock.sleep(1)
        finally:
            connection.close()


def _beating() -> None:
    while True:
        try:
            upkeep.beat("worker")
        except Exception:  # a sign of life that fails is told by its absence
            log.exception("beat.failed")
        clock.sleep(_BEAT_EVERY)


# The scheduler


def scheduler(settings: Settings) -> None:
    """Pass effects on and walk the schedule until SIGTERM or SIGINT."""
    is_over = threading.Event()
    for sign in _STOPS:
        signal.signal(sign, lambda *_: is_over.set())
    open_house(settings)
    outbox.nudge = relay.bell(settings)
    walk = Walk(settings)
    memory.keep_for_good()
    while not is_over.is_set():
        walk.step()
    walk.finish()


class Walk:
    """One scheduler: when each entry runs next, and whether Redis was there lately.

    The loop itself only passes on what is owed; all that may take long runs beside it.
    """

    def __init__(self, settings: Settings, schedule: Sequence[Entry] = SCHEDULE) -> None:
        now = monotonic()
        self._schedule = schedule
        self._next = {entry.name: now + entry.first for entry in schedule}
        self._apart: dict[str, threading.Thread] = {}
        self._connection = queues.connect(settings, timeout=2.0)
        self._redis_at = now

    def step(self) -> None:
        """Everything that is due, then wait for the bell or half a second."""
        for entry in self._schedule:
            if monotonic() >= self._next[entry.name]:
                self._next[entry.name] = monotonic() + entry.every
                self._start(entry.name, entry.work)
        if monotonic() < self._redis_at or not self._pass_on():
            for route in relay.ROUTES:  # as a worker has them: none waits behind another
                self._start(f"relay {route.kinds[0]}", partial(relay.carry_out, (route,)))
            clock.sleep(_TICK)

    def finish(self) -> None:
        """Give what runs apart a moment to end."""
        for thread in self._apart.values():
            thread.join(timeout=5)

    def _pass_on(self) -> bool:
        """Through Redis; False where it does not answer, and then not asked again for a while."""
        try:
            if _guarded("relay", lambda: relay.pass_on(self._connection)) == 0:
                relay.wait_for_bell(self._connection, _TICK)
        except (RedisError, OSError) as error:
            log.warning("redis.away", error=str(error))
            self._redis_at = monotonic() + _REDIS_AGAIN_AFTER
            return False
        return True

    def _start(self, name: str, work: Callable[[], object]) -> None:
        """Beside the loop, unless the last run is still at it."""
        running = self._apart.get(name)
        if running is None or not running.is_alive():
            thread = threading.Thread(target=_guarded, args=(name, work), name=name, daemon=True)
            self._apart[name] = thread
            thread.start()


def _guarded(name: str, work: Callable[[], object]) -> object:
    """Run; a fault is logged and met again at the next turn, an absent Redis is the caller's."""
    try:
        return work()
    except RedisError:
        raise
    except Exception:  # the night shift goes on
        log.exception("schedule.failed", entry=name)
        return 0
