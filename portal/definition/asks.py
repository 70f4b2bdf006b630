"""What one person can be asked for in plain words, in the language of definitions.

A single step, for a process that runs; or a whole definition of one or two steps, which takes the
words as inputs, so that it is the same for whatever is asked.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from portal.definition.values import is_email

WANTED = {
    "files": "Files",
    "answer": "An answer in words",
    "approval": "An approval",
    "confirmation": "A confirmation that it is done",
    "signature": "A signature",
}
"""What can be wanted back, and how it is called."""

REQUESTABLE = ("files", "answer", "approval", "confirmation")
"""Of these what a request can want; a signature stands under a text of its own."""

LONGEST_NAME = 80
LONGEST_ASK = 4_000
LONGEST_PERSON = 200
MOST_FILES = 20
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def step(wanted: str, ask: str, assign: str | Mapping[str, str], due: str | None) -> dict[str, Any]:
    """A step that asks for what is wanted. ``assign`` is a role or ``{email, name}``.

    ``due`` is a date, or a duration as the language has it. The words are data: what stands in
    them as ``{{`` is shown as it was typed.
    """
    name = heading(ask)
    found: dict[str, Any] = {"name": _literal(name), "assign": _assign(assign)}
    if due:
        found["due"] = {"at": f"date({_quoted(due)})"} if _DATE.fullmatch(due) else due
    said = ask if wanted == "signature" else in_full(ask) or ""
    return {**found, **_kind(wanted, _literal(said))}


def unaddressed(email: str) -> str | None:
    """What is wrong with the address of whoever is asked, in a sentence; ``None`` where nothing."""
    if not email:
        return "Give the e-mail address of whoever is asked."
    return None if is_email(email) else "Write an e-mail address such as ann@sea.example."


def heading(ask: str) -> str:
    """How what is asked is called in lists and mails: its first line, or the beginning of it."""
    first = " ".join(ask.strip().partition("\n")[0].split()).rstrip(" .:;,")
    if len(first) <= LONGEST_NAME:
        return first
    return f"{first[:LONGEST_NAME].rpartition(' ')[0] or first[: LONGEST_NAME - 1]}…"


def in_full(ask: str) -> str | None:
    """What the heading does not say: the lines after it, or all where it is only a beginning."""
    rest = ask.strip() if heading(ask).endswith("…") else ask.strip().partition("\n")[2].strip()
    return rest or None


def request(key: str, owner: str, wanted: str, asked: str, approver: str | None) -> str:
    """The text of a definition that asks one person for what is wanted.

    ``asked`` and ``approver`` are kinds of roles; without the latter what came back is the end.
    Its inputs are ``what`` (the heading), ``more`` (all the words, where they are longer), ``by``.
    """
    roles = {"asked": {"kind": asked, "name": "Asked person"}}
    due = {"at": "inputs.by"}
    first = {"id": "ask", "name": "{{ inputs.what }}", "assign": "asked", "due": due}
    steps: list[dict[str, Any]] = [{**first, **_kind(wanted, "{{ inputs.more }}")}]
    if approver is not None:
        roles["approver"] = {"kind": approver, "name": "Approver"}
        steps.append(_approval())
    inputs = [
        {"id": "what", "type": "text", "label": "What is asked", "max_length": LONGEST_NAME},
        {"id": "more", "type": "multiline", "label": "In full", "required": False},
        {"id": "by", "type": "date", "label": "By when", "min": "today"},
    ]
    whole = {
        "key": key, "name": f"Request: {WANTED[wanted].lower()}", "title": "{{ inputs.what }}",
        "owner": owner, "purpose": "Somebody is asked for something, without a definition file.",
        "roles": roles, "inputs": inputs, "steps": steps,
    }  # fmt: skip
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _approval() -> dict[str, Any]:
    own: dict[str, Any] = {"question": "Is what came back right?", "show": ["ask"]}
    own["on_changes"] = {"return_to": "ask"}
    name = "Approve: {{ inputs.what }}"
    return {
        "id": "approve", "name": name, "assign": "approver", "due": "2 business days",
        "approval": own,
    }  # fmt: skip


def _kind(wanted: str, said: str) -> dict[str, Any]:
    """The kind of a step with its own keys; ``said`` is a text of the language, may be empty."""
    about = {"instructions": said} if said else {}
    if wanted == "answer":
        fields = [{"id": "answer", "type": "multiline", "label": "Your answer"}]
        return {**about, "form": {"fields": fields}}
    if wanted == "files":
        documents = [{"id": "files", "name": "Files", "max": MOST_FILES}]
        return {**about, "upload": {"documents": documents}}
    if wanted == "approval":
        return {**about, "approval": {"question": "Do you approve this?"}}
    return {"sign": {"statement": said}} if wanted == "signature" else {"task": about}


def _assign(given: str | Mapping[str, str]) -> Any:
    if isinstance(given, str):
        return given
    return {key: _quoted(value) for key, value in given.items() if value}


def _quoted(text: str) -> str:
    """The text as an expression."""
    return json.dumps(text, ensure_ascii=False)


def _literal(text: str) -> str:
    """A text that shows these words, whatever signs they hold."""
    return text.replace("{{", '{{ "{{" }}')
