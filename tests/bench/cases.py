"""The sides of every comparison: what the product does, and the least it could cost.

A side is a function that prepares a place and returns the call to be timed. Subjects go
through WSGI or a public function, never through internals.
"""

import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal import clock, db
from portal.actions import tasks
from portal.ledger import audit, chain
from portal.ledger.findings import SOUND
from portal.ledger.tables import Entry
from portal.ledger.verify import verify
from portal.models import Task, Timer
from portal.readings import axis, combined, export, search, timeline
from tests import makers, people
from tests.bench import floors, searches, uploads, world
from tests.bench.world import Place

Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Side:
    """How to prepare it, how often to call it in one sample, and how much there shall be.

    It is called once before it is timed, unless that takes too long and it ``warms_itself``.
    """

    make: Callable[[Place], Call]
    times: int
    quick_times: int
    size: int = 0
    quick_size: int = 0
    warms_itself: bool = False


SIDES: dict[str, Side] = {}


def side(
    name: str, *, times: int, quick: int | None = None, size: int = 0, quick_size: int = 0,
    warms_itself: bool = False,
) -> Callable[[Callable[[Place], Call]], Callable[[Place], Call]]:  # fmt: skip
    """Enter a function under a name; ``quick`` calls are timed with ``--quick``."""

    def enter(make: Callable[[Place], Call]) -> Callable[[Place], Call]:
        fewer = quick or max(1, times // 4)
        SIDES[name] = Side(make, times, fewer, size, quick_size, warms_itself)
        return make

    return enter


# Floors


@side("floor-page", times=400)
def _floor_page(place: Place) -> Call:
    return floors.floor_page(place.folder)


@side("write-floor", times=800, quick=300)
def _write_floor(place: Place) -> Call:
    return floors.write_floor(place.floor_url)


# Pages


@side("guest-get", times=400)
def _guest_get(place: Place) -> Call:
    app = world.app_at(place)
    client, path = world.guest_client(app, makers.start(world.QUESTIONS))

    def run() -> None:
        assert client.get(path).status_code == 200

    return run


@side("guest-post", times=100, quick=40)
def _guest_post(place: Place) -> Call:
    app = world.app_at(place)
    makers.publish(world.QUESTIONS)
    waiting = []
    for _ in range(place.times + 1):
        client, path = world.guest_client(app, makers.start_again())
        waiting.append((client, path, {**world.ANSWERS, **world.hidden(client.get(path).text)}))

    def run() -> None:
        client, path, typed = waiting.pop()
        answer = client.post(path, data=typed, content_type="multipart/form-data")
        assert answer.status_code == 303, answer.text

    return run


@side("staff-list", times=100, size=200)
def _staff_list(place: Place) -> Call:
    return _page_of_staff(place, "/processes")


@side("staff-list-large", times=100, size=20_000, quick_size=5_000)
def _staff_list_large(place: Place) -> Call:
    return _page_of_staff(place, "/processes")


@side("desk", times=100, size=200)
def _desk(place: Place) -> Call:
    return _page_of_staff(place, "/")


@side("desk-large", times=100, size=20_000, quick_size=5_000)
def _desk_large(place: Place) -> Call:
    return _page_of_staff(place, "/")


def _page_of_staff(place: Place, path: str) -> Call:
    app = world.app_at(place)
    world.many(place.size)
    client = world.staff_client(app)

    def run() -> None:
        assert client.get(path).status_code == 200

    return run


# Finding


@side("search", times=200, size=1_000)
def _search(place: Place) -> Call:
    return _finding(place)


@side("search-large", times=200, size=20_000, quick_size=10_000)
def _search_large(place: Place) -> Call:
    return _finding(place)


def _finding(place: Place) -> Call:
    world.settle(place)
    searches.found(place.size)

    def run() -> None:
        with db.reading() as conn:
            assert len(search.processes(conn, "pier").items) == 25

    return run


@side("search-bare-large", times=200, size=20_000, quick_size=10_000)
def _search_bare(place: Place) -> Call:
    world.settle(place)
    searches.found(place.size)

    def run() -> None:
        with db.reading() as conn:
            assert searches.bare(conn) >= 25

    return run


@side("search-page", times=100, size=20_000, quick_size=10_000)
def _search_page(place: Place) -> Call:
    """Three letters with which a word of every process begins."""
    app = world.app_at(place)
    searches.found(place.size)
    client = world.staff_client(app)

    def run() -> None:
        assert client.get("/search?q=ven").status_code == 200

    return run


# Uploads


@side("upload-pieces", times=4, quick=2, size=64)
def _upload_pieces(place: Place) -> Call:
    return uploads.Pieces(place)


@side("upload-pieces-large", times=1, quick=1, size=640, quick_size=320)
def _upload_pieces_large(place: Place) -> Call:
    return uploads.Pieces(place)


@side("upload-form", times=4, quick=2, size=64)
def _upload_form(place: Place) -> Call:
    return uploads.Form(place)


@side("copy-and-hash", times=4, quick=2, size=64)
def _copy_and_hash(place: Place) -> Call:
    return floors.copy_and_hash(uploads.film(place), place.folder)


@side("copy-and-hash-large", times=1, quick=1, size=640, quick_size=320)
def _copy_and_hash_large(place: Place) -> Call:
    return floors.copy_and_hash(uploads.film(place), place.folder)


# The engine


@side("ten-steps", times=60, quick=20)
def _ten_steps(place: Place) -> Call:
    world.settle(place)
    makers.publish(world.TEN_STEPS)
    return world.ten_steps


@side("ten-steps-dated", times=60, quick=20)
def _ten_steps_dated(place: Place) -> Call:
    world.settle(place)
    makers.publish(world.DATED_STEPS)
    return world.ten_steps


@side("ten-steps-unhashed", times=60, quick=20)
def _ten_steps_unhashed(place: Place) -> Call:
    """The same without a digest: what the hashes and commitments of the ledger cost."""
    count = iter(range(10**9))

    def nothing(*_given: object) -> str:
        return f"{next(count):064x}"

    setattr(chain, "event_hash", nothing)  # noqa: B010 - a plain assignment is no type
    setattr(chain, "commit_bytes", nothing)  # noqa: B010
    return _ten_steps(place)


@side("peer-viewflow", times=20, quick=10)
@side("peer-spiff", times=40, quick=20)
def _peer(place: Place) -> Call:
    """The same in an engine of others (``peers``), which has no ledger, no mail and no outbox."""
    raise AssertionError("a peer is run by a Python of its own")


@side("each-large", times=20, quick=10, size=1_000)
@side("each-small", times=20, quick=10, size=100)
def _each(place: Place) -> Call:
    """Doing one item of so many that stand side by side."""
    world.settle(place)
    process_id = world.items(place.size)
    waiting = [row.id for row in makers.rows(Task, process_id=process_id, state="open")]
    dana = people.staff("dana")
    return lambda: tasks.tick(waiting.pop(), actor=dana)


@side("each-start-large", times=2, quick=2, size=1_000)
@side("each-start-small", times=2, quick=2, size=100)
def _each_start(place: Place) -> Call:
    """Beginning so many items side by side."""
    world.settle(place)
    return lambda: world.items(place.size)


@side("loop-early", times=8, quick=8)
def _loop_early(place: Place) -> Call:
    return _loop(place, 10)


@side("loop-late", times=8, quick=8)
def _loop_late(place: Place) -> Call:
    return _loop(place, 60)


def _loop(place: Place, rounds: int) -> Call:
    world.settle(place)
    process_id = makers.start(world.LOOP)
    for _ in range(rounds):
        world.loop(process_id)
    return lambda: world.loop(process_id)


# The ledger


@side("ledger-look", times=4, quick=2, size=2_000)
def _ledger_look(place: Place) -> Call:
    world.settle(place)
    log = world.long_process(place.size)

    def run() -> None:
        with db.reading() as conn:
            assert audit.fault_in(conn, log) is None

    return run


@side("ledger-bare", times=4, quick=2, size=2_000)
def _ledger_bare(place: Place) -> Call:
    """Read the stored bytes and hash them, and nothing else."""
    world.settle(place)
    log = world.long_process(place.size)

    def run() -> None:
        query = sa.select(Entry.body, Entry.hash).where(Entry.log == log).order_by(Entry.seq)
        with db.reading() as conn, conn.execute(query) as result:
            assert result.cursor is not None
            for body, digest in result.cursor.fetchall():
                found = hashlib.sha256(b"portal-ledger/v1/event\0" + body.encode())
                assert found.hexdigest() == digest

    return run


@side("verify-export", times=2, quick=1, size=2_000)
def _verify_export(place: Place) -> Call:
    lines = _export(place)

    def run() -> None:
        assert verify(lines).verdict == SOUND

    return run


@side("verify-bare", times=2, quick=1, size=2_000)
def _verify_bare(place: Place) -> Call:
    """Parse each line and its event, hash it, open its values, and nothing else."""
    lines = _export(place)

    def run() -> None:
        for line in lines:
            item = json.loads(line)
            if "body" in item:
                json.loads(item["body"])
                hashlib.sha256(item["body"].encode()).hexdigest()
                for shown in item["disclosed"].values():
                    hmac.digest(bytes.fromhex(shown["salt"]), line[:80], "sha256").hex()

    return run


def _export(place: Place) -> list[bytes]:
    world.settle(place)
    log = world.mixed_process(place.size)
    with db.reading() as conn:
        return [f"{line}\n".encode() for line in export.lines(conn, log)]


@side("timeline", times=100, size=200)
def _timeline(place: Place) -> Call:
    world.settle(place)
    log = world.long_process(place.size)
    return lambda: _read(lambda conn: timeline.of_process(conn, log, limit=200))


@side("timeline-bare", times=100, size=200)
def _timeline_bare(place: Place) -> Call:
    world.settle(place)
    log = world.long_process(place.size)
    return lambda: _bare("log = :log and seq between 0 and 199 order by seq", log)


@side("combined", times=100, size=1_000)
def _combined(place: Place) -> Call:
    world.settle(place)
    world.long_process(place.size)
    return lambda: _read(lambda conn: timeline.newest(conn, timeline.Filters(owner_id="dana")))


@side("combined-bare", times=100, size=1_000)
def _combined_bare(place: Place) -> Call:
    world.settle(place)
    log = world.long_process(place.size)
    return lambda: _bare("owner_id = 'dana' order by id desc limit 100", log)


@side("rows", times=60, size=1_000)
def _rows(place: Place) -> Call:
    return _rows_of(place)


@side("rows-large", times=60, size=20_000, quick_size=5_000)
def _rows_large(place: Place) -> Call:
    return _rows_of(place)


def _rows_of(place: Place) -> Call:
    world.settle(place)
    world.histories(place.size)

    def run() -> None:
        window = axis.window(None, None, clock.now(), "UTC")
        with db.reading() as conn:
            page = combined.page(conn, combined.Filters(), window)
        assert len(page.lines) == 100
        assert sum(len(one.stretches) for one in page.lines) >= 1_000

    return run


@side("rows-bare", times=60, size=1_000)
def _rows_bare(place: Place) -> Call:
    """The rows that a hundred processes through time are made of, and nothing more."""
    world.settle(place)
    world.histories(place.size)
    some = "from processes where state = 'running' order by due_at, id limit 100"
    mine = f"select id {some}"
    asked = (
        f"select * {some}",
        f"select * from stretches where process_id in (select id from ({mine}) as few)",
        f"select log, at, type from ledger_entries where log in (select id from ({mine}) as few)",
    )
    statements = [sa.text(one) for one in asked]

    def run() -> None:
        with db.reading() as conn:
            for one in statements:
                assert len(conn.execute(one).all()) >= 100

    return run


def _bare(which: str, log: str) -> None:
    """The rows that a timeline is made of, entries and what they disclose, and nothing more."""
    query = sa.text(f"select * from ledger_entries where {which}")
    theirs = sa.text(
        "select * from ledger_disclosures where log = :log and seq between :first and :last"
    )
    with db.reading() as conn:
        rows = conn.execute(query, {"log": log} if ":log" in which else {}).all()
        seqs = [row.seq for row in rows]
        conn.execute(theirs, {"log": log, "first": min(seqs), "last": max(seqs)}).all()


def _read(ask: Callable[[sa.Connection], Any]) -> None:
    with db.reading() as conn:
        assert len(ask(conn)) >= 90


# The night shift


@side("sweep-idle", times=200, size=200_000, quick_size=50_000)
def _sweep_idle(place: Place) -> Call:
    from tasks import sweep

    world.night_shift(place)
    _timers(place)
    return sweep.ring_due


@side("sweep-idle-small", times=200, size=20_000, quick_size=5_000)
def _sweep_idle_small(place: Place) -> Call:
    return _sweep_idle(place)


@side("sweep-bare", times=200, size=200_000, quick_size=50_000)
def _sweep_bare(place: Place) -> Call:
    world.settle(place)
    _timers(place)
    query = sa.text("select id from timers where rings_at <= :now order by rings_at, id limit 100")
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def run() -> None:
        with db.reading() as conn:
            assert not conn.execute(query, {"now": now}).all()

    return run


def _timers(place: Place) -> None:
    """That many timers that ring some day, all of one task."""
    process_id = makers.start(world.LOOP)
    task = makers.task(process_id, "details")
    start = clock.now() + timedelta(days=2)
    with db.transaction() as tx:
        for first in range(0, place.size, 5_000):
            rows = [
                {
                    "id": f"t{n}", "process_id": process_id, "run_id": task.run_id,
                    "task_id": task.id, "kind": "remind",
                    "rung": n + 100, "rings_at": start + timedelta(seconds=n), "what": {},
                }
                for n in range(first, first + 5_000)
            ]  # fmt: skip
            tx.execute(sa.insert(Timer), rows)


@side("reminders", times=4, quick=2, size=100)
def _reminders(place: Place) -> Call:
    """So many processes with one reminder due each: rung, recorded as owed, and handed over."""
    from tasks import queues, relay, sweep

    connection = queues.connect(world.night_shift(place))
    makers.publish(world.REMINDED)
    long_ago, pending = clock.now() - timedelta(days=3), []
    with clock.stopped_at(long_ago) as then:
        for _ in range(place.times + 1):
            pending.append(then.advance(seconds=4))
            for _ in range(place.size):
                makers.start_again()
    while relay.pass_on(connection):
        connection.flushdb()
    moments = iter(pending)

    def run() -> None:
        with clock.stopped_at(next(moments) + timedelta(days=2, seconds=2)):
            rung, passed = sweep.ring_due(), relay.pass_on(connection)
            assert (rung, passed) == (place.size, place.size), (rung, passed)
        connection.flushdb()

    return run


@side("reminders-bare", times=4, quick=2, size=100)
def _reminders_bare(place: Place) -> Call:
    write = floors.write_floor(place.floor_url)
    enqueue = floors.enqueue_many(place.redis_url, place.size)

    def run() -> None:
        for _ in range(place.size):
            write()
        enqueue()

    return run


@side("relay", times=10, quick=5, size=200)
def _relay(place: Place) -> Call:
    """Effects that wait in the outbox, handed to the workers as many at a time as they take."""
    from tasks import queues, relay

    connection = queues.connect(world.night_shift(place))
    world.owe(place.size * (place.times + 1))

    def run() -> None:
        assert relay.pass_on(connection) == place.size
        connection.flushdb()

    return run


@side("enqueue-many", times=10, quick=5, size=200)
def _enqueue_many(place: Place) -> Call:
    return floors.enqueue_many(place.redis_url, place.size)


@side("import-portal", times=1, quick=1)
def _import_portal(place: Place) -> Call:
    return _python("-c", "import sys; sys.argv = ['portal', '--help']; import app; app.command()")


@side("import-libraries", times=1, quick=1)
def _import_libraries(place: Place) -> Call:
    return _python("-c", "import flask, sqlalchemy.orm, rq, redis")


def _python(*words: str) -> Call:
    def run() -> None:
        done = subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=False)
        assert done.returncode == 0

    return run


# The trail


@side("trail-pdf", times=1, quick=1, size=350)
@side("trail-pdf-usual", times=1, quick=1, size=100)
def _trail_pdf(place: Place) -> Call:
    world.settle(place)
    return world.trail(place.folder, place.size)


@side("trail-pdf-175", times=1, size=175, warms_itself=True)
@side("trail-pdf-1000", times=1, size=1_000, warms_itself=True)
@side("trail-pdf-3500", times=1, size=3_500, warms_itself=True)
@side("trail-pdf-10000", times=1, size=10_000, warms_itself=True)
def _trail_pdf_long(place: Place) -> Call:
    world.settle(place)
    world.trail(place.folder, 20)()
    return world.trail(place.folder, place.size)


@side("table-pdf", times=1, quick=1, size=350)
@side("table-pdf-usual", times=1, quick=1, size=100)
def _table_pdf(place: Place) -> Call:
    return floors.table_pdf(place.size)
