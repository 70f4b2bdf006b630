"""What runs how often: the one declared list that the scheduler walks."""

from collections.abc import Callable
from dataclasses import dataclass

from tasks import sweep, upkeep


@dataclass(frozen=True, slots=True)
class Entry:
    """Work, the seconds between two runs, and the seconds from the start to the first.

    ``apart``: it may take long and runs beside the others, never twice at a time.
    """

    name: str
    work: Callable[[], object]
    every: float
    first: float = 0.0
    apart: bool = False


def _beat() -> None:
    upkeep.beat("scheduler")


SCHEDULE = (
    # A timer rings within five seconds of its moment (contract.md).
    Entry("sweep", sweep.ring_due, every=1.0),
    Entry("beat", _beat, every=10.0, apart=True),
    Entry("checkpoint", upkeep.checkpoint, every=60.0, first=5.0, apart=True),
    Entry("reviews", upkeep.ask_reviews, every=3600.0, first=60.0, apart=True),
    Entry("prune", upkeep.prune, every=3600.0, first=300.0, apart=True),
    Entry("files", upkeep.sweep_files, every=86_400.0, first=900.0, apart=True),
    Entry("look over", upkeep.look_over, every=86_400.0, first=120.0, apart=True),
)
