"""``python -m tests.bench.large [--count N] [--db sqlite|pg] [--keep FOLDER] [--json FILE]``.

The whole product at two sizes: every list, desk, timeline, search and call of the API that reads
over all processes, in a house of 1 000 processes and in one of ``count`` (100 000 with three
million events, unless said otherwise). Both answer in turn; the ratio of processor time tells
what grows. Ends with 1 where an answer at the large size costs more than it may (``_MOST`` times
the small one), or where the answers are not answers.
"""

import argparse
import hashlib
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from portal import clock, db
from portal.access import links
from portal.actions import processes
from portal.ledger.tables import Head
from portal.migrations import upgrade
from portal.models import ApiToken, Process
from portal.settings import Settings
from tests import people
from tests.bench import crowd, world
from tests.bench.runner import ROOT
from tests.servers import Postgres, short_folder

_SMALL = 1_000
_LONG = 300  # events, and more
_MOST = 1.5  # performance.md, P3 and P14: the list and the timelines
_MOST_OF = {"search": 2.0, "desk": 5.0, "insights": 5.0}  # P15, P16
_ROUNDS, _TIMES = 3, 7
_FLOOR_MS = 0.5  # what is below it is noise


class Door(NamedTuple):
    """One thing that is asked, by whom: a name, and the call that gives a status and a size."""

    name: str
    who: str
    call: Callable[[], tuple[int, int]]


class Cost(NamedTuple):
    """What one answer takes: milliseconds of processor and of wall time, statements, bytes."""

    cpu: float
    wall: float
    statements: int
    size: int


_PAGES = {
    "desk": "/",
    "processes": "/processes",
    "processes overdue": "/processes?overdue=1",
    "processes ended": "/processes?state=completed",
    "processes of one definition": "/processes?definition=renewal",
    "processes of an owner": "/processes?owner=olga@example.com",
    "tasks": "/tasks",
    "tasks of all": "/tasks?whose=all",
    "tasks overdue": "/tasks?whose=all&overdue=1",
    "exceptions": "/exceptions",
    "timeline rows": "/timeline",
    "timeline rows, a year, all": "/timeline?zoom=year&state=all",
    "timeline rows, overdue": "/timeline?overdue=1",
    "timeline rows of a person": "/timeline?person=v0000007@vendor.example&state=all",
    "timeline feed": "/timeline/feed",
    "timeline feed, decisions": "/timeline/feed?about=approval",
    "search, one hit": "/search?q=v0000007",
    "search, all hit": "/search?q=sup",
    "search, two words": "/search?q=sea+v0000007",
    "palette": "/search.json?q=v00000",
    "insights": "/insights",
    "insights of one definition": "/insights?definition=demo",
    "definitions": "/definitions",
    "one definition": "/definitions/demo",
    "move a fleet": "/definitions/demo/move",
    "automations": "/automations",
    "many at once": "/batches",
}  # fmt: skip
_CALLS = {
    "API processes": "/api/v1/processes",
    "API processes overdue": "/api/v1/processes?overdue=true",
    "API processes, all states": "/api/v1/processes?state=completed&limit=50",
    "API processes of an owner": "/api/v1/processes?owner=olga@example.com",
    "API processes by role": "/api/v1/processes?role=vendor",
    "API search": "/api/v1/processes?q=v0000007",
    "API tasks": "/api/v1/tasks",
    "API tasks, open": "/api/v1/tasks?state=open",
    "API tasks of one": "/api/v1/tasks?assignee=v0000007@vendor.example",
    "API exceptions": "/api/v1/exceptions",
    "API events, first": "/api/v1/events",
    "API events, one definition": "/api/v1/events?definition=renewal",
}  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Measure both sizes in turn and tell every door's ratio; 0 where none grows too much."""
    asked = _parser().parse_args(words)
    if asked.side:
        Path(asked.json).write_text(json.dumps(_measure(asked.side, Path(asked.keep))))
        return 0
    with tempfile.TemporaryDirectory(prefix="portal-large-") as own:
        folder = Path(asked.keep or own)
        folder.mkdir(parents=True, exist_ok=True)
        with _postgres(asked.db) as postgres:
            urls = [_world(folder, postgres, count) for count in (_SMALL, asked.count)]
            found = _in_turn(urls, folder)
    if asked.json:
        Path(asked.json).write_text(json.dumps(found, indent=1) + "\n")
    return _tell(found)


# Worlds


def _world(folder: Path, postgres: Postgres | None, count: int) -> str:
    """The address of a database with so many processes; a kept one of today's schema is good."""
    if postgres is not None:
        url = postgres.create()
        _settle(url, count)
        return url
    file = folder / f"{count}-{_schema()}.sqlite3"
    if not file.exists():
        begun = file.with_suffix(".begun")
        begun.unlink(missing_ok=True)
        _settle(f"sqlite:///{begun}", count)
        begun.rename(file)
    return f"sqlite:///{file}"


def _settle(url: str, count: int) -> None:
    database = db.Database(url)
    upgrade(database)
    db.bind(database)
    links.configure(("a key of the benchmark that is long enough",), "https://portal.example")
    people.settle()
    begun = time.monotonic()
    crowd.settle(count)
    if database.is_sqlite:
        with database.engine.connect() as conn:
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    print(f"{count} processes made in {time.monotonic() - begun:.0f} s", file=sys.stderr)


