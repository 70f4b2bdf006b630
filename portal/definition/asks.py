"""What one person can be asked for in plain words: a step in the language of definitions.

The words are data: what stands in them as ``{{`` is shown as it was typed.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

WANTED = {
    "answer": "An answer in words",
    "files": "Files",
    "approval": "An approval",
    "confirmation": "A confirmation that it is done",
    "signature": "A signature",
}
"""What can be wanted back, and how it is called."""

LONGEST_NAME = 120
LONGEST_ASK = 4_000
MOST_FILES = 20
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def kind_of(wanted: str, ask: str, label: str = "Your answer") -> dict[str, Any]:
    """The kind of a step with its own keys; ``ask`` is a text of the language."""
    if wanted == "answer":
        return {"form": {"fields": [{"id": "answer", "type": "multiline", "label": label}]}}
    if wanted == "files":
        return {"upload": {"documents": [{"id": "files", "name": "Files", "max": MOST_FILES}]}}
    if wanted == "approval":
        return {"approval": {"question": ask}}
    if wanted == "signature":
        return {"sign": {"statement": ask}}
    return {"task": {"instructions": ask} if ask else {}}


def step(wanted: str, ask: str, assign: str | Mapping[str, str], due: str | None) -> dict[str, Any]:
    """A step that asks for what is wanted. ``assign`` is a role or ``{email, name}``.

    ``due`` is a date, or a duration as the language has it.
    """
    words = " ".join(ask.split())
    name = words if len(words) <= LONGEST_NAME else f"{words[: LONGEST_NAME - 1].rstrip()}…"
    found: dict[str, Any] = {"name": literal(name), "assign": _assign(assign)}
    if due:
        found["due"] = {"at": f"date({_quoted(due)})"} if _DATE.fullmatch(due) else due
    is_whole = ask.strip() == name  # then the heading says it all
    if wanted in ("answer", "files") and not is_whole:
        found["instructions"] = literal(ask)
    said = "" if wanted == "confirmation" and is_whole else literal(ask)
    return {**found, **kind_of(wanted, said)}


def _assign(given: str | Mapping[str, str]) -> Any:
    if isinstance(given, str):
        return given
    return {key: _quoted(value) for key, value in given.items() if value}


def _quoted(text: str) -> str:
    """The text as an expression."""
    return json.dumps(text, ensure_ascii=False)


def literal(text: str) -> str:
    """A text that shows these words, whatever signs they hold."""
    return text.replace("{{", '{{ "{{" }}')
