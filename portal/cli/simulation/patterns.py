"""A short text that a pattern takes, for answers that are made up."""

import re
from collections.abc import Callable, Sequence
from typing import Any

# The standard library reads patterns into these parts, and has no public name for that.
_parse: Callable[[str], Sequence[tuple[Any, Any]]] = re._parser.parse  # noqa: SLF001
_FOR_CATEGORY = {"CATEGORY_DIGIT": "1", "CATEGORY_WORD": "a", "CATEGORY_SPACE": " "}


def fitting(pattern: str) -> str | None:
    """A text that the whole pattern matches; ``None`` where none is found simply."""
    try:
        text = _text(_parse(pattern))
    except (re.error, KeyError, RecursionError):
        return None
    return text if re.fullmatch(pattern, text) else None


def _text(parts: Sequence[tuple[Any, Any]]) -> str:
    return "".join(_part(str(kind), value) for kind, value in parts)


def _part(kind: str, value: Any) -> str:
    if kind == "LITERAL":
        return chr(value)
    if kind == "NOT_LITERAL":
        return "x" if chr(value) != "x" else "y"
    if kind == "ANY":
        return "x"
    if kind == "IN":
        return _one_of(value)
    if kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = value
        return _text(inner) * max(int(least), min(1, int(most)))
    if kind == "SUBPATTERN":
        return _text(value[-1])
    if kind == "ATOMIC_GROUP":
        return _text(value)
    if kind == "BRANCH":
        return _text(value[1][0])
    if kind == "AT":
        return ""
    raise KeyError(kind)


def _one_of(choices: Sequence[tuple[Any, Any]]) -> str:
    kind, value = choices[0]
    if str(kind) == "NEGATE":
        taken = choices[1:]
        return next(sign for sign in "xA1 -" if not any(_holds(one, sign) for one in taken))
    if str(kind) == "RANGE":
        return chr(value[0])
    return _FOR_CATEGORY[str(value)] if str(kind) == "CATEGORY" else chr(value)


def _holds(choice: tuple[Any, Any], sign: str) -> bool:
    kind, value = str(choice[0]), choice[1]
    if kind == "RANGE":
        return bool(value[0] <= ord(sign) <= value[1])
    return kind == "LITERAL" and value == ord(sign)
