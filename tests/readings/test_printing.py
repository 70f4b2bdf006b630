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