def _schema() -> str:
    """The name of the newest migration."""
    from portal import migrations

    versions = Path(migrations.__file__).with_name("versions")
    return max(one.stem for one in versions.glob("2*.py"))


@contextmanager
def _postgres(kind: str) -> Iterator[Postgres | None]:
    if kind != "pg":
        yield None
        return
    with short_folder() as home:
        server = Postgres(home)
        try:
            yield server
        finally:
            server.stop()


# Measuring


def _in_turn(urls: Sequence[str], folder: Path) -> dict[str, list[list[Cost]]]:
    """By door, what its answers cost at each size; each round is two processes, one a size."""
    found: dict[str, list[list[Cost]]] = {}
    for n in range(_ROUNDS):
        order = list(enumerate(urls))
        for size, url in order if n % 2 == 0 else reversed(order):
            told = folder / "told.json"
            command = [sys.executable, "-m", "tests.bench.large", "--side", url]
            done = subprocess.run(
                [*command, "--keep", str(folder), "--json", str(told)],
                cwd=ROOT, capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                raise RuntimeError(done.stderr[-3000:])
            for name, costs in json.loads(told.read_text()).items():
                both = found.setdefault(name, [[], []])
                both[size] += [Cost(*one) for one in costs]
    return found


def _measure(url: str, folder: Path) -> dict[str, list[Cost]]:
    """Every door asked some times over, after two answers that warm it."""
    settings = {"PORTAL_DATA_DIR": str(folder / "data"), "PORTAL_DATABASE_URL": url}
    app = create_app(Settings.load(settings))
    said: list[str] = []
    engine = db.current().engine
    sa.event.listen(engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    found: dict[str, list[Cost]] = {}
    for door in doors(app):
        costs = []
        for n in range(_TIMES + 2):
            said.clear()
            wall, cpu = time.perf_counter(), time.process_time()
            status, size = door.call()
            spent = (time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000
            if status != 200:
                raise RuntimeError(f"{door.name}: {status}")
            if n > 1:
                costs.append(Cost(*spent, len(said), size))
        found[f"{door.name} ({door.who})"] = costs
    return found


def doors(app: Flask) -> Iterator[Door]:
    """All that is asked, by an owner, a narrow member, an admin and a program."""
    newest, longest = _processes()
    told = _PAGES | {
        "one process": f"/processes/{newest}",
        "one long process": f"/processes/{longest}",
        "a row opened": f"/timeline/{newest}",
        "a long row opened": f"/timeline/{longest}",
    }
    for who in ("dana", "finn", "ada"):
        client = world.staff_client(app, who)
        for name, path in told.items():
            yield Door(name, who, partial(_page, client, path))
    calls = _CALLS | {
        "API one process": f"/api/v1/processes/{newest}",
        "API events of a long process": f"/api/v1/processes/{longest}/events",
    }
    client, token = app.test_client(), _token()
    for name, path in calls.items():
        yield Door(name, "dana", partial(_page, client, path, token))
    yield Door("a step: begun, answered, sent back", "dana", _step)


def _page(client: FlaskClient, path: str, token: str | None = None) -> tuple[int, int]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = client.get(path, headers=headers)
    return answer.status_code, len(answer.data)


def _step() -> tuple[int, int]:
    given = {"vendor": people.VERA}
    inputs = {"who": "Sea"}
    dana = people.staff("dana")
    process_id = processes.start("demo", inputs=inputs, participants=given, actor=dana)
    world.loop(process_id)
    return 200, 0


def _token() -> str:
    secret = secrets.token_urlsafe(32)
    row = {
        "id": db.new_id(), "name": "bench", "user_id": "dana", "is_system": False,
        "secret_sha256": hashlib.sha256(secret.encode()).hexdigest(), "created_at": clock.now(),
    }  # fmt: skip
    with db.transaction() as tx:
        tx.execute(sa.insert(ApiToken), row)
    return secret


def _processes() -> tuple[str, str]:
    """The ids of the newest running process and of a long one."""
    running = sa.select(Process.id).where(Process.state == "running")
    longest = sa.select(Head.log).where(Head.seq > _LONG).order_by(Head.log.desc()).limit(1)
    with db.reading() as conn:
        newest = conn.execute(running.order_by(Process.id.desc()).limit(1)).scalar_one()
        return str(newest), str(conn.execute(longest).scalar_one())


# Telling


def _tell(found: dict[str, list[list[Cost]]]) -> int:
    print(f"{'':44}{'small ms':>9}{'large ms':>9}{'ratio':>7}{'p99':>7}{'stmts':>7}{'KB':>6}")
    bad = 0
    for name, (small, large) in found.items():
        least, most = (statistics.median(one.cpu for one in side) for side in (small, large))
        ratio = most / least
        p99 = max(one.wall for one in large) / max(one.wall for one in small)
        is_bad = ratio > _limit(name) and most - least > _FLOOR_MS
        bad += is_bad
        print(
            f"{name:44}{least:9.2f}{most:9.2f}{ratio:7.2f}{p99:7.2f}{large[0].statements:7}"
            f"{large[0].size / 1000:6.0f}{'  GROWS' if is_bad else ''}"
        )
    return int(bad > 0)


def _limit(name: str) -> float:
    return next((most for word, most in _MOST_OF.items() if word in name), _MOST)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py bench large", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="processes at the large size")
    parser.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the databases there (SQLite)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    parser.add_argument("--side", metavar="URL", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
