"""What runs how often: the one declared list that the scheduler walks."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.readings import rules
from tasks import erasures, renditions, sweep, sweeping, upkeep


@dataclass(frozen=True, slots=True)
class Entry:
    """Work, the seconds between two runs, and the seconds from the start to the first.

    It may take as long as it likes: each runs beside the others, never twice at a time.
    """

    name: str
    work: Callable[[], object]
    every: float
    first: float = 0.0


def _beat() -> None:
    upkeep.beat("scheduler")


SCHEDULE = (
    # Programs and people are promised that a timer rings within five seconds of its moment.
    Entry("sweep", sweep.ring_due, every=1.0),
    Entry("rules", rules.follow, every=rules.EVERY),
    Entry("beat", _beat, every=10.0),
    Entry("stretches", upkeep.follow, every=3.0, first=2.0),
    Entry("checkpoint", upkeep.checkpoint, every=60.0, first=5.0),
    Entry("seal", upkeep.watch_seal, every=21_600.0, first=20.0),
    Entry("reviews", upkeep.ask_reviews, every=3600.0, first=60.0),
    Entry("doubled", upkeep.tell_of_doubled, every=86_400.0, first=600.0),
    Entry("escalations", upkeep.tell_again, every=60.0, first=30.0),
    Entry("prune", upkeep.prune, every=3600.0, first=300.0),
    Entry("files", upkeep.sweep_files, every=86_400.0, first=900.0),
    Entry("search", upkeep.refresh_search, every=86_400.0, first=15.0),
    Entry("retention", erasures.keep_time, every=86_400.0, first=1800.0),
    Entry("pictures", renditions.catch_up, every=3600.0, first=45.0),
    # It begins anew once a night, and goes on after a start where it stood.
    Entry("look over", sweeping.look_over_nightly, every=3600.0, first=120.0),
)
