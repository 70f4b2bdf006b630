"""Answers: what each type takes and refuses, what is hidden, tables, and what was typed."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from portal import language
from portal.definition import facts
from portal.definition.fields import (
    Entry,
    FormSent,
    JsonSent,
    default_value,
    parse_form,
    parse_json,
    show,
    typed_of,
    visible,
)
from portal.definition.load import load
from portal.definition.tree import Field, FormStep

TODAY = date(2026, 11, 27)
FACTS = {"zone": ZoneInfo("UTC"), "inputs": {"n": Decimal(5)}}


def fields_of(*lines: str) -> tuple[Field, ...]:
    listed = "".join(f"          - {line}\n" for line in lines)
    text = (
        "key: a\nname: A\nowner: a@b.example\nroles: {b: {kind: staff}}\n"
        "inputs: [{id: n, type: number}]\n"
        f"steps:\n  - id: ask\n    assign: b\n    form:\n      fields:\n{listed}"
    )
    step = load(text).step("ask")
    assert isinstance(step, FormStep)
    return step.fields


def typed(fields: tuple[Field, ...], *pairs: tuple[str, str]) -> Entry:
    return parse_form(fields, MultiDict(pairs), today=TODAY, facts=FACTS)


@pytest.mark.parametrize(
    ("spec", "raw", "stored"),
    [
        ("type: text", " Ada ", "Ada"),
        ("type: text, pattern: '[A-Z]{2}'", "DE", "DE"),
        ("type: multiline", "a\r\nb", "a\nb"),
        ("type: email", "Ada.L+x@mail.example", "Ada.L+x@mail.example"),
        ("type: email", "ada@münchen.example", "ada@münchen.example"),
        ("type: phone", "+49 (30) 123-456", "+49 (30) 123-456"),
        ("type: url", "https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
        ("type: number", "10.50", "10.50"),
        ("type: number", "-0", "0"),
        ("type: number", "+007", "7"),
        ("type: number", "1" * 28, "1" * 28),
        ("type: number, decimals: 0", "12", "12"),
        ("type: number, min: 0, max: 10", "10.0", "10.0"),
        ("type: date", "2026-11-27", "2026-11-27"),
        ("type: date, min: today, max: 2026-12-31", "2026-11-27", "2026-11-27"),
        ("type: yes_no", "no", False),
        ("type: choice, options: [a, b]", "b", "b"),
        ("type: choices, options: [a, b, c], max: 2", "c", ["c"]),
    ],
)
def test_it_takes(spec: str, raw: str, stored: Any) -> None:
    fields = fields_of(f"{{id: q, {spec}}}")
    entry = typed(fields, ("q", raw))
    assert entry == Entry({"q": stored}, {}, {"q": [raw]})
    assert JsonSent({"q": stored}).read(fields, today=TODAY).values == {"q": stored}


@pytest.mark.parametrize(
    ("spec", "raw", "part"),
    [
        ("type: text", "  ", "Fill this in."),
        ("type: text", "a\x00b", "control signs"),
        ("type: text", "a\nb", "single line"),
        ("type: text, min_length: 3", "ab", "at least 3"),
        ("type: text, max_length: 3", "abcd", "at most 3"),
        ("type: text, pattern: '[A-Z]{2}'", "DEX", "it has to fit [A-Z]{2}."),
        ("type: text, pattern: 'a|b'", "ab", "it has to fit a|b."),
        ("type: email", "ada", "e-mail address"),
        ("type: email", "ada@localhost", "e-mail address"),
        ("type: email", "a b@c.example", "e-mail address"),
        ("type: email", "a\u202eb@c.example", "e-mail address"),
        ("type: email", "a\u200db@c.example", "e-mail address"),
        ("type: email", "a\xadb@c.example", "e-mail address"),
        ("type: email", f"a@{'ü' * 62}.example", "e-mail address"),
        ("type: email", "a@b.example\nBcc: x@y.example", "single line"),
        ("type: phone", "call me", "phone number"),
        ("type: url", "javascript:alert(1)", "web address"),
        ("type: url", "https://", "web address"),
        ("type: url", "http://[", "web address"),
        ("type: number", "10,5", "with a point"),
        ("type: number", "1e5", "with a point"),
        ("type: number", "NaN", "with a point"),
        ("type: number", "1" * 29, "28 digits"),
        ("type: number, decimals: 0", "1.5", "whole number"),
        ("type: number, decimals: 2", "1.555", "2 digits after"),
        ("type: number, min: 2", "1.99", "2 or more"),
        ("type: number, max: 2", "2.01", "2 or less"),
        ("type: date", "27.11.2026", "year-month-day"),
        ("type: date", "2026-02-30", "year-month-day"),
        ("type: date", "0001-01-01", "year-month-day"),
        ("type: date, min: today", "2026-11-26", "27 Nov 2026 or a later"),
        ("type: date, max: 2026-01-01", "2026-11-26", "1 Jan 2026 or an earlier"),
        ("type: yes_no", "maybe", "yes or no"),
        ("type: choice, options: [a, b]", "c", "one of the options"),
        ("type: choices, options: [a, b]", "c", "among the options"),
        ("type: choices, options: [a, b], min: 2", "a", "at least 2 options"),
    ],
)
def test_it_refuses_with_a_sentence(spec: str, raw: str, part: str) -> None:
    entry = typed(fields_of(f"{{id: q, {spec}}}"), ("q", raw))
    assert entry.values == {"q": None}
    assert part in entry.faults["q"]
    assert entry.typed == {"q": [raw]}


@pytest.mark.parametrize(
    ("spec", "raw"),
    [
        ("type: text", 5),
        ("type: text", ["a"]),
        ("type: number", True),
        ("type: number", float("nan")),
        ("type: number", float("inf")),
        ("type: number", 1e300),
        ("type: number", 10**40),
        ("type: number", "9" * 5000),
        ("type: number", {"a": 1}),
        ("type: money", "10 EUR"),
        ("type: money", {"amount": "1", "currency": "EUR", "x": 1}),
        ("type: money", {"amount": "1", "currency": 5}),
        ("type: date", 20260101),
        ("type: yes_no", 1),
        ("type: choice, options: [a]", ["a"]),
        ("type: choices, options: [a]", {"a": 1}),
        ("type: choices, options: [a]", [["a"]]),
        ("type: table, columns: [{id: c, type: text}]", "x"),
        ("type: table, columns: [{id: c, type: text}]", ["x"]),
        ("type: table, columns: [{id: c, type: text}]", [{}] * 1001),
    ],
)
def test_no_json_ends_in_anything_but_a_fault(spec: str, raw: Any) -> None:
    entry = parse_json(fields_of(f"{{id: q, {spec}}}"), {"q": raw}, today=TODAY)
    assert entry.faults


def test_json_numbers_keep_what_they_say() -> None:
    fields = fields_of("{id: q, type: number}")
    for raw, stored in [(0.1, "0.1"), (5, "5"), (Decimal("2.50"), "2.50"), ("7.10", "7.10")]:
        assert parse_json(fields, {"q": raw}, today=TODAY).values == {"q": stored}


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        ("1.234", "EUR", "Enter at most 2 digits after the point, as EUR has."),
        ("1.5", "JPY", "Enter a whole amount: JPY has no smaller unit."),
        ("1.2345", "KWD", "Enter at most 3 digits after the point, as KWD has."),
    ],
)
def test_no_amount_has_more_digits_than_its_currency(amount: str, currency: str, told: str) -> None:
    fields = fields_of("{id: q, type: money}")
    entry = parse_json(fields, {"q": {"amount": amount, "currency": currency}}, today=TODAY)
    assert entry.faults == {"q": told}


def test_an_amount_may_use_all_digits_of_its_currency() -> None:
    fields = fields_of("{id: q, type: money}")
    for amount, currency in (("1.23", "EUR"), ("1500", "JPY"), ("1.234", "KWD"), ("2.50", "ALL")):
        entry = parse_json(fields, {"q": {"amount": amount, "currency": currency}}, today=TODAY)
        assert not entry.faults


@pytest.mark.parametrize(
    ("spec", "spoken", "given", "stored"),
    [
        ("type: money, currencies: [EUR]", "de", "50.000", "50000"),
        ("type: money, currencies: [EUR]", "en", "50.000", "50.000"),
        ("type: money, currencies: [KWD]", "de", "50.000", "50.000"),
        ("type: money, currencies: [EUR]", "de", "50.00", "50.00"),
        ("type: number, decimals: 0", "de", "1.200", "1200"),
        ("type: number, decimals: 2", "es", "-1.200", "-1200"),
        ("type: number, decimals: 2", "de", "0.500", None),
        ("type: number", "de", "1.200", "1.200"),
    ],
)
def test_a_point_that_can_not_be_a_decimal_one_parts_thousands_where_people_write_it_so(
    spec: str, spoken: str, given: str, stored: str | None
) -> None:
    fields = fields_of(f"{{id: q, {spec}}}")
    name = "q-amount" if "money" in spec else "q"
    with language.speaking(spoken):
        entry = typed(fields, (name, given))
    found = entry.values.get("q")
    assert (found["amount"] if isinstance(found, dict) else found) == stored
    assert bool(entry.faults) == (stored is None)


def test_money_has_an_amount_and_a_currency() -> None:
    fields = fields_of("{id: q, type: money, currencies: [EUR, USD], min: 1}")
    assert typed(fields, ("q-amount", "10.50"), ("q-currency", "EUR")).values == {
        "q": {"amount": "10.50", "currency": "EUR"}
    }
    assert "currencies" in typed(fields, ("q-amount", "1"), ("q-currency", "GBP")).faults["q"]
    assert "Choose the currency" in typed(fields, ("q-amount", "1")).faults["q"]
    assert typed(fields, ("q-currency", "EUR")).faults == {"q": "Fill this in."}
    only = fields_of("{id: q, type: money, currencies: [EUR]}")
    assert typed(only, ("q-amount", "1")).values["q"]["currency"] == "EUR"


def test_unknown_answers_are_refused_from_programs() -> None:
    entry = parse_json(fields_of("{id: q, type: text}"), {"q": "a", "z": 1}, today=TODAY)
    assert list(entry.faults) == ["z"]
    assert parse_json(fields_of("{id: q, type: text}"), [1], today=TODAY).faults


HIDING = (
    "{id: abroad, type: yes_no}",
    "{id: country, type: text, show_if: abroad}",
    "{id: permit, type: text, show_if: \"country != 'NO'\"}",
    "{id: big, type: text, show_if: inputs.n > 4, required: false}",
)


def test_a_hidden_field_is_not_required_and_what_was_sent_is_dropped() -> None:
    fields = fields_of(*HIDING)
    entry = typed(fields, ("abroad", "no"), ("country", "SE"), ("permit", "x" * 200_000))
    assert entry.values == {"abroad": False, "country": None, "permit": None, "big": None}
    assert entry.faults == {}


def test_a_shown_field_is_required() -> None:
    entry = typed(fields_of(*HIDING), ("abroad", "yes"))
    assert entry.faults == {"country": "Fill this in."}


def test_a_field_is_hidden_while_one_that_it_names_is_empty() -> None:
    fields = fields_of(*HIDING)
    assert visible(fields, {}, FACTS) == {"abroad", "big"}
    assert visible(fields, {"abroad": True, "country": "SE"}, FACTS) == {
        "abroad", "country", "permit", "big",
    }  # fmt: skip


TABLE = (
    "{id: q, type: table, min: 1, max: 3, columns: [{id: what, type: text}, "
    "{id: n, type: number, show_if: \"what != 'none'\"}, {id: p, type: money, required: false}]}"
)


def test_a_table_is_read_row_by_row() -> None:
    entry = typed(
        fields_of(TABLE),
        ("q-2-what", "Pen"), ("q-2-n", "3"), ("q-2-p-amount", "1.50"), ("q-2-p-currency", "EUR"),
        ("q-10-what", "none"), ("q-10-n", "x"),
        ("q-3-what", " "), ("q-3-n", ""), ("q-3-p-currency", "EUR"),
        ("q-x-what", "?"),
    )  # fmt: skip
    assert entry.faults == {}
    assert entry.values["q"] == [
        {"what": "Pen", "n": "3", "p": {"amount": "1.50", "currency": "EUR"}},
        {"what": "none", "n": None, "p": None},
    ]


def test_a_fault_in_a_table_stands_at_its_cell() -> None:
    entry = typed(fields_of(TABLE), ("q-1-what", "Pen"), ("q-4-n", "1"), ("q-4-what", ""))
    assert entry.faults == {"q-1-n": "Fill this in.", "q-4-what": "Fill this in."}
    rows = [{"what": "Pen", "n": "x"}, {"what": "none", "z": 1}]
    faults = parse_json(fields_of(TABLE), {"q": rows}, today=TODAY).faults
    assert set(faults) == {"q-1-n", "q-2-z"}


def test_faults_stand_in_the_order_of_the_page() -> None:
    fields = fields_of("{id: last, type: number}", TABLE, "{id: end, type: text}")
    sent = [("q-2-what", "Pen"), ("q-2-n", "x"), ("q-1-n", "1"), ("last", "y")]
    assert list(typed(fields, *sent).faults) == ["last", "q-1-what", "q-2-n", "end"]


def test_a_pattern_that_is_not_met_is_told_in_the_words_of_its_help() -> None:
    fields = fields_of("{id: q, type: text, pattern: '[A-Z]{2}', help: 'Two letters, such as DE'}")
    assert typed(fields, ("q", "x")).faults == {"q": "Enter this as asked: Two letters, such as DE"}


def test_rows_are_counted() -> None:
    fields = fields_of(TABLE)
    assert typed(fields).faults == {"q": "Fill this in."}
    rows = [(f"q-{number}-what", "none") for number in range(1, 5)]
    assert "at most 3 rows" in typed(fields, *rows).faults["q"]
    fields = fields_of("{id: q, type: table, columns: [{id: what, type: text, label: What}]}")
    rows = [(f"q-{number}-what", "x") for number in range(1, 1002)]
    assert typed(fields, *rows).faults == {"q": "Give at most 1000 rows; there are 1001."}


def test_a_round_may_ask_for_some_fields_alone() -> None:
    fields = fields_of(*HIDING)
    known = {"abroad": True, "country": "SE", "permit": "old", "big": None}
    sent = FormSent(MultiDict([("permit", "new"), ("country", "NO")]))
    entry = sent.read(fields, today=TODAY, facts=FACTS, known=known, only={"permit"})
    assert entry.values == {**known, "permit": "new"}
    assert entry.typed == {"permit": ["new"]}


def test_stored_values_fill_the_form_again() -> None:
    fields = fields_of(TABLE, "{id: y, type: yes_no}", "{id: c, type: choices, options: [a, b]}")
    values = {
        "q": [{"what": "Pen", "n": "3", "p": {"amount": "1.50", "currency": "EUR"}}],
        "y": True,
        "c": ["a", "b"],
    }
    controls = [
        (name, one)
        for field in fields
        for name, sent in typed_of(field, values[field.id]).items()
        for one in sent
    ]
    assert typed(fields, *controls).values == values


@pytest.mark.parametrize(
    ("spec", "default"),
    [
        ("type: text, default: Ada", "Ada"),
        ("type: text, default: 'n={{ inputs.n }}'", "n=5"),
        ("type: number, default: '{{ inputs.n * 2 }}'", "10"),
        ("type: number, default: 1.50", "1.50"),
        ("type: date, default: '{{ today }}'", "2026-11-27"),
        ("type: yes_no, default: true", True),
        ("type: yes_no, default: '{{ inputs.n > 3 }}'", True),
        ("type: choices, options: [a, b], default: [b]", ["b"]),
        ("type: money, default: {amount: '{{ inputs.n }}', currency: EUR}",
         {"amount": "5", "currency": "EUR"}),
        ("type: table, columns: [{id: c, type: number}], default: [{c: 1}]", [{"c": "1"}]),
        ("type: email, default: '{{ inputs.n }}'", None),
        ("type: text", None),
    ],
)  # fmt: skip
def test_a_default_may_be_computed(spec: str, default: Any) -> None:
    [field] = fields_of(f"{{id: q, {spec}}}")
    zone = ZoneInfo("UTC")
    known = {**FACTS, "today": datetime(2026, 11, 27, tzinfo=zone)}
    assert default_value(field, known) == default


@given(st.decimals(min_value=-(10**20), max_value=10**20, places=5))
def test_a_number_typed_is_the_number_stored_and_shown(value: Decimal) -> None:
    [field] = fields_of("{id: q, type: number}")
    text = format(value, "f")
    stored = typed((field,), ("q", text)).values["q"]
    assert Decimal(stored) == value
    assert show(field, stored) == stored
    assert facts.value_of(field, stored, ZoneInfo("UTC")) == value


@given(st.dictionaries(st.sampled_from(["q", "q-1-what", "q-1-n", "q-99999999-what", "q--what"]),
                       st.text(max_size=20)))  # fmt: skip
def test_no_form_ends_in_anything_but_an_entry(sent: dict[str, str]) -> None:
    entry = typed(fields_of(TABLE), *sent.items())
    assert set(entry.values) == {"q"}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({}, {"vat": "19", "rush": False, "rows": [{"kind": "small"}]}),
        ({"rush": None, "vat": None, "rows": [{}]}, {"vat": None, "rush": None,
         "rows": [{"kind": "small"}]}),
        ({"rush": True, "vat": "7", "rows": [{"kind": None}]},
         {"vat": "7", "rush": True, "rows": [{"kind": None}]}),
    ],
)  # fmt: skip
def test_what_a_program_leaves_out_begins_with_its_default(sent: Any, stored: Any) -> None:
    fields = fields_of(
        "{id: vat, type: number, default: '{{ inputs.n + 14 }}', required: false}",
        "{id: rush, type: yes_no, default: false, required: false}",
        "{id: rows, type: table, default: [{kind: small}], "
        "columns: [{id: kind, type: text, default: small, required: false}]}",
    )
    entry = JsonSent(sent).read(fields, today=TODAY, facts=FACTS)
    assert entry == Entry(stored, {}, {})


def test_what_a_person_emptied_stays_empty() -> None:
    fields = fields_of("{id: vat, type: number, default: 19, required: false}")
    assert typed(fields, ("vat", "")).values == {"vat": None}
