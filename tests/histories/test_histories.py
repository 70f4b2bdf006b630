"""The engine is sound: whatever is written down and whatever happens, it goes on to an end.

A short run, the same each time; ``python3 app.py soak --histories`` makes up others for as long
as one likes.
"""

from portal import db
from portal.clock import Clock
from tests.histories.run import drawn, rolled


def test_every_history_keeps_the_rules_and_comes_to_its_end(
    sqlite: db.Database, clock: Clock
) -> None:
    told = rolled(clock, seed=1, turns=20, goes_on=lambda told: told.stories < 25)
    assert told.moves > 250
    assert {"answer", "time_passes", "others_answer", "reopen", "skip"} <= told.deeds.keys()


def test_no_short_history_that_is_looked_for_breaks_a_rule(
    sqlite: db.Database, clock: Clock
) -> None:
    assert drawn(clock, seed=1, many=15, turns=6).stories >= 15
