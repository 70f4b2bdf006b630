"""Many processes are moved to a version, each for itself: one refused stops no other."""

from functools import partial

import pytest

from portal import db
from portal.actions import fleets, processes
from portal.errors import Faulty, NotYours, Unknown
from portal.readings import fleets as readings
from tests import makers, people
from tests.actions.test_blocks import is_sound
from tests.actions.test_changes import FORM, LAST, THREE
from tests.actions.test_races import at_once

DANA = people.staff("dana")


def three_of_them() -> list[str]:
    """One that can't be moved, one that can, and one that has ended."""
    stuck = makers.start(f"{FORM}\n{LAST}")
    ready = makers.start_again()
    makers.fill(ready, company="Sea")
    ended = makers.start_again()
    processes.cancel(ended, "Enough.", actor=DANA)
    makers.publish(LAST)
    return [stuck, ready, ended]


def versions(ids: list[str]) -> list[int]:
    return [makers.process(one).version for one in ids]


def test_each_is_moved_for_itself_and_tells_why_not() -> None:
    ids = three_of_them()
    told = fleets.migrate("demo", 2, "Fewer questions.", ids, actor=DANA)
    assert [one.is_moved for one in told] == [False, True, False]
    assert versions(ids) == [1, 2, 1]
    assert "which version 2 does not have" in str(told[0].why_not)
    assert "has ended" in str(told[2].why_not)
    assert all(is_sound(one) for one in ids)


def test_a_look_at_all_of_them_changes_none_and_tells_the_same() -> None:
    ids = three_of_them()
    before = [makers.types(one) for one in ids]
    looked = fleets.look("demo", "2", ids, actor=DANA)
    assert [makers.types(one) for one in ids] == before
    assert looked[1] == fleets.migrate("demo", 2, "Why.", ids, actor=DANA)[1]
    assert looked[0].why_not == ("It stands on “Details” (details), which version 2 does not have.")


def test_what_is_named_twice_or_is_of_another_definition_is_moved_once_or_not_at_all() -> None:
    one = makers.start(THREE)
    makers.publish(f"{THREE}\n  - {{id: more, assign: buyer, task: {{}}}}")
    elsewhere = makers.HEAD.replace("key: demo", "key: other")
    makers.publish(THREE, elsewhere)
    given = {"vendor": people.VERA}
    other = processes.start("other", inputs={}, participants=given, actor=DANA)
    makers.publish(LAST, elsewhere)
    told = fleets.migrate("demo", 2, "Why.", [one, one, other, "nothing"], actor=DANA)
    assert [result.why_not for result in told] == [
        None,
        "This process is of another definition.",
        "There is nothing here, or nothing that is yours to see.",
    ]
    assert versions([one, other]) == [2, 1]


def test_what_is_somebody_elses_stays_and_the_rest_moves() -> None:
    mine = makers.start(THREE)
    makers.publish(LAST)
    [told] = fleets.migrate("demo", 2, "Why.", [mine], actor=people.staff("finn"))
    assert told.why_not == "Only the owner of the process or an admin may do this."
    with pytest.raises(NotYours):
        fleets.migrate("demo", 2, "Why.", [mine], actor=people.staff("aud"))


def test_what_is_wrong_with_all_of_it_is_told_before_anything_is_moved() -> None:
    one = makers.start(THREE)
    with pytest.raises(Unknown):
        fleets.migrate("none", 2, "Why.", [one], actor=DANA)
    for version, reason, ids, at in (
        (7, "Why.", [one], "version"), (True, "Why.", [one], "version"),
        (1, " ", [one], "reason"), (1, "Why.", ["x"] * (fleets.MOST + 1), "processes"),
    ):  # fmt: skip
        with pytest.raises(Faulty) as refused:
            fleets.migrate("demo", version, reason, ids, actor=DANA)
        assert [fault.at for fault in refused.value.faults] == [at]


def test_two_who_move_all_of_them_at_once_move_each_once() -> None:
    ids = [makers.start(THREE), *(makers.start_again() for _ in range(3))]
    makers.publish(f"{THREE}\n  - {{id: more, assign: buyer, task: {{}}}}")
    move = partial(fleets.migrate, "demo", 2, "Why.", ids, actor=DANA)
    assert at_once([move, move]) == {"done": 2}
    assert [makers.types(one).count("process.migrated") for one in ids] == [1, 1, 1, 1]


def test_those_on_other_versions_are_told_some_at_a_time() -> None:
    ids = [makers.start(THREE), *(makers.start_again() for _ in range(3))]
    makers.publish(LAST)
    makers.start_again()
    with db.reading() as conn:
        first = readings.elsewhere(conn, "demo", 2, limit=3)
        rest = readings.elsewhere(conn, "demo", 2, after=first[-1].id, limit=3)
        assert readings.count_elsewhere(conn, "demo", 2) == 4
    assert [row.id for row in (*first, *rest)] == sorted(ids)
