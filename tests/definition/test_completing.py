"""What may be written at the caret, in text that is not whole yet."""

import pytest

from portal.definition.completing import complete, roles, spot_of

HEAD = """\
key: vendor
name: Vendor
owner: dana@example.com
roles:
  vendor: {kind: external, name: Vendor}
  finance:
    kind: staff
    name: Finance
steps:
"""


def at(text: str) -> tuple[str, int, int]:
    """The text without its caret ``^``, and where that was."""
    before, _, after = text.partition("^")
    lines = before.split("\n")
    return before + after, len(lines) - 1, len(lines[-1])


def offered(text: str) -> list[str]:
    return [one.label for one in complete(*at(text))]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("^", []),
        (HEAD + "  - ^", ["steps", "[]"]),
        (HEAD + "  - id: a\n    ^", ["steps", "[]"]),
        (HEAD + "- id: a\n  ^", ["steps", "[]"]),
        (HEAD + "  - id: a\n    form:\n      fields:\n        - ^",
         ["steps", "[]", "form", "fields", "[]"]),
        (HEAD + "  - id: a\n    form:\n      fields:\n        - id: b\n          ^",
         ["steps", "[]", "form", "fields", "[]"]),
        (HEAD + "  - id: a\n    form: {fields: [{id: b, ^",
         ["steps", "[]", "form", "fields", "[]"]),
        (HEAD + "  - {id: a, assign: vendor, approval: {^", ["steps", "[]", "approval"]),
        (HEAD + "  - {id: a, form: {fields: []}, ^", ["steps", "[]"]),
        (HEAD + "  - parallel:\n      branches:\n        - name: One\n          steps:\n"
         "            - ^", ["steps", "[]", "parallel", "branches", "[]", "steps", "[]"]),
        ("roles:\n  vendor:\n    ^", ["roles", "vendor"]),
    ],
)  # fmt: skip
def test_a_place_knows_the_keys_around_it(text: str, path: list[str]) -> None:
    whole, line, column = at(text)
    assert spot_of(whole.split("\n"), line, column).path == path


def test_the_head_offers_its_keys_those_needed_first() -> None:
    assert offered("^")[:4] == ["key", "name", "owner", "steps"]
    assert offered("key: a\nna^") == ["name"]
    assert "name" not in offered("key: a\n^\nname: B")


def test_a_step_offers_its_kinds_and_then_what_its_kind_has() -> None:
    assert {"id", "form", "approval", "each", "assign"} <= set(offered(HEAD + "  - ^"))
    message = offered(HEAD + "  - id: a\n    message: {}\n    ^")
    assert "when" in message
    assert not {"assign", "form", "due"} & set(message)
    assert offered(HEAD + "  - id: a\n    approval:\n      on^") == ["on_changes", "on_reject"]
    assert offered(HEAD + "  - {id: a, assign: vendor, upload: {^") == ["documents"]


def test_a_field_offers_what_its_type_has() -> None:
    head = HEAD + "  - id: a\n    form:\n      fields:\n"
    keys = offered(head + "        - id: n\n          type: number\n          ^")
    assert {"decimals", "min"} <= set(keys)
    assert "options" not in keys
    assert "options" in offered(head + "        - {id: n, type: choice, ^")
    assert {"text", "money", "table"} <= set(offered(head + "        - {id: n, type: ^"))
    assert offered(head + "        - {id: n, type: yes^") == ["yes_no"]


def test_values_are_the_words_that_fit() -> None:
    assert offered(HEAD + "  - id: a\n    verify: ^") == ["link", "code"]
    assert offered(HEAD + "  - id: a\n    control: ^") == ["true", "false"]
    assert offered(HEAD + "  - id: a\n    task: {}\n    due: 2 b^") == ["2 business days"]
    assert offered(HEAD + "  - id: a\n    assign: ^") == ["vendor", "finance"]
    assert offered(HEAD + "  - id: a\n    assign: [vendor, f^") == ["finance"]
    assert offered(HEAD + "  - id: a\n    remind: [o^") == ["on due"]
    assert offered(HEAD + "  - id: a\n    remind:\n      - o^") == ["on due"]
    assert offered(HEAD + "  - id: a\n    assign:\n      - f^") == ["finance"]
    back = "  - id: a\n    task: {}\n  - id: b\n    on_timeout: {do: {return_to: ^"
    assert offered(HEAD + back) == ["a", "b"]
    assert offered("roles:\n  buyer: {kind: ^") == ["external", "staff"]


def test_free_text_and_comments_are_left_alone() -> None:
    assert offered("runbook: |\n  Call the ven^") == []
    assert offered("# the ^") == []
    assert offered("name: Ven^") == []
    assert offered(HEAD + "  - id: a\n    instructions: |\n      Please ^") == []


def test_what_is_written_in_full_is_offered_no_more() -> None:
    assert offered(HEAD + "  - id: a\n    verify: code^") == []


def test_places_that_are_not_there_offer_nothing() -> None:
    assert complete("key: a", 7, 0) == complete("key: a", 0, 99) == complete("a", -1, 0) == []


def test_nonsense_breaks_nothing() -> None:
    for text in ("}}}]]^", "- - - ^", "{[{[^", "\t^", ": : ^", "'^", "a: {b: 'c, d^", "]: ^"):
        assert isinstance(offered(text), list)


def test_each_place_of_a_real_definition_can_be_asked() -> None:
    from tests.definition.documents import GOOD

    lines = GOOD.split("\n")
    for line, text in enumerate(lines):
        for column in range(len(text) + 1):
            complete(GOOD, line, column)


def test_roles_are_found_in_text_that_is_not_whole() -> None:
    assert roles(HEAD) == ["vendor", "finance"]
    assert roles("roles:\n  a: {kind: staff\n") == ["a"]
    assert roles("steps:") == []
