"""What a text that is no YAML has wrong, said to whoever wrote it and not to who reads YAML."""

from collections.abc import Callable
from typing import Any

import yaml

_INDENT = "the same indentation as its neighbours"
_TAB = "is indented with a tab, expected spaces"


def told(text: str, error: yaml.MarkedYAMLError) -> tuple[int, str]:
    """The line (from 1) to look at, and what is wrong there and what was expected."""
    problem = error.problem or ""
    mark, context = error.problem_mark or error.context_mark, error.context_mark
    for begins, where, say in _KNOWN:
        if problem.startswith(begins):
            place = context if where == "context" and context else mark
            line, column = (place.line, place.column) if place else (0, 0)
            lines = text.split("\n")
            at = lines[line] if line < len(lines) else ""
            seen = mark.line if mark else line
            by = f", on line {seen + 1} at the latest" if seen > line else ""
            return line + 1, f"is not valid YAML: it {say(at, column)}{by}"
    words = " ".join(filter(None, [error.context, problem]))
    return (mark.line + 1 if mark else 1), f"is not valid YAML ({words}), expected keys and values"


def _bracket(line: str, column: int) -> str:
    opens = line[column : column + 1] or "{"
    closes = "]" if opens == "[" else "}"
    return (
        f"opens a {opens} that is not closed, or holds two things with no comma between them,"
        f" expected a comma or {closes}"
    )


def _sign(line: str, column: int) -> str:
    sign = line[column : column + 1]
    if sign == "\t":
        return _TAB
    return f"begins with {sign}, which YAML keeps for itself, expected the text in quotes"


def _colon(line: str, column: int) -> str:
    if ": " in line[:column]:
        return "holds a second colon, expected the text with a colon in quotes"
    return f"stands further in than the line above it, expected {_INDENT}"


def _key(line: str, column: int) -> str:
    if line[:column].strip(" -"):
        return (
            "goes on behind a text in quotes (begun here or further up),"
            " expected the whole text within them"
        )
    return f"does not stand in line with the keys above it, expected {_INDENT}"


def _is(sentence: str) -> Callable[[str, int], str]:
    return lambda _line, _column: sentence


# What libyaml and PyYAML's own parser say (the beginning), whose place is meant, what it is.
_KNOWN: list[tuple[str, str, Callable[[str, int], Any]]] = [
    ("did not find expected ',' or", "context", _bracket),
    ("expected ',' or", "context", _bracket),
    ("found character that cannot start", "problem", _sign),
    ("found character '", "problem", _sign),
    ("found a tab character", "problem", _is(_TAB)),
    ("mapping values are not allowed", "problem", _colon),
    (
        "block sequence entries are not allowed",
        "problem",
        _is("has a - behind a key, expected the list on the lines below, each with its -"),
    ),
    ("sequence entries are not allowed", "problem", _is("has a - where no list can begin, "
     "expected the list on the lines below its key")),
    ("could not find expected ':'", "context", _is("has no colon, expected `key: value`")),
    ("did not find expected key", "problem", _key),
    ("expected <block end>", "problem", _key),
    ("did not find expected '-'", "problem", _is(
        f"does not stand in line with the list above it, expected {_INDENT}")),
    ("found unexpected end of stream", "context", _is(
        "opens a quote that is never closed, expected the same quote at the end of the text")),
    ("found unknown escape character", "problem", _is(
        r"holds a \ that means nothing, expected \\, or the text in single quotes")),
    ("did not find expected comment or line break", "problem", _is(
        "has text behind | or >, expected it on the lines below")),
    ("did not find expected alphabetic", "problem", _is(
        "begins with & or *, which YAML keeps for itself, expected the text in quotes")),
    ("did not find expected node content", "problem", _is(
        "ends where something is missing, expected a value")),
]  # fmt: skip
