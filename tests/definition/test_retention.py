"""How long personal data is kept: read, judged with its line, and counted from the end."""

from datetime import UTC, datetime

import pytest

from portal.definition.load import DefinitionFaults, load
from portal.definition.retention import Retention

HEAD = "key: k\nname: K\nowner: dana@example.com\n{}steps: [{{id: a, set: {{b: 1}}}}]\n"


@pytest.mark.parametrize(
    ("said", "told", "basis"),
    [
        ("retention: 2 years\n", "2 years", None),
        ("retention: 1 day\n", "1 day", None),
        ("retention: {keep: 18 months, basis: The law.}\n", "18 months", "The law."),
        ("", "None", None),
    ],
)
def test_it_is_a_time_or_a_time_with_its_basis(said: str, told: str, basis: str | None) -> None:
    found = load(HEAD.format(said)).retention
    assert str(found) == told
    assert (found.basis if found else None) == basis


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("retention: forever\n", "expected how long after its end"),
        ("retention: 0 days\n", "expected how long after its end"),
        ("retention: 200 years\n", "at most 100 years"),
        ("retention: {basis: The law.}\n", "keep"),
        ("retention: {keep: 1 year, why: x}\n", "why"),
    ],
)
def test_what_is_no_such_time_is_told_at_its_line(said: str, expected: str) -> None:
    with pytest.raises(DefinitionFaults, match=expected) as refused:
        load(HEAD.format(said))
    assert refused.value.faults[0].line == 4


@pytest.mark.parametrize(
    ("keep", "before"),
    [
        ("30 days", datetime(2028, 1, 30, 9, tzinfo=UTC)),
        ("2 weeks", datetime(2028, 2, 15, 9, tzinfo=UTC)),
        ("1 month", datetime(2028, 1, 29, 9, tzinfo=UTC)),
        ("12 months", datetime(2027, 2, 28, 9, tzinfo=UTC)),
        ("4 years", datetime(2024, 2, 29, 9, tzinfo=UTC)),
        ("1 year", datetime(2027, 2, 28, 9, tzinfo=UTC)),
    ],
)
def test_it_is_counted_by_the_calendar(keep: str, before: datetime) -> None:
    assert Retention.parse(keep).before(datetime(2028, 2, 29, 9, tzinfo=UTC)) == before
