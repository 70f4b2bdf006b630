"""Texts of a definition as a reader sees them, and answers beside their labels."""

from collections.abc import Iterable, Mapping
from typing import Any

from portal.definition.fields import show
from portal.definition.operators import ExpressionFailed
from portal.definition.text import Text
from portal.definition.tree import Field


def labelled(
    fields: Iterable[Field], values: Mapping[str, Any], facts: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Label and shown value of each field that has one."""
    return [
        (filled(one.label, facts), show(one, values[one.id]))
        for one in fields
        if values.get(one.id) not in (None, "", [])
    ]


def filled(text: Text, facts: Mapping[str, Any]) -> str:
    """A text of the definition as a reader sees it; itself where it can't be filled in."""
    try:
        return text.render(facts)
    except ExpressionFailed:
        return str(text)
