"""Many stories, each another process and another history, in the bound database.

``rolled`` throws dice: long and wild, for many. ``drawn`` has hypothesis look for the shortest
story that breaks a rule. Both are the same again for the same seed.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import hypothesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import db, installation
from portal.access import links
from portal.actions import definitions
from portal.clock import Clock
from tests import people
from tests.conftest import MONDAY
from tests.histories.definitions import CHILD
from tests.histories.picks import Drawn, Plain, Rolled
from tests.histories.player import DANA, begun


@dataclass
class Told:
    """How much was lived through: stories, moves in all, moves of each kind that had an effect."""

    stories: int = 0
    moves: int = 0
    deeds: Counter[str] = field(default_factory=Counter)


def rolled(clock: Clock, *, seed: int, turns: int, goes_on: Callable[[Told], bool]) -> Told:
    """Stories of so many turns, and then to their ends, as long as ``goes_on``.

    AssertionError of the first that breaks a rule, with its seed and all that happened in it.
    """
    settle()
    told = Told()
    while goes_on(told):
        _live(clock, Rolled(seed + told.stories), turns, told, f"seed {seed + told.stories}")
    return told


def drawn(clock: Clock, *, seed: int, many: int, turns: int) -> Told:
    """About so many stories of up to so many turns; the failure told is of the shortest found."""
    settle()
    told = Told()

    @hypothesis.seed(seed)
    @settings(
        max_examples=many,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def live(data: st.DataObject) -> None:
        pick = Drawn(data)
        _live(clock, pick, pick.number(0, turns), told, "drawn")

    live()
    return told


def settle() -> None:
    """The cast, the keys and the process within a process, in the bound database."""
    people.settle()
    links.configure(("a key of these tests that is long enough",), "https://portal.example")
    installation.configure(timezone="UTC", link_days=30)
    definitions.publish(CHILD, actor=DANA)


def _live(clock: Clock, pick: Plain, turns: int, told: Told, name: str) -> None:
    clock.set(MONDAY)
    happened: list[str] = []
    try:
        player = begun(pick, clock, f"story-{db.new_id()}", happened)
        player.live(turns)
    except Exception as broken:
        broken.add_note("\n".join([*happened, f"That was story {told.stories} ({name})."]))
        raise
    told.stories += 1
    told.moves += player.moves
    told.deeds.update(player.done)
