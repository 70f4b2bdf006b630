"""Ids: sortable as they were made, whatever the clock does."""

from datetime import timedelta

from portal import clock, db


def test_ids_of_one_moment_sort_as_they_were_made() -> None:
    with clock.stopped_at(clock.now()):
        made = [db.new_id() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_a_clock_set_back_is_followed() -> None:
    later = clock.now() + timedelta(days=2)
    with clock.stopped_at(later):
        before = db.new_id()
    with clock.stopped_at(later - timedelta(milliseconds=300)):
        assert db.new_id() > before
    with clock.stopped_at(later - timedelta(days=1)):
        assert db.new_id() < before
