"""Texts with placeholders: shown as the field shows, escaped for where they land."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from portal.definition import facts
from portal.definition.expressions import ExpressionFailed, ExpressionFault
from portal.definition.load import load
from portal.definition.shapes import scope
from portal.definition.text import Text, compile_text
from portal.definition.tree import MessageStep

BERLIN = ZoneInfo("Europe/Berlin")
DEFINITION = load(
    """\
key: a
name: A
owner: a@b.example
inputs:
  - {id: company, type: text}
  - {id: count, type: number}
  - {id: price, type: money}
  - {id: day, type: date}
  - {id: vip, type: yes_no}
  - {id: colour, type: choice, options: [{value: r, label: Red}, {value: g, label: Green}]}
  - {id: sizes, type: choices, options: [{value: s, label: Small}, {value: l, label: Large}]}
  - {id: lines, type: table, columns: [{id: what, type: text}, {id: n, type: number}]}
steps: [{id: s, set: {total: inputs.count * 2}}]
"""
)
SCOPE = scope(DEFINITION.inputs, {}, {}, {})


def filled(text: str, escape: Any = "text", locale: str = "en", **inputs: Any) -> str:
    known = facts.build(
        DEFINITION,
        inputs=inputs,
        steps={},
        values={},
        participants={},
        now=datetime(2026, 11, 27, 9, 5, tzinfo=BERLIN),
        zone=BERLIN,
    )
    return compile_text(text, SCOPE).render(known, escape, locale)


@pytest.mark.parametrize(
    ("text", "locale", "shown"),
    [
        ("{{ inputs.company }}", "en", "Ada & Co"),
        ("{{ inputs.count }}", "en", "10.50"),
        ("{{ inputs.count }}", "de", "10,50"),
        ("{{ inputs.count * 2 }}", "en", "21"),
        ("{{ inputs.price }}", "en", "1,234.50 EUR"),
        ("{{ inputs.price }}", "de", "1.234,50 EUR"),
        ("{{ inputs.price.amount }}", "en", "1234.50"),
        ("{{ inputs.day }}", "en", "27 Nov 2026"),
        ("{{ inputs.day }}", "de", "27.11.2026"),
        ("{{ inputs.vip }}", "en", "Yes"),
        ("{{ inputs.vip }}", "de", "Ja"),
        ("{{ inputs.colour }}", "en", "Red"),
        ("{{ inputs.sizes }}", "en", "Small, Large"),
        ("{{ inputs.lines[0].what }}", "en", "Pen"),
        ("{{ inputs.lines }}", "en", "What: Pen, N: 2"),
        ("{{ today + days(1) }}", "en", "28 Nov 2026"),
        ("{{ now }}", "en", "27 Nov 2026, 09:05"),
        ("{{ hours(36) }}", "en", "36 hours"),
        ("a {{ inputs.company }} b{{ inputs.vip }}", "en", "a Ada & Co bYes"),
        ("no placeholder }}", "en", "no placeholder }}"),
        ("{{ {'a': {'b': 'x}}'}}.a.b }}", "en", "x}}"),
        ("{{ inputs.colour == 'r' ? 'warm' : 'cold' }}", "xx", "warm"),
    ],
)
def test_a_value_is_shown_as_its_type_is_shown(text: str, locale: str, shown: str) -> None:
    assert (
        filled(
            text,
            locale=locale,
            company="Ada & Co",
            count="10.50",
            price={"amount": "1234.50", "currency": "EUR"},
            day="2026-11-27",
            vip=True,
            colour="r",
            sizes=["s", "l"],
            lines=[{"what": "Pen", "n": "2"}],
        )
        == shown
    )


def test_plain_text_is_for_programs() -> None:
    text = "{{ inputs.count }} {{ inputs.day }} {{ inputs.colour }} {{ inputs.vip }} {{ now }}"
    shown = filled(text, "plain", count="10.50", day="2026-11-27", colour="r", vip=False)
    assert shown == "10.50 2026-11-27 r false 2026-11-27T09:05:00+01:00"


def test_it_is_escaped_for_where_it_lands() -> None:
    name = "<b>A & 'B' *c* [d](x)"
    assert filled("<i>{{ inputs.company }}", "html", company=name) == (
        "<i>&lt;b&gt;A &amp; &#x27;B&#x27; *c* [d](x)"
    )
    assert filled("/{{ inputs.company }}/", "url", company="a/b c?ä") == "/a%2Fb%20c%3F%C3%A4/"


def test_null_shows_as_nothing() -> None:
    assert filled("[{{ inputs.company }}{{ inputs.price }}{{ inputs.price.amount }}]") == "[]"


def test_what_fails_is_not_shown_as_nothing() -> None:
    with pytest.raises(ExpressionFailed, match=r"`inputs\.count` is empty"):
        filled("{{ inputs.count + 1 }}")


@pytest.mark.parametrize("text", ["{{", "{{ }}", "{{ a }}", "{{ inputs.company", "{{ 1 + }}"])
def test_a_faulty_placeholder_is_refused(text: str) -> None:
    with pytest.raises(ExpressionFault):
        compile_text(text, SCOPE)


def test_a_text_is_its_own_source() -> None:
    text = compile_text("Hello {{ inputs.company }}", SCOPE)
    assert text == "Hello {{ inputs.company }}"
    assert not text.is_constant
    assert text.sole is None
    assert Text("plain").is_constant


@given(st.text(max_size=60))
def test_no_value_can_start_markup(value: str) -> None:
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    page = markdown.render("before {{ x }} after".replace("{{ x }}", _for_markdown(value)))
    for tag in ("<a", "<h", "<ul", "<ol", "<code", "<em", "<strong", "<img", "<hr", "<script"):
        assert tag not in page


def _for_markdown(value: str) -> str:
    return filled("{{ inputs.company }}", "markdown", company=value)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("**{{ inputs.company }}** is it", " is it"),
        ("See *{{ inputs.company }}*.", "See ."),
        ("Set `{{ inputs.company }}`.", "Set ."),
        ("**Note:** {{ inputs.company }} **end**", "**Note:**  **end**"),
    ],
)
def test_marks_around_nothing_go_with_it(source: str, shown: str) -> None:
    assert filled(source, "markdown") == shown
    assert "Sea" in filled(source, "markdown", company="Sea")


def test_a_table_is_shown_by_the_labels_of_its_columns() -> None:
    whole = load(
        """\
key: a
name: A
owner: a@b.example
roles: {r: {kind: staff, name: R}}
inputs:
  - id: lines
    type: table
    label: Lines
    columns: [{id: n, type: number, label: How many}, {id: what, type: text}]
steps: [{id: m, message: {to: [r], subject: S, body: "{{ inputs.lines }}"}}]
"""
    )
    [step] = whole.all_steps()
    assert isinstance(step, MessageStep)
    known = facts.build(
        whole,
        inputs={"lines": [{"n": "2", "what": "Pen"}]},
        steps={},
        values={},
        participants={},
        now=datetime(2026, 11, 27, 9, 5, tzinfo=BERLIN),
        zone=BERLIN,
    )
    assert step.body.render(known) == "How many: 2, What: Pen"
