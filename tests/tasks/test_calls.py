"""Calls as they go out: to a real server that fails, is slow, answers oddly; around every kill."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from portal import clock as house_clock
from portal import db
from portal.actions import messages, processes
from portal.clock import Clock
from portal.ledger.tables import Disclosure, Entry, Outgoing
from portal.settings import Settings
from tasks import calls as job
from tasks import queues, relay
from tests import makers, people
from tests.actions.test_blocks import is_sound, open_steps, values
from tests.delivery.receivers import Got, Receiver, Talk, answer, answering, receiver
from tests.tasks.conftest import post
from tests.tasks.test_relay import run_to_the_fault, work_off

CALL = """\
  - id: book
    call:
      url: "URL/orders?name={{ inputs.amount }}"
      json: {amount: "{{ inputs.amount }}"}
      MORE
      save: {order: response.json.id}
  - {id: last, assign: buyer, task: {}}
"""
GOOD = answering(200, b'{"id": "o-1"}', content_type="application/json")
SECRET = "s3cret-canary-8841"


def started(there: Receiver, more: str = "retry: {times: 2, first: 10 seconds}") -> str:
    steps = CALL.replace("URL", there.url).replace("MORE", more)
    return makers.start(steps, inputs={"amount": "10.50"})


@pytest.fixture
def good(house: Settings) -> Iterator[Receiver]:
    """A system that does what it is asked."""
    with receiver(GOOD) as there:
        yield there


def call() -> int:
    """Make the calls that are due; how many they were."""
    return relay.carry_out_here([route for route in relay.ROUTES if "call.request" in route.kinds])


def in_turn(*talks: Talk) -> Talk:
    """One way to answer after the other; the last of them from then on."""
    left = list(talks)

    def talk(got: Got, wire: socket.socket) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(got, wire)

    return talk


def test_a_call_goes_through_the_queue_and_the_process_goes_on(
    good: Receiver, house: Settings
) -> None:
    process = started(good)
    connection = queues.connect(house)
    relay.pass_on(connection)
    [waiting] = [
        one for one in queues.queue("default", connection).jobs if "calls" in one.func_name
    ]
    assert good.url not in str(waiting.data)
    work_off(house)
    [got] = good.requests
    assert (got.method, got.path, got.body) == ("POST", "/orders?name=10.50", b'{"amount": 10.50}')
    assert got.headers["content-type"] == "application/json"
    assert values(process) == {"order": "o-1"}
    assert open_steps(process) == ["last"]
    assert is_sound(process)


@pytest.mark.parametrize(
    "trouble",
    [
        answering(500, b"Sorry"),
        answering(302, b"", location="http://127.0.0.1:9/"),
        lambda _got, wire: wire.sendall(b"nonsense\r\n\r\n"),
        lambda _got, wire: None,
    ],
)
def test_what_fails_at_first_is_the_very_same_call_later(
    trouble: Talk, house: Settings, clock: Clock
) -> None:
    with receiver(in_turn(trouble, GOOD)) as there:
        process = started(there)
        assert call() == 1
        assert call() == 0
        clock.advance(seconds=10)
        assert call() == 1
    first, second = there.requests
    assert first == second
    assert first.headers["idempotency-key"]
    assert [event["data"]["attempt"] for event in makers.events(process, "call.failed")] == [1]
    [done] = makers.events(process, "call.succeeded")
    assert done["data"]["attempt"] == 2
    assert is_sound(process)


def test_what_never_works_opens_an_exception_after_the_last_attempt(
    house: Settings, clock: Clock
) -> None:
    with receiver(answering(503, b"Closed for today")) as there:
        process = started(there)
        for wait in (0, 10, 20):
            clock.advance(seconds=wait)
            assert call() == 1
        clock.advance(days=1)
        assert call() == 0
    assert len(there.requests) == 3
    assert [one.kind for one in makers.troubles(process)] == ["call"]
    assert is_sound(process)


def test_an_answer_past_the_most_that_is_read_still_counts(house: Settings) -> None:
    body = b'{"id": "' + b"a" * 200_000 + b'"}'
    with receiver(answering(200, body)) as there:
        process = started(there)
        call()
    [trouble] = makers.troubles(process)
    assert "longer than the 100 KB" in trouble.message


def test_no_system_that_hangs_keeps_the_other_calls_waiting(house: Settings) -> None:
    with receiver(lambda _got, wire: time.sleep(2)) as hanging, receiver(GOOD) as there:
        slow = [started(hanging) for _ in range(4)]
        quick = started(there)
        before = time.monotonic()
        assert call() == 5
        assert time.monotonic() - before < 6
    assert open_steps(quick) == ["last"]
    assert all("call.failed" in makers.types(one) for one in slow)


def test_a_private_address_that_nobody_admitted_is_an_exception_at_once(house: Settings) -> None:
    process = makers.start("  - {id: book, call: {url: 'http://10.0.0.1/', retry: {times: 5}}}\n")
    call()
    [trouble] = makers.troubles(process)
    assert "not on the public net" in trouble.message
    [event] = makers.events(process, "call.failed")
    assert event["data"]["error"] == "address"


def test_an_unknown_secret_is_an_exception_and_nothing_is_sent(good: Receiver) -> None:
    process = started(good, "secret: ERP")
    call()
    [trouble] = makers.troubles(process)
    assert "PORTAL_SECRET_ERP" in trouble.message
    assert good.connections == 0


@pytest.mark.parametrize(
    ("headers", "name", "value"),
    [
        ("", "authorization", f"Bearer {SECRET}"),
        ('headers: {X-Api-Key: "key={{ secret }}"}', "x-api-key", f"key={SECRET}"),
    ],
)
def test_a_secret_goes_out_and_nowhere_else(
    headers: str,
    name: str,
    value: str,
    house: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PORTAL_SECRET_ERP", SECRET)

    def echoing(got: Got, wire: socket.socket) -> None:
        body = json.dumps({"id": got.headers}).encode()
        wire.sendall(answer(200 if len(there.requests) > 1 else 500, body, x_echo=SECRET))

    with receiver(echoing) as there:
        process = started(there, f"secret: ERP\n      {headers}\n      retry: {{first: 1 second}}")
        call()
        house_clock.Clock().advance(seconds=1)
        call()
    first, second = there.requests
    assert first.headers[name] == second.headers[name] == value
    assert open_steps(process) == ["last"]
    with db.reading() as conn:
        for table in (Entry, Disclosure, Outgoing, makers.StepRun, makers.Process, makers.Trouble):
            for row in conn.execute(table.__table__.select()):
                assert SECRET not in str(tuple(row))
    told = capfd.readouterr()
    assert SECRET not in told.out + told.err


@pytest.mark.parametrize(("fault", "copies"), [("F7", 1), ("F9", 2), ("F2", 2)])
def test_a_worker_killed_around_the_call_makes_the_same_call_at_most_twice(
    fault: str, copies: int, good: Receiver, house: Settings, clock: Clock
) -> None:
    process = started(good)
    run_to_the_fault(house, fault, house_clock.now().isoformat())
    clock.advance(seconds=31)
    post()
    assert len(good.requests) == copies
    assert len({got.headers["idempotency-key"] for got in good.requests}) == 1
    assert len({got.body for got in good.requests}) == 1
    assert makers.types(process).count("call.succeeded") == 1
    assert open_steps(process) == ["last"]
    assert is_sound(process)


def test_every_job_thrice_is_one_call(good: Receiver) -> None:
    started(good)
    [one] = messages.take(10, 30, ("call.request",))
    for _ in range(3):
        job.make([(one.id, one.fence)])
    assert len(good.requests) == 1


def test_a_call_that_is_not_wanted_any_more_is_not_made(good: Receiver) -> None:
    process = started(good)
    processes.cancel(process, "Enough.", actor=people.staff("dana"))
    call()
    assert good.connections == 0
    assert makers.owed(process, "call.request")[0].state == "done"


def test_a_process_cancelled_while_the_other_side_thinks_stays_as_it_is(house: Settings) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    def thinking(got: Got, wire: socket.socket) -> None:
        asked.set()
        may_answer.wait(10)
        GOOD(got, wire)

    with receiver(thinking) as there:
        process = started(there)
        calling = threading.Thread(target=call)
        calling.start()
        assert asked.wait(10)
        processes.cancel(process, "Enough.", actor=people.staff("dana"))
        may_answer.set()
        calling.join(10)
    assert "call.succeeded" not in makers.types(process)
    assert values(process) == {}
    assert is_sound(process)


def test_a_call_that_ended_its_worker_each_time_is_given_up(good: Receiver, clock: Clock) -> None:
    process = started(good)
    for _ in range(3):
        messages.take(10, 30, ("call.request",))
        clock.advance(seconds=31)
    call()
    assert good.connections == 0
    [trouble] = makers.troubles(process)
    assert "however often it was begun" in trouble.message
