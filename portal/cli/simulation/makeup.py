"""Answers that are made up where nobody says what is answered: right ones, and dull."""

from datetime import date
from decimal import Decimal
from typing import Any

from portal.cli.simulation import patterns
from portal.definition.tree import Document, Field

_TEXTS = {
    "email": "somebody@example.org",
    "phone": "+49 30 1234567",
    "url": "https://example.org/",
}


def values(fields: tuple[Field, ...], today: date) -> dict[str, Any]:
    """A value for every field, by its id; those with a default are left to it."""
    return {one.id: value(one, today) for one in fields if one.default is None}


def value(field: Field, today: date) -> Any:
    """A value that a field takes, as JSON."""
    if field.type in _TEXTS:
        return _TEXTS[field.type]
    if field.type in ("number", "money"):
        amount = _amount(field)
        currency = field.currencies[0] if field.currencies else "EUR"
        return amount if field.type == "number" else {"amount": amount, "currency": currency}
    if field.type == "date":
        return _day(field, today)
    if field.type == "yes_no":
        return True
    if field.type == "choice":
        return field.options[0].value
    if field.type == "choices":
        return [one.value for one in field.options[: max(1, _count(field))]]
    if field.type == "table":
        return [values(field.columns, today) for _ in range(max(1, _count(field)))]
    return _words(field)


def _words(field: Field) -> str:
    made = patterns.fitting(field.pattern) if field.pattern else None
    if made is not None:
        return made
    text = f"{field.label}"[: field.max_length or 80]
    return text.ljust(field.min_length or 0, "x") or "x"


def _amount(field: Field) -> str:
    least = field.min if isinstance(field.min, Decimal | int) else None
    most = field.max if isinstance(field.max, Decimal | int) else None
    if least is not None:
        return str(least)
    return str(min(Decimal(100), Decimal(most)) if most is not None else 100)


def _day(field: Field, today: date) -> str:
    least = today if field.min == "today" else field.min
    most = today if field.max == "today" else field.max
    day = max(today, least) if isinstance(least, date) else today
    return (min(day, most) if isinstance(most, date) else day).isoformat()


def _count(field: Field) -> int:
    return field.min if isinstance(field.min, int) else 0


def file_names(document: Document) -> list[str]:
    """The names of as many files as a document needs."""
    ending = document.accept[0] if document.accept else "pdf"
    count = max(1, document.min) if document.required else 0
    return [f"{document.id}-{n}.{ending}" for n in range(1, count + 1)]
