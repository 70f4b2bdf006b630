"""Markdown in a letter: safe as HTML, readable as plain text."""

from portal.readings.prose import to_html, to_text


def test_paragraphs_and_lists_are_typed_as_in_a_letter() -> None:
    text = (
        "Hello *Ann*,\nplease bring\n\n- the form\n- two\n  copies\n\n3. first\n4. then\n\nThanks"
    )
    assert to_text(text) == (
        "Hello Ann,\nplease bring\n\n- the form\n- two\n  copies\n\n3. first\n4. then\n\nThanks"
    )


def test_addresses_are_spelled_out_once() -> None:
    assert to_text("[here](https://x.example/a)") == "here (https://x.example/a)"
    assert to_text("<https://x.example/a>") == "https://x.example/a"


def test_what_was_escaped_reads_as_it_was_written() -> None:
    assert to_text(r"5 \* 3 \<b\> \[no link\]") == "5 * 3 <b> [no link]"


def test_code_and_rules_stay() -> None:
    assert to_text("a\n\n---\n\n```\nx = 1\n```") == "a\n\n* * *\n\nx = 1"


def test_nothing_runs_in_the_html() -> None:
    html = to_html("<script>x</script> [a](javascript:x) ![i](https://x.example/i.png) **b**")
    assert "<script" not in html
    assert "href" not in html
    assert "<img" not in html
    assert "<strong>b</strong>" in html


def test_nothing_is_nothing() -> None:
    assert to_text(None) == ""
    assert to_html("") == ""
