"""CEL with exact decimals: what it gives, what it refuses at load, what fails at run time."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.definition.expressions import (
    Expression,
    ExpressionFailed,
    ExpressionFault,
    TooMuchWork,
    compile_expression,
)
from portal.definition.operators import number
from portal.definition.shapes import ANY, NUMBER, TEXT, Shape

BERLIN = ZoneInfo("Europe/Berlin")
ROW = Shape("record", {"price": NUMBER, "what": TEXT})
SCOPE = {
    "inputs": Shape(
        "record",
        {
            "n": NUMBER,
            "amount": NUMBER,
            "empty": NUMBER,
            "name": TEXT,
            "day": Shape("date"),
            "late": Shape("yes_no"),
            "tags": Shape("list", item=TEXT),
            "rows": Shape("list", item=ROW),
            "price": Shape("record", {"amount": NUMBER, "currency": TEXT}),
        },
    ),
    "values": Shape("record", {"x": ANY}),
    "now": Shape("time"),
    "today": Shape("date"),
}
FACTS: Mapping[str, Any] = {
    "zone": BERLIN,
    "inputs": {
        "n": Decimal(21),
        "amount": Decimal("10.50"),
        "empty": None,
        "name": "Ada",
        "day": datetime(2026, 3, 28, tzinfo=BERLIN),
        "late": False,
        "tags": ["a", "b"],
        "rows": [{"price": Decimal(1), "what": "x"}, {"price": Decimal("2.5"), "what": "y"}],
        "price": None,
    },
    "values": {"x": None},
    "now": datetime(2026, 3, 30, 9, 30, tzinfo=BERLIN),
    "today": datetime(2026, 3, 30, tzinfo=BERLIN),
}


def compiled(text: object) -> Expression:
    return compile_expression(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1 + 0.2 == 0.3", True),
        ("inputs.n * 2", Decimal(42)),
        ("inputs.n * 2 + 1", Decimal(43)),
        ("inputs.amount", Decimal("10.50")),
        ("inputs.amount * 2", Decimal(21)),
        ("100 * 10", Decimal(1000)),
        ("7 % 3", Decimal(1)),
        ("-7 % 3", Decimal(-1)),
        ("1 / 4", Decimal("0.25")),
        ("size(inputs.tags) + 0.5", Decimal("2.5")),
        ("inputs.tags[size(inputs.tags) - 1]", "b"),
        ("2 in [1, 2.0]", True),
        ("inputs.n > 20.5 && inputs.n <= 21", True),
        ("1u + 0x10", Decimal(17)),
        ("'a' + \"b\"", "ab"),
        ("[1] + [2]", [Decimal(1), Decimal(2)]),
        (r"'\u00e9\n' == r'é\n'", False),
        ("inputs.name == 1", False),
        ("inputs.empty == null", True),
        ("inputs.empty != 3", True),
        ("values.x == null", True),
        ("inputs.price.amount == null", True),
        ("has(inputs.empty)", False),
        ("has(inputs.name)", True),
        ("!inputs.late", True),
        ("inputs.late ? 'late' : 'in time'", "in time"),
        ("inputs.tags.exists(t, t == 'b')", True),
        ("inputs.tags.all(t, t == 'b')", False),
        ("inputs.rows.exists_one(r, r.price > 2)", True),
        ("inputs.rows.filter(r, r.price > 2).map(r, r.what)", ["y"]),
        ("inputs.rows.map(r, r.price > 2, r.price * 2)", [Decimal(5)]),
        ("inputs.name.matches('^A.a$')", True),
        ("inputs.name.startsWith('A') && inputs.name.endsWith('a')", True),
        ("inputs.name.contains('d')", True),
        ("{'a': 1}.a", Decimal(1)),
        ("{'a': 1}['a']", Decimal(1)),
        ("'a' in {'a': 1}", True),
        ("date('2026-03-28') == inputs.day", True),
        ("inputs.day + days(2) == today", True),
        ("today - inputs.day == days(2)", True),
        ("today - days(2) < inputs.day", False),
        ("now - today == hours(9) + duration('30m')", True),
        ("inputs.day.getFullYear() + 0.5", Decimal("2026.5")),
        ("inputs.day.getMonth()", Decimal(2)),
        ("inputs.day.getDayOfWeek()", Decimal(6)),
        ("inputs.day.getHours('UTC')", Decimal(23)),
        ("duration('1h30m').getMinutes()", Decimal(90)),
        ("timestamp('2026-03-28T00:00:00+01:00') == inputs.day", True),
        ("int('12') + int(1.9)", Decimal(13)),
        ("string(inputs.amount)", "10.50"),
        ("double('1.5') * 2", Decimal(3)),
        ("bool('true')", True),
        ("true || 1 / 0 > 1", True),
        ("1 / 0 > 1 || true", True),
        ("1 / 0 > 1 && false", False),
        (True, True),
        (Decimal("1.50"), Decimal("1.5")),
    ],
)
def test_it_gives(text: object, value: Any) -> None:
    assert compiled(text).evaluate(FACTS) == value


def test_a_computed_number_has_no_trailing_zeros_and_no_exponent() -> None:
    assert str(compiled("10.50 + 0").evaluate(FACTS)) == "10.5"
    assert str(compiled("100 * 10").evaluate(FACTS)) == "1000"
    assert str(compiled("0 * -1").evaluate(FACTS)) == "0"
    assert str(compiled("inputs.amount").evaluate(FACTS)) == "10.50"


def test_a_day_keeps_the_clock_over_a_clock_change() -> None:
    moment = compiled("timestamp('2026-03-28T12:00:00+01:00') + days(1)").moment(FACTS)
    assert moment.astimezone(UTC) == datetime(2026, 3, 29, 10, tzinfo=UTC)
    exact = compiled("timestamp('2026-03-28T12:00:00+01:00') + hours(24)").moment(FACTS)
    assert exact.astimezone(UTC) == datetime(2026, 3, 29, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("1 / 0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("inputs.empty + 1", "`inputs.empty` is empty"),
        ("inputs.empty > 1", "`inputs.empty` is empty"),
        ("-inputs.empty", "is empty"),
        ("'a' in inputs.price.currency", "needs a list"),
        ("inputs.name > 1", "no order"),
        ("inputs.name + 1", "can't be added"),
        ("inputs.name * 2", "only numbers"),
        ("inputs.tags[2]", "no item 2"),
        ("inputs.tags[0.5]", "no item 0.5"),
        ("{'a': 1}.b", "no `b`"),
        ("inputs.name ? 1 : 2", "true or false is needed"),
        ("inputs.name && true", "true or false is needed"),
        ("date('2026-02-30') == today", "is not a date"),
        ("timestamp('yesterday') == now", "point in time"),
        ("duration('long') == hours(1)", "is not a duration"),
        ("days(1.5) == hours(36)", "whole number"),
        ("int('twelve')", "not a number"),
        ("9999999999999999999999999999 + 1", "28 digits"),
        ("date('8999-12-31') + days(1000000) == today", "years 1 to 9999"),
        ("inputs.day.getHours('Mars')", "time zone"),
        ("date('0001-01-01') < today", "years 1000 to 9000"),
        ("date(timestamp('0001-01-02T00:00:00Z')) < today", "years 1000 to 9000"),
        ("timestamp('9999-12-31T23:59:59-05:00') > now", "years 1 to 9999"),
        ("values.x.exists(x, x)", "a list is needed"),
    ],
)
def test_it_fails_with_a_sentence(text: str, part: str) -> None:
    with pytest.raises(ExpressionFailed) as failed:
        compiled(text).evaluate(FACTS)
    assert part in failed.value.sentence
    assert text.strip() in failed.value.sentence


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "empty"),
        ("1 +", "something is missing"),
        ("(1", "something is missing"),
        ("a b", "can't be read"),
        ("inputs.n = 1", "expected == to compare"),
        ("inputs.m", "expected one of `n`"),
        ("input.n", "did you mean `inputs`?"),
        ("inputs.name.first", "is a text"),
        ("inputs.rows[0].prize", "did you mean `price`?"),
        ("inputs.rows.map(r, r.prize)", "did you mean `price`?"),
        ("inputs.n.map(x, x)", "is not a list"),
        ("sizeof(inputs.name)", "did you mean `size`?"),
        ("inputs.name.length()", "is not a function"),
        ("size()", "number of arguments"),
        ("inputs.tags.map(x)", "a name and an expression"),
        ("inputs.tags.map(1, x)", "name of an item"),
        ("inputs.name.matches('(?=a)')", "perl operator"),
        ("b'bytes'", "can't be used"),
        (".inputs", "can't be used"),
        ("Thing{a: 1}", "can't be used"),
        (r"'\q'", "not an escape"),
        ("1e99", "28 digits"),
        ("!" * 500 + "true", "nested too deeply"),
        ("+".join(["1"] * 500), "nested too deeply"),
        ("1 == " + "x" * 10_001, "longer than"),
        (["a"], "expected an expression"),
    ],
)
def test_it_is_refused_when_it_is_loaded(text: object, part: str) -> None:
    with pytest.raises(ExpressionFault) as refused:
        compiled(text)
    assert part in str(refused.value)


def test_work_is_bounded() -> None:
    loop = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"
    nested = f"{loop}.map(a, {loop}.map(b, {loop}.map(c, {loop}.map(d, a + b + c + d))))"
    with pytest.raises(TooMuchWork, match="20,000 steps"):
        compiled(nested).evaluate(FACTS)
    doubling = "['" + "a" * 50 + "']" + ".map(x, x + x)" * 30
    with pytest.raises(TooMuchWork):
        compiled(doubling).evaluate(FACTS)


@pytest.mark.parametrize("part", ["[x, x]", "{'a': x, 'b': x}", "[x] + [x]", "[1, 2].map(y, x)"])
def test_values_that_share_their_parts_do_not_grow_without_end(part: str) -> None:
    grown = "[1]" + f".map(x, {part})" * 40
    with pytest.raises(TooMuchWork):
        compiled(f"{grown} == {grown}").evaluate(FACTS)


def test_too_much_work_is_not_made_harmless_by_or() -> None:
    loop = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"
    nested = f"{loop}.all(a, {loop}.all(b, {loop}.all(c, {loop}.all(d, {loop}.all(e, true)))))"
    with pytest.raises(TooMuchWork):
        compiled(f"{nested} || true").evaluate(FACTS)


def test_a_condition_must_be_true_or_false() -> None:
    with pytest.raises(ExpressionFailed, match="gives a number, expected true or false"):
        compiled("inputs.n").truth(FACTS)
    with pytest.raises(ExpressionFailed, match="gives nothing, expected a text"):
        compiled("values.x").text(FACTS)


def test_it_knows_the_names_that_it_reads() -> None:
    assert compiled("inputs.n > 1 && today > now").names == {"inputs", "today", "now"}
    assert compiled("inputs.tags.exists(now, now == 'a')").names == {"inputs"}


decimals = st.decimals(
    min_value=-(10**12), max_value=10**12, allow_nan=False, allow_infinity=False, places=4
)


@given(decimals, decimals)
def test_sums_and_products_are_exact(left: Decimal, right: Decimal) -> None:
    facts = {**FACTS, "inputs": {"n": left, "amount": right}}
    assert compiled("inputs.n + inputs.amount").evaluate(facts) == left + right
    assert compiled("inputs.n * inputs.amount").evaluate(facts) == left * right
    assert compiled("inputs.n < inputs.amount").evaluate(facts) is (left < right)


@given(decimals)
def test_a_number_is_written_once(value: Decimal) -> None:
    written = format(number(value), "f")
    assert Decimal(written) == value
    assert "E" not in written
    assert written == "0" or not written.rstrip("0").endswith(".") or "." not in written


@given(st.text(max_size=40))
def test_no_text_ends_in_anything_but_a_refusal(text: str) -> None:
    with suppress(ExpressionFault, ExpressionFailed):
        compiled(text).evaluate(FACTS)


def test_the_longest_durations_do_not_break() -> None:
    assert compiled("days(3000000) > hours(1)").evaluate(FACTS) is True
    assert compiled("days(2) + days(3)").evaluate(FACTS) == timedelta(days=5)
