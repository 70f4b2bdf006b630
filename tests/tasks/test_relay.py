"""From the outbox to the workers, with Redis there, away, and emptied."""

import signal
import subprocess
import sys
import threading
import time

import pytest
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from portal.actions import messages
from portal.clock import Clock
from portal.models import Trail
from portal.settings import Settings
from tasks import hold, queues, relay
from tests import makers, people
from tests.servers import ROOT, Redis, Smtp, wait_for
from tests.tasks.conftest import ASKING, post

VERA = people.VERA["email"]


def work_off(settings: Settings, *names: str) -> None:
    """Do in this process what stands in the queues."""
    connection = queues.connect(settings)
    of = [queues.queue(name, connection) for name in names or queues.NAMES]
    worker = SimpleWorker(of, connection=connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="WARNING")


def test_what_is_due_goes_through_the_queue(asked: str, house: Settings, smtp: Smtp) -> None:
    connection = queues.connect(house)
    assert relay.pass_on(connection) == 1
    assert relay.pass_on(connection) == 0
    assert not smtp.letters
    work_off(house)
    assert len(smtp.to(VERA)) == 1
    assert makers.types(asked).count("link.sent") == 1


def test_nothing_secret_and_nobody_named_stands_in_redis(asked: str, house: Settings) -> None:
    connection = queues.connect(house)
    relay.pass_on(connection)
    [job] = queues.queue("urgent", connection).jobs
    assert "vendor.example" not in str(job.args)
    assert "/t/" not in str(job.data)


def test_invitations_do_not_wait_behind_reminders(house: Settings) -> None:
    kinds = {kind: route.queue for route in relay.ROUTES for kind in route.kinds}
    assert kinds["mail.invite"] == "urgent"
    assert kinds["mail.reminder"] == "default"
    assert queues.NAMES.index("urgent") < queues.NAMES.index("default")


def test_no_more_is_claimed_than_will_soon_be_begun(house: Settings, smtp: Smtp) -> None:
    makers.publish(ASKING)
    for _ in range(4):
        relay_many(house)
    connection = queues.connect(house)
    relay.pass_on(connection)
    assert queues.queue("urgent", connection).count <= 4


def relay_many(_settings: Settings) -> None:
    """Start a few processes of the definition in place."""
    from portal.actions import processes

    for _ in range(3):
        processes.start(
            "demo", participants={"vendor": people.VERA}, inputs={}, actor=people.staff("dana")
        )


def test_a_redis_that_forgets_loses_nothing(
    asked: str, house: Settings, smtp: Smtp, redis: Redis, clock: Clock
) -> None:
    connection = queues.connect(house)
    relay.pass_on(connection)
    redis.flush()
    clock.advance(seconds=31)
    relay.pass_on(connection)
    work_off(house)
    assert len(smtp.to(VERA)) == 1


def test_a_redis_that_is_away_is_an_error_before_anything_is_claimed(
    asked: str, house: Settings, smtp: Smtp, redis: Redis
) -> None:
    redis.stop()
    try:
        with pytest.raises(RedisError):
            relay.pass_on(queues.connect(house, timeout=0.5))
        assert post() == 1
    finally:
        redis.start()
    assert len(smtp.to(VERA)) == 1


def test_every_job_thrice_is_one_mail(asked: str, house: Settings, smtp: Smtp) -> None:
    [one] = messages.take(10, 30)
    from tasks import mail

    for _ in range(3):
        mail.deliver([(one.id, one.fence)])
    assert len(smtp.letters) == 1


def test_a_late_finisher_does_nothing(asked: str, smtp: Smtp, clock: Clock) -> None:
    from tasks import mail

    [late] = messages.take(10, 30)
    clock.advance(seconds=31)
    [fresh] = messages.take(10, 30)
    assert fresh.id == late.id
    assert mail.deliver([(late.id, late.fence)]) == 0
    assert mail.deliver([(fresh.id, fresh.fence)]) == 1
    assert len(smtp.letters) == 1


