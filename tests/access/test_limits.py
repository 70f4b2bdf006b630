"""Attempts are counted in the database, whoever asks and however many at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from portal import db
from portal.access import limits
from portal.clock import Clock
from portal.errors import TooFast
from portal.models import Attempt

pytestmark = pytest.mark.usefixtures("house")


def is_let_through(what: str = "x", limit: int = 3) -> bool:
    try:
        limits.spend(what, limit, 600)
    except TooFast:
        return False
    return True


def test_up_to_the_limit_and_no_further_until_the_window_ends(clock: Clock) -> None:
    assert [is_let_through() for _ in range(5)] == [True, True, True, False, False]
    clock.advance(seconds=599)
    assert not is_let_through()
    clock.advance(seconds=1)
    assert is_let_through()


def test_the_refusal_says_how_long_to_wait(clock: Clock) -> None:
    limits.spend("x", 1, 600)
    clock.advance(seconds=100)
    with pytest.raises(TooFast) as refused:
        limits.spend("x", 1, 600, "Not so fast.")
    assert refused.value.retry_after == 500
    assert refused.value.sentence == "Not so fast."


def test_one_limit_does_not_touch_another() -> None:
    assert [is_let_through("x", 1), is_let_through("y", 1), is_let_through("x", 1)] == [
        True,
        True,
        False,
    ]


def test_many_at_once_get_no_more_than_the_limit() -> None:
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda _: is_let_through(limit=10), range(30)))
    assert ended.count(True) == 10


def test_what_is_forgotten_counts_anew_and_what_is_over_is_pruned(clock: Clock) -> None:
    limits.spend("x", 1, 600)
    limits.spend("y", 1, 60)
    with db.transaction() as tx:
        limits.forget(tx, "x")
    assert is_let_through("x", 1)
    clock.advance(seconds=60)
    with db.transaction() as tx:
        limits.prune(tx)
    assert [row.what for row in rows()] == ["x"]


def test_failures_are_counted_until_their_window_is_full_and_then_anew(clock: Clock) -> None:
    assert [limits.note_failure("x", 3, 600) for _ in range(5)] == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert [row.n for row in rows()] == [3]
    clock.advance(seconds=600)
    assert [limits.note_failure("x", 3, 600) for _ in range(3)] == [False, False, True]


def test_of_many_failures_at_once_one_fills_the_window() -> None:
    with ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(lambda _: limits.note_failure("x", 10, 600), range(30)))
    assert ended.count(True) == 1


def rows() -> list[Attempt]:
    with db.reading() as conn:
        return list(conn.execute(Attempt.__table__.select()).all())  # type: ignore[arg-type]
