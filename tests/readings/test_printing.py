"""The small words of the printed trail."""

import pytest

from portal import language
from portal.readings import printing


@pytest.mark.parametrize("comment", ["Look again.\nPage 2 (of 3).", "One.\n\nThree."])
def test_each_line_of_a_comment_keeps_its_own_direction(comment: str) -> None:
    with language.speaking("ar"):
        block = printing.flat(f"<p>{printing.quoted(comment)}\nأ</p>")
    for line in comment.split("\n"):
        assert f"\u2068{line}\u2069" in block
    assert all(line.count("\u2068") == line.count("\u2069") for line in block.split("\n"))


def test_nothing_stands_apart_where_the_page_runs_from_left_to_right() -> None:
    assert printing.flat("<p>One.\nTwo.</p>") == "<p>One.\nTwo.</p>"


def test_a_sentence_of_ours_runs_as_the_page_does_though_a_name_begins_it() -> None:
    given = "\u2068\u2068Vera V.\u2069، \u2068vera@x.example\u2069\u2069."
    assert printing.flat(given) == "\u2068Vera V.\u2069، \u2068vera@x.example\u2069."


def test_what_somebody_typed_breaks_no_nest() -> None:
    assert printing.flat("\u2069\u2068a\u2069\u2069b") == "\u2068a\u2069b"
