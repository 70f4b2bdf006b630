"""Subject and yardstick in turns, each sample in a process of its own; ratios pair by pair.

Processor time gates; wall time is only told. A noisy pair of series is neither pass nor fail.
"""

import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from portal import db, memory
from portal.migrations import upgrade
from tests.bench import peers
from tests.bench.cases import SIDES
from tests.bench.world import Place
from tests.servers import ROOT, Postgres, Redis, short_folder

NOISY_SPREAD = 0.25
NOISY_YARDSTICK = 2.0
PAIRS = {"quick": 3, "usual": 7, "full": 11}
_MIB = 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one side: seconds of processor and wall time a call, peak memory in MiB."""

    cpu: float
    wall: float
    peak_mib: float


@dataclass(frozen=True, slots=True)
class Result:
    """The ratio of subject to yardstick, and whether it may be believed."""

    ratio: float
    low: float
    high: float
    wall_ratio: float
    subject_us: float
    yardstick_us: float
    yardstick_spread: float
    peak_mib: float

    @property
    def is_noisy(self) -> bool:
        """Whether the quartiles or the yardstick's own samples lie too far apart to judge."""
        too_wide = (self.high - self.low) > NOISY_SPREAD * self.ratio
        return too_wide or self.yardstick_spread > NOISY_YARDSTICK


def measure(call: Callable[[], object], times: int, *, warm: bool = True) -> Sample:
    """Seconds a call, children included, after one warm-up; as in a process that stands."""
    if warm:
        call()
    memory.keep_for_good()
    wall, cpu = time.perf_counter(), _processor_seconds()
    for _ in range(times):
        call()
    spent = _processor_seconds() - cpu
    peak = max(resource.getrusage(who).ru_maxrss for who in _WHO) / _MIB
    return Sample(spent / times, (time.perf_counter() - wall) / times, peak)


_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _processor_seconds() -> float:
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, _WHO))


class Bench:
    """The servers and empty databases of one run; gone with it."""

    def __init__(self, kind: str, pace: str) -> None:
        self.kind, self.pace = kind, pace
        self._stack = ExitStack()
        self.home = self._stack.enter_context(short_folder())
        self.redis = Redis(self._folder("redis"))
        self._stack.callback(self.redis.stop)
        self._postgres: Postgres | None = None
        self._template = self._schema()
        self._count = 0

    def close(self) -> None:
        """End the servers and delete everything."""
        self._stack.close()

    def compare(
        self, subject: str, yardstick: str, *, pairs: int | None = None, of: str = "cpu"
    ) -> Result:
        """Run both sides in turns, the yardstick first in every other round.

        The ratio is that ``of`` the processor time a call (``cpu``) or of memory (``peak_mib``).
        """
        ours: list[Sample] = []
        theirs: list[Sample] = []
        for n in range(pairs or PAIRS[self.pace]):
            order = [(subject, ours), (yardstick, theirs)]
            for name, samples in order if n % 2 == 0 else reversed(order):
                samples.append(self._sample(name))
        return _result(ours, theirs, of)

    def profile(self, name: str) -> str:
        """Run one side under cProfile; the table of its dearest calls."""
        return self._run(name, "--profile")

    def _sample(self, name: str) -> Sample:
        return Sample(**json.loads(self._run(name).splitlines()[-1]))

    def _run(self, name: str, *more: str) -> str:
        place = self._place(name)
        told = subprocess.run(
            self._command(name, place, *more),
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        shutil.rmtree(place["folder"])
        if self._postgres:
            self._postgres.drop(place["url"])
            self._postgres.drop(place["floor_url"])
        if told.returncode:
            raise RuntimeError(f"{name} failed:\n{told.stderr[-3000:]}")
        return told.stdout

    def _command(self, name: str, place: dict[str, Any], *more: str) -> list[str]:
        if name in peers.SCRIPTS:
            return peers.command(name, place["folder"], place["times"])
        return [sys.executable, "-m", "tests.bench.side", name, json.dumps(place), *more]

    def _place(self, name: str) -> dict[str, Any]:
        self._count += 1
        self.redis.flush()
        folder = self._folder(f"sample{self._count}")
        side = SIDES[name]
        url, floor_url = self._databases(folder)
        quick = self.pace == "quick"
        place = Place(
            folder=folder, url=url, floor_url=floor_url, redis_url=self.redis.url,
            times=side.quick_times if quick else side.times,
            size=side.quick_size if quick and side.quick_size else side.size,
        )  # fmt: skip
        return asdict(place) | {"folder": str(folder)}

    def _databases(self, folder: Path) -> tuple[str, str]:
        if self._postgres:
            return self._postgres.create(self._template), self._postgres.create()
        shutil.copyfile(self._template, folder / "portal.sqlite3")
        return f"sqlite:///{folder / 'portal.sqlite3'}", f"sqlite:///{folder / 'floor.sqlite3'}"

    def _schema(self) -> str:
        """A database with the current schema and nothing else, to be copied."""
        if self.kind == "pg":
            self._postgres = Postgres(self._folder("postgres"))
            self._stack.callback(self._postgres.stop)
            url = self._postgres.create()
            template = url.partition("?")[0].rpartition("/")[2]
        else:
            template = str(self.home / "template.sqlite3")
            url = f"sqlite:///{template}"
        database = db.Database(url)
        upgrade(database)
        if self.kind == "sqlite":
            with database.engine.connect() as conn:
                conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return template

    def _folder(self, name: str) -> Path:
        made = self.home / name
        made.mkdir(mode=0o755)
        return made


def _result(ours: list[Sample], theirs: list[Sample], of: str) -> Result:
    pairs = zip(ours, theirs, strict=True)
    ratios = [getattr(our, of) / getattr(their, of) for our, their in pairs]
    low, high = min(ratios), max(ratios)
    if len(ratios) > 3:
        low, _, high = statistics.quantiles(ratios, n=4)
    floor = [their.cpu for their in theirs]
    return Result(
        ratio=statistics.median(ratios),
        low=low,
        high=high,
        wall_ratio=statistics.median(
            our.wall / their.wall for our, their in zip(ours, theirs, strict=True)
        ),
        subject_us=statistics.median(our.cpu for our in ours) * 1e6,
        yardstick_us=statistics.median(floor) * 1e6,
        yardstick_spread=max(floor) / min(floor),
        peak_mib=max(our.peak_mib for our in ours),
    )
