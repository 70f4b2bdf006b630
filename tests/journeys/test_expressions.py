"""Expressions, numbers, dates, absent values and texts mean what the page says, seen by API."""

import pytest

from tests.journeys.readers import Reader

SITES = {"sites": [{"town": "Oslo", "size": 1}, {"town": "Bern", "size": "2.50"}]}
GIVEN = {
    "n": "10.50", "word": "Søren <b>", "when": "2026-11-27", "tags": ["a", "c"], "ok": True,
    "price": {"amount": "19.90", "currency": "EUR"}, **SITES,
}  # fmt: skip

COMPUTED = [
    # what is computed of the inputs above, and what the API shows of it
    ("inputs.n * 2", "21"),
    ("0.1 + 0.2 == 0.3", True),
    ("0.1 + 0.2", "0.3"),
    ("inputs.n", "10.50"),
    ("inputs.n + 0", "10.5"),
    ("21 * 2", "42"),
    ("21.5 * 2", "43"),
    ("100.0 * 3", "300"),
    ("10 / 4", "2.5"),
    ("7 % 3", "1"),
    ("7.5 % 2", "1.5"),
    ("1000000 * 1000000 * 1000000", "1000000000000000000"),
    ("0.000001 / 10", "0.0000001"),
    ("1 / 3", "0.3333333333333333333333333333"),
    ("size(inputs.tags) + 0.5", "2.5"),
    ("size(inputs.tags) / 4", "0.5"),
    ("inputs.n > 10", True),
    ("2.0 in [1, 2, 3]", True),
    ("inputs.tags[3 - 2]", "c"),
    ("inputs.tags[0.0]", "a"),
    ("inputs.sites[1].size * 2", "5"),
    ("inputs.sites[1].size", "2.50"),
    ("inputs.sites.map(one, one.town)", ["Oslo", "Bern"]),
    ("inputs.sites.filter(one, one.size > 1).size()", "1"),
    ("inputs.sites.exists(one, one.town == 'Bern')", True),
    ("inputs.sites.all(one, one.size > 1)", False),
    ("inputs.sites.exists_one(one, one.size > 1)", True),
    ("'a' in inputs.tags", True),
    ("inputs.price.amount * 2", "39.8"),
    ("inputs.price.currency", "EUR"),
    ("inputs.price.currency == 'EUR' ? 'euro' : 'other'", "euro"),
    ("inputs.word.startsWith('S')", True),
    ("inputs.word.endsWith('>')", True),
    ("inputs.word.contains('ren')", True),
    ("inputs.word.matches('^S.*')", True),
    ("inputs.word + '!'", "Søren <b>!"),
    ("size('Søren')", "5"),
    ("inputs.when + days(3) == date('2026-11-30')", True),
    ("inputs.when < today", False),
    ("inputs.when > today && inputs.when - days(4) == today", True),
    ("inputs.when.getFullYear() + 1", "2027"),
    ("inputs.when.getMonth()", "10"),
    ("inputs.when.getDayOfMonth()", "26"),
    ("inputs.when.getDate()", "27"),
    ("inputs.when.getDayOfWeek()", "5"),
    ("now == today + hours(9)", True),
    ("now - today == hours(9)", True),
    ("hours(24) == days(1)", True),
    ("date('2026-01-31') + days(1) == date('2026-02-01')", True),
    ("inputs.ok && true", True),
    ("!inputs.ok || inputs.n > 1", True),
    ("inputs.ok ? 1 : 2", "1"),
    ("steps.later.x == null", True),
    ("steps.later.outcome == null", True),
    ("steps.later.outcome != 'completed'", True),
    ("participants.vendor.email", "vera@vendor.example"),
    ("participants.vendor.name", "Vera Vendor"),
    ("{'a': 1, 'b': [1, 2]}", {"a": "1", "b": ["1", "2"]}),
    ("[1, 2.0, 3.50]", ["1", "2", "3.5"]),
    ("[1, 2] + [3]", ["1", "2", "3"]),
    ("has(inputs.word)", True),
    ("string(inputs.n)", "10.50"),
    ("int('4') + 1", "5"),
    ("double('4.5') + 1", "5.5"),
    ("-inputs.n", "-10.5"),
    ("1e3", "1000"),
    ("true", True),
    ("null", None),
]
MANY = "[1, 2, 3, 4, 5, 6, 7, 8, 9]"
LATER = "  - {id: later, assign: buyer, form: {fields: [{id: x, type: number, label: X}]}}\n"


def test_what_is_computed(reader: Reader) -> None:
    sets = "\n".join(f'      v{n}: "{one}"' for n, (one, _) in enumerate(COMPUTED))
    case = reader.start(f"  - id: sum\n    set:\n{sets}\n{LATER}", inputs=GIVEN)
    assert case.troubles() == []
    found = case.values
    wrong = [
        (one, expected, found[f"v{n}"])
        for n, (one, expected) in enumerate(COMPUTED)
        if found[f"v{n}"] != expected
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "failing",
    [
        "1 / (inputs.n - inputs.n)",
        "1 % (inputs.n - inputs.n)",
        "steps.later.x + 1",
        "steps.later.x > 1",
        "steps.later.x * 2",
        "-steps.later.x",
        "inputs.tags[5]",
        "inputs.tags[0.5]",
        "date('2026-02-30')",
        "date('soon')",
        "int('four')",
        "9999999999999999999999999999 * 9999999999999999999999999999",
        f"{MANY}.map(a, {MANY}.map(b, {MANY}.map(c, {MANY}.map(d, {MANY}.map(e, a)))))",
    ],
)
def test_what_fails_opens_one_exception_and_stops_there(failing: str, reader: Reader) -> None:
    case = reader.start(f'  - {{id: sum, set: {{x: "{failing}"}}}}\n{LATER}', inputs=GIVEN)
    [trouble] = case.troubles()
    assert (trouble["step"], trouble["state"]) == ("sum", "open")
    assert case.open == []
    case.resolve("skip")
    assert case.open == ["later"]


def test_what_fails_in_a_when_opens_an_exception(reader: Reader) -> None:
    case = reader.start(f"  - {{id: a, when: inputs.n > 1, assign: buyer, task: {{}}}}\n{LATER}")
    assert [one["step"] for one in case.troubles()] == ["a"]
    case.resolve("edit", inputs={"n": "2"})
    assert case.open == ["a"]
