"""``python -m tests.bench [CASE …] [--quick|--full] [--db sqlite|pg] [--peers] [--profile]
[--json FILE]``.

Compares what the product does with the least it could cost, and holds the ratios to the goals
in ``goals.toml``. Ends with 1 where a goal is missed. ``large`` in place of cases holds the whole
product at 100 000 processes beside 1 000 (see ``tests/bench/large.py``).
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench import large
from tests.bench.runner import Bench, Result

GOALS = Path(__file__).with_name("goals.toml")


@dataclass(frozen=True, slots=True)
class Goal:
    """One comparison and what must come of it (see ``goals.toml``)."""

    id: str
    what: str
    subject: str
    yardstick: str
    must: float
    stretch: float | None = None
    scale: int = 1
    only: str | None = None
    pairs: int | None = None
    of: str = "cpu"
    peer: bool = False

    def verdict(self, result: Result) -> str:
        """``pass``, ``FAIL`` or ``noisy``."""
        if result.ratio / self.scale <= self.must:
            return "pass"
        if result.is_noisy and result.low / self.scale <= self.must:
            return "noisy"
        return "FAIL"


def main(words: Sequence[str]) -> int:
    """Run the cases that were asked for, or all; 0 where no goal is missed."""
    if words[:1] == ["large"]:
        return large.main(words[1:])
    asked = _parser().parse_args(words)
    goals = [Goal(**goal) for goal in tomllib.loads(GOALS.read_text())["goal"]]
    wanted = [goal for goal in goals if _is_wanted(goal, asked)]
    if not wanted:
        print(f"No such case. There are: {', '.join(goal.id for goal in goals)}.")
        return 2
    bench = Bench(asked.db, "full" if asked.full else "quick" if asked.quick else "usual")
    try:
        if asked.profile:
            for goal in wanted:
                print(bench.profile(goal.subject))
            return 0
        told = [_tell(goal, bench) for goal in _with_heading(wanted)]
    finally:
        bench.close()
    if asked.json:
        Path(asked.json).write_text(json.dumps(told, indent=1) + "\n")
    return int(any(one["verdict"] == "FAIL" for one in told))


def _is_wanted(goal: Goal, asked: argparse.Namespace) -> bool:
    if goal.only not in (None, asked.db):
        return False
    if goal.peer and not asked.peers and goal.id not in asked.cases:
        return False
    return not asked.cases or bool({goal.id, goal.id.rstrip("+")} & set(asked.cases))


def _with_heading(goals: list[Goal]) -> list[Goal]:
    print(f"{'':6}{'':63}{'ratio':>7}{'quartiles':>15}{'must':>7}{'wish':>7}{'MiB':>6}  verdict")
    return goals


def _tell(goal: Goal, bench: Bench) -> dict[str, Any]:
    result = bench.compare(goal.subject, goal.yardstick, pairs=goal.pairs, of=goal.of)
    scale, verdict = goal.scale, goal.verdict(result)
    quartiles = f"{result.low / scale:.2f}-{result.high / scale:.2f}"
    wish = f"{goal.stretch:.2f}" if goal.stretch is not None else "-"
    print(
        f"{goal.id:6}{goal.what:63}{result.ratio / scale:7.2f}{quartiles:>15}{goal.must:7.2f}"
        f"{wish:>7}{result.peak_mib:6.0f}  {verdict}",
        flush=True,
    )
    return asdict(goal) | asdict(result) | {"ratio": result.ratio / scale, "verdict": verdict}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py bench", description=__doc__)
    parser.add_argument("cases", nargs="*", help="ids of goals, for instance P1 P4; all if none")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--quick", action="store_true", help="three pairs and short samples")
    pace.add_argument("--full", action="store_true", help="eleven pairs")
    parser.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
    parser.add_argument("--peers", action="store_true", help="beside other engines as well")
    parser.add_argument("--profile", action="store_true", help="profile the subjects instead")
    parser.add_argument("--json", metavar="FILE", help="write the figures there as well")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
