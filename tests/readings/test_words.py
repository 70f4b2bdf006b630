"""How moments, sizes and hashes read."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.readings import words

NOON = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


def test_a_moment_names_its_day_and_its_zone() -> None:
    assert words.moment(NOON, "Europe/Berlin") == "Fri 27 Nov 2026, 17:00 (Berlin)"
    assert words.moment(NOON, "America/New_York") == "Fri 27 Nov 2026, 11:00 (New York)"


def test_an_unknown_zone_is_told_as_utc_and_never_fails() -> None:
    assert words.moment(NOON, "Atlantis/Center") == "Fri 27 Nov 2026, 16:00 (UTC)"
    assert words.moment(NOON, "../etc/passwd") == "Fri 27 Nov 2026, 16:00 (UTC)"


@pytest.mark.parametrize(
    ("n", "told"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1 kB"), (3_100_000, "3.1 MB")],
)
def test_sizes_are_told_in_decimal_units(n: int, told: str) -> None:
    assert words.size(n) == told


@pytest.mark.parametrize(
    ("delta", "told"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(days=-3), "3 days ago"),
        (timedelta(hours=-1), "1 hour ago"),
        (timedelta(days=2), "in 2 days"),
    ],
)
def test_relative_time_is_told_in_its_largest_unit(delta: timedelta, told: str) -> None:
    assert words.ago(NOON + delta, NOON) == told


def test_what_iso_writes_is_read_back() -> None:
    moment = datetime(2026, 11, 27, 16, 0, 0, 123456, tzinfo=UTC)
    assert words.iso(moment) == "2026-11-27T16:00:00.123456Z"
    assert words.read_iso(words.iso(moment)) == moment


def test_a_browser_is_told_in_words() -> None:
    chrome = "Mozilla/5.0 (Linux; Android 14) AppleWebKit Chrome/131.0 Mobile Safari/537.36"
    assert words.device(chrome) == "Chrome on Android"
    assert words.device(None) == "not recorded"
