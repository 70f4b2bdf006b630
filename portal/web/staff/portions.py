"""Long lists of one page, by the portion: what comes first at once, what follows by a link."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import request

AT_ONCE = 40


class Portion(NamedTuple):
    """Some of a list, and of how many; ``next`` is what to ask for those after them."""

    items: Sequence[Any]
    whole: int
    next: int | None
    is_first: bool


def portion(found: Sequence[Any], name: str, at_once: int = AT_ONCE) -> Portion:
    """The first of them, or those after as many as the address says under the list's ``name``."""
    asked = request.args.get(name, "")
    skipped = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
    end = skipped + at_once
    return Portion(found[skipped:end], len(found), end if end < len(found) else None, not skipped)
