"""One sample: ``python -m tests.bench.side NAME PLACE [--profile]``, in a process of its own."""

import cProfile
import io
import json
import pstats
import sys
from dataclasses import asdict
from pathlib import Path

from tests.bench.cases import SIDES
from tests.bench.runner import measure
from tests.bench.world import Place

_DEAREST = 40


def main(name: str, told: str, *flags: str) -> None:
    """Prepare the side, time it, and print what it took as one line of JSON."""
    found = json.loads(told)
    place = Place(**{**found, "folder": Path(found["folder"])})
    call = SIDES[name].make(place)
    if "--profile" in flags:
        print(_profiled(call, place.times))
    else:
        warm = not SIDES[name].warms_itself
        print(json.dumps(asdict(measure(call, place.times, warm=warm))))


def _profiled(call: object, times: int) -> str:
    assert callable(call)
    call()
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(times):
        call()
    profile.disable()
    text = io.StringIO()
    pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(_DEAREST)
    return text.getvalue()


if __name__ == "__main__":
    main(*sys.argv[1:])