def test_two_relays_share_the_work(house: Settings, smtp: Smtp) -> None:
    makers.publish(ASKING)
    relay_many(house)
    threads = [threading.Thread(target=post) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(smtp.letters) == 3


def test_the_bell_never_blocks_and_wakes_the_waiter(house: Settings, redis: Redis) -> None:
    ring = relay.bell(house)
    connection = queues.connect(house)
    before = time.monotonic()
    ring()
    relay.wait_for_bell(connection, 5)
    assert time.monotonic() - before < 2
    redis.stop()
    try:
        before = time.monotonic()
        ring()
        assert time.monotonic() - before < 0.2
    finally:
        redis.start()


CRASH = """\
from portal.settings import Settings
from portal import clock
from datetime import datetime
import sys
from tasks import job, queues, relay
settings = Settings.load()
job.open_house(settings)
still = clock.stopped_at(datetime.fromisoformat(sys.argv[2]))
still.__enter__()
if sys.argv[1] == "relay":
    relay.pass_on(queues.connect(settings))
else:
    relay.carry_out_here()
"""


def run_to_the_fault(settings: Settings, fault: str, now: str, what: str = "work") -> int:
    """Run the relay or the effects in a process of its own that kills itself at the fault."""
    env = {
        "PORTAL_FAULT": fault,
        "PORTAL_DATA_DIR": str(settings.data_dir),
        "PORTAL_DATABASE_URL": settings.database_url,
        "PORTAL_SMTP_URL": settings.smtp_url or "",
        "PORTAL_REDIS_URL": settings.redis_url or "",
        "PORTAL_BASE_URL": settings.base_url,
        "PORTAL_BRAND_NAME": settings.brand.name,
        "PORTAL_OUTBOUND_ALLOW": ",".join(settings.outbound_allow),
        "PORTAL_SECRET_KEYS": ",".join(settings.secret_keys),
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        [sys.executable, "-c", CRASH, what, now], cwd=ROOT, env=env, check=False, timeout=60,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.returncode


@pytest.mark.parametrize("fault", ["F5", "F6"])
def test_a_relay_killed_with_effects_in_hand_loses_none(
    fault: str, asked: str, house: Settings, smtp: Smtp, clock: Clock
) -> None:
    from portal import clock as house_clock

    run_to_the_fault(house, fault, house_clock.now().isoformat(), "relay")
    work_off(house)
    clock.advance(seconds=45)
    relay.pass_on(queues.connect(house))
    work_off(house)
    assert len(smtp.to(VERA)) == 1
    assert makers.types(asked).count("link.sent") == 1
    assert makers.owed(asked, "mail.invite")[0].state == "done"


# Looking for checkpoints to sign is the first transaction, taking the mail the second, noting what
# became of it the third.
@pytest.mark.parametrize(("fault", "copies"), [("F7", 1), ("F8", 2), ("F3:3", 2), ("F1:3", 2)])
def test_a_worker_killed_around_the_effect_sends_the_same_mail_at_most_twice(
    fault: str, copies: int, asked: str, house: Settings, smtp: Smtp, clock: Clock
) -> None:
    from portal import clock as house_clock

    run_to_the_fault(house, fault, house_clock.now().isoformat())
    clock.advance(seconds=31)
    post()
    letters = smtp.to(VERA)
    assert len(letters) == copies
    assert len({letter.content for letter in letters}) == 1
    assert makers.types(asked).count("link.sent") == 1


def test_a_builder_killed_before_it_noted_the_trail_builds_it_again(
    asked: str, house: Settings, clock: Clock, smtp: Smtp
) -> None:
    from portal import clock as house_clock
    from portal.actions import trails

    post()
    trails.ask(asked, actor=people.staff("dana"))
    run_to_the_fault(house, "F11", house_clock.now().isoformat())
    assert makers.rows(Trail)[0].storage_id is None
    clock.advance(seconds=31)
    post()
    assert makers.rows(Trail)[0].storage_id is not None
    assert makers.types(asked).count("trail.built") == 1


def test_the_hold_is_renewed_while_a_server_is_slow(
    asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "_RENEW_EVERY", 0.05)
    [one] = messages.take(10, 1)
    due = makers.owed(asked, "mail.invite")[0].due_at
    with hold.holding([one], 60) as held:
        wait_for(lambda: makers.owed(asked, "mail.invite")[0].due_at > due, 30, "the renewal")
        assert held.mine(one.id)


def test_nothing_is_held_past_the_time_limit_of_its_job(
    asked: str, house: Settings, clock: Clock
) -> None:
    [one] = messages.take(10, 30)
    with hold.holding([one], 0.1) as held:
        wait_for(lambda: not held.mine(one.id), 10, "the end of the hold")
    clock.advance(seconds=31)
    relay.pass_on(queues.connect(house))
    [job] = queues.queue("urgent", queues.connect(house)).jobs
    assert job.timeout == queues.TIME_LIMITS["urgent"]
