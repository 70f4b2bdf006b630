"""How an answer is shown to a person: 10.50, 1,234.50 EUR, 27 Nov 2026, the label of a choice."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal, get_decimal_symbol

from portal.definition.functions import plain
from portal.definition.operators import is_midnight

if TYPE_CHECKING:
    from portal.definition.tree import Field

_YES_NO: Mapping[str, tuple[str, str]] = {
    "ar": ("نعم", "لا"),
    "de": ("Ja", "Nein"),
    "en": ("Yes", "No"),
    "es": ("Sí", "No"),
    "fr": ("Oui", "Non"),
    "it": ("Sì", "No"),
    "nl": ("Ja", "Nee"),
    "pl": ("Tak", "Nie"),
    "pt": ("Sim", "Não"),
}


def show(field: "Field", value: Any, locale: str = "en") -> str:
    """An answer, stored or computed, as its field shows it; nothing for `None`.

    A number keeps its digits and is not grouped (it may be a year or a reference); an amount is.
    """
    if value is None:
        return ""
    if field.type in ("choice", "choices"):
        labels = {option.value: option.label for option in field.options}
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(one, str(one)) for one in chosen)
    if field.type == "number":
        return _number(Decimal(str(value)), locale)
    if field.type == "money":
        return _money(value, locale)
    if field.type == "date" and isinstance(value, str):
        return _date(date.fromisoformat(value), locale)
    if field.type == "table":
        return "\n".join(_row(field, row, locale) for row in value)
    return show_value(value, locale)


def show_value(value: Any, locale: str = "en") -> str:
    """A computed value, shown by what it is."""
    if isinstance(value, bool):
        yes, no = _YES_NO.get(locale[:2], _YES_NO["en"])
        return yes if value else no
    if isinstance(value, Decimal):
        return _number(value, locale)
    if isinstance(value, datetime) and not is_midnight(value):
        return f"{_date(value.date(), locale)}, {value:%H:%M}"
    if isinstance(value, date):
        return _date(value, locale)
    if isinstance(value, timedelta):
        return format_timedelta(value, threshold=2, locale=_locale(locale))
    if isinstance(value, list):
        return ", ".join(show_value(one, locale) for one in value)
    if isinstance(value, dict):
        return _record(value, locale)
    return plain(value)


def _record(value: dict[str, Any], locale: str) -> str:
    if value.keys() == {"amount", "currency"}:
        return _money(value, locale)
    if "name" in value and "sha256" in value:
        return str(value["name"])
    return ", ".join(f"{key}: {show_value(one, locale)}" for key, one in value.items())


def _row(field: "Field", row: Mapping[str, Any], locale: str) -> str:
    cells = ((column, show(column, row.get(column.id), locale)) for column in field.columns)
    return ", ".join(f"{column.label}: {cell}" for column, cell in cells if cell)


def _number(value: Decimal, locale: str) -> str:
    return format(value, "f").replace(".", get_decimal_symbol(_locale(locale)))


def _money(value: Mapping[str, Any], locale: str) -> str:
    if value["amount"] is None:
        return ""
    amount = Decimal(str(value["amount"]))
    exponent = amount.as_tuple().exponent
    digits = -exponent if isinstance(exponent, int) else 0
    pattern = "#,##0." + "0" * digits if digits > 0 else "#,##0"
    shown = format_decimal(amount, pattern, _locale(locale), decimal_quantization=False)
    return f"{shown} {value['currency'] or ''}".strip()


def _date(day: date, locale: str) -> str:
    pattern = "d MMM y" if locale[:2] == "en" else "medium"
    return format_date(day, pattern, _locale(locale))


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name, sep="-" if "-" in name else "_")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
