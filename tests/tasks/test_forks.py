"""A job that runs in a process of its own takes nothing of its worker's database along."""

import os
import signal
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from rq.serializers import JSONSerializer

from portal import db
from portal.settings import Settings
from tasks import queues, run

_LOCK = 4711


@pytest.fixture
def signals() -> Iterator[None]:
    """A worker sets handlers of its own; afterwards those of before are back."""
    kept = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    yield
    for one, handler in kept.items():
        signal.signal(one, handler)


def lock_and_die() -> None:
    """Lock something for as long as the session lives, and be killed."""
    with db.reading() as conn:
        conn.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_a_killed_job_had_locked_is_free_again(house: Settings, signals: None) -> None:
    url = house.database_url
    with db.reading() as conn:
        conn.execute(sa.select(1))
    with queues.connect_worker(house) as connection:
        queue = queues.queue("slow", connection)
        queue.enqueue(lock_and_die)
        crew = run._Long([queue], connection=connection, serializer=JSONSerializer)
        crew.work(burst=True, logging_level="CRITICAL")
    other = db.Database(url)
    with other.reading() as conn:
        assert conn.execute(sa.select(sa.func.pg_try_advisory_lock(_LOCK))).scalar_one()
    other.close()
