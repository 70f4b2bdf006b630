"""One answer judged by its field: from what was typed, or from JSON, to what is stored.

What is stored is JSON: numbers and amounts as decimal text that keeps its digits, dates as ISO
text, yes_no as a boolean. Each fault is one sentence that says what to do.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from babel.numbers import get_currency_precision

from portal import language
from portal.definition.functions import FIRST_YEAR, LAST_YEAR, compile_pattern
from portal.definition.shown import show_value
from portal.language import gettext as _
from portal.language import mark, ngettext

if TYPE_CHECKING:
    from portal.definition.tree import Field

LONGEST = 100_000
DIGITS = 28

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,63}")
_PHONE = re.compile(r"\+?[0-9 ()/.\-]{4,30}(?: ?(?:x|ext\.?) ?[0-9]{1,6})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
# Of the other currencies that Babel gives no digits the coins are out of use, not the cents.
_WHOLE = frozenset(
    re.findall(r"\w+", "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF")
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NOWHERE = re.compile(r"[\x00\ud800-\udfff]")


OPTIONS = (
    mark("Give at least %(least)s options; there are %(n)s."),
    mark("Give at most %(most)s options; there are %(n)s."),
)
ROWS = (
    mark("Give at least %(least)s rows; there are %(n)s."),
    mark("Give at most %(most)s rows; there are %(n)s."),
)


class FieldFault(ValueError):
    """What is wrong with an answer, as one sentence for the person."""


def read_value(field: "Field", raw: Any, *, today: date) -> Any:
    """The value to store, or None where nothing was given. Not for tables.

    `raw` is typed text or JSON. Raises FieldFault.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()) or raw == []:
        return None
    return _READERS[field.type](field, raw, today)


def decimal_of(raw: Any) -> Decimal:
    """A number from text or JSON, its digits kept. Raises FieldFault."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise FieldFault(_("Enter a number, such as 1234.50."))
    if isinstance(raw, int) and abs(raw) >= 10**DIGITS:
        raise FieldFault(_("Enter a number of at most %(digits)s digits.", digits=DIGITS))
    if isinstance(raw, str):
        raw = raw.strip()
        if not _NUMBER.fullmatch(raw):
            raise FieldFault(_("Enter a number with a point, such as 1234.50, and no other signs."))
    try:
        value = Decimal(repr(raw) if isinstance(raw, float) else raw)
    except InvalidOperation:
        raise FieldFault(_("Enter a number, such as 1234.50.")) from None
    if not value.is_finite() or abs(value.adjusted()) > DIGITS:
        raise FieldFault(_("Enter a number of at most %(digits)s digits.", digits=DIGITS))
    if len(format(value, "f").replace(".", "").lstrip("+-0")) > DIGITS:
        raise FieldFault(_("Enter a number of at most %(digits)s digits.", digits=DIGITS))
    return value


def date_of(text: str) -> date:
    """A date written YYYY-MM-DD, of the years 1000 to 9000. Raises ValueError."""
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    day = date.fromisoformat(text)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(text)
    return day


def holds_control(text: str) -> bool:
    """Whether it holds what can be neither shown nor stored everywhere, such as NUL."""
    return _CONTROL.search(text) is not None


def is_email(text: str) -> bool:
    """Whether it has the form of an e-mail address that mail can be sent to."""
    return (
        len(text) <= 254
        and _EMAIL.fullmatch(text) is not None
        and not text.startswith((".", "-"))
        and ".." not in text
        and text.isprintable()  # nothing that turns letters around, hides or is not assigned
        and _has_wire_form(text.rpartition("@")[2])
    )


def is_storable(text: str) -> bool:
    """Whether every database, and UTF-8 itself, can hold it."""
    return _NOWHERE.search(text) is None


def _has_wire_form(domain: str) -> bool:
    """Whether the name of a mail server can be asked for: as ASCII, no part of it too long."""
    try:
        domain.encode("idna")
    except UnicodeError:
        return False
    return True


def _text(field: "Field", raw: Any, today: date) -> str:
    if not isinstance(raw, str):
        raise FieldFault(_("Enter a text."))
    text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
    if holds_control(text):
        raise FieldFault(_("Remove the characters that can’t be shown, such as control signs."))
    if field.type != "multiline" and "\n" in text:
        raise FieldFault(_("Enter this on a single line."))
    _judge_length(field, text)
    if field.pattern and not compile_pattern(field.pattern).fullmatch(text):
        raise FieldFault(_misfit(field, field.pattern))
    return text


def _misfit(field: "Field", pattern: str) -> str:
    """What to do about a text that does not fit its pattern: the definition's own help, if any."""
    if field.help is not None and field.help.is_constant:
        return _("Enter this as asked: %(help)s", help=field.help)
    return _("Check each sign of this: it has to fit %(pattern)s.", pattern=pattern)


def _judge_length(field: "Field", text: str) -> None:
    most = min(field.max_length or LONGEST, LONGEST)
    if len(text) > most:
        raise FieldFault(
            _("Shorten this to at most %(most)s characters; it has %(n)s.", most=most, n=len(text))
        )
    if field.min_length and len(text) < field.min_length:
        raise FieldFault(
            _(
                "Enter at least %(least)s characters; it has %(n)s.",
                least=field.min_length,
                n=len(text),
            )
        )


def _email(field: "Field", raw: Any, today: date) -> str:
    text = _text(field, raw, today)
    if not is_email(text):
        raise FieldFault(_("Enter an e-mail address, such as name@example.com."))
    return text


def _phone(field: "Field", raw: Any, today: date) -> str:
    text = _text(field, raw, today)
    if not _PHONE.fullmatch(text) or sum(sign.isdigit() for sign in text) < 4:
        raise FieldFault(_("Enter a phone number, such as +49 30 1234567."))
    return text


def _url(field: "Field", raw: Any, today: date) -> str:
    text = _text(field, raw, today)
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or re.search(r"[\s<>\"]", text):
        raise FieldFault(_("Enter a web address, such as https://example.com."))
    return text


def _number(field: "Field", raw: Any, today: date) -> str:
    return _judged_number(field, decimal_of(raw))


def _judged_number(field: "Field", value: Decimal) -> str:
    exponent = value.as_tuple().exponent
    if field.decimals is not None and isinstance(exponent, int) and -exponent > field.decimals:
        if field.decimals == 0:
            raise FieldFault(_("Enter a whole number."))
        raise FieldFault(
            ngettext(
                "Enter at most %(n)s digit after the point.",
                "Enter at most %(n)s digits after the point.",
                field.decimals,
            )
        )
    if isinstance(field.min, Decimal | int) and value < field.min:
        raise FieldFault(_("Enter %(least)s or more.", least=_told(field.min)))
    if isinstance(field.max, Decimal | int) and value > field.max:
        raise FieldFault(_("Enter %(most)s or less.", most=_told(field.max)))
    return format(value if value else abs(value), "f")


def _told(limit: Decimal | int | date) -> str:
    shown = limit if isinstance(limit, date) else Decimal(limit)
    return show_value(shown, language.current())


def _money(field: "Field", raw: Any, today: date) -> dict[str, str] | None:
    if not isinstance(raw, Mapping) or not raw.keys() <= {"amount", "currency"}:
        raise FieldFault(_("Enter an amount and its currency."))
    amount, currency = raw.get("amount"), raw.get("currency")
    if amount is None or (isinstance(amount, str) and not amount.strip()):
        return None
    only = field.currencies[0] if len(field.currencies) == 1 else None
    if currency in (None, "") and only:
        currency = only
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency.strip().upper()):
        raise FieldFault(_("Choose the currency of the amount, such as EUR."))
    currency = currency.strip().upper()
    if field.currencies and currency not in field.currencies:
        raise FieldFault(
            _("Choose one of these currencies: %(codes)s.", codes=", ".join(field.currencies))
        )
    value = decimal_of(amount)
    _judge_minor_units(value, currency)
    return {"amount": _judged_number(field, value), "currency": currency}


def minor_digits(currency: str) -> int:
    """How many digits the minor unit of a currency has (ISO 4217); two where that is not known."""
    return 0 if currency in _WHOLE else max(2, get_currency_precision(currency))


def _judge_minor_units(amount: Decimal, currency: str) -> None:
    """No currency has parts smaller than its minor unit."""
    digits = minor_digits(currency)
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > digits:
        if digits == 0:
            raise FieldFault(
                _("Enter a whole amount: %(currency)s has no smaller unit.", currency=currency)
            )
        raise FieldFault(
            _(
                "Enter at most %(digits)s digits after the point, as %(currency)s has.",
                digits=digits,
                currency=currency,
            )
        )


def _date(field: "Field", raw: Any, today: date) -> str:
    try:
        day = date_of(raw.strip()) if isinstance(raw, str) else None
    except ValueError:
        day = None
    if day is None:
        raise FieldFault(_("Enter a date as year-month-day, such as 2026-11-27."))
    earliest, latest = _day(field.min, today), _day(field.max, today)
    if earliest and day < earliest:
        raise FieldFault(
            _(
                "Enter %(day)s or a later date.",
                day=_told(earliest),
            )
        )
    if latest and day > latest:
        raise FieldFault(
            _(
                "Enter %(day)s or an earlier date.",
                day=_told(latest),
            )
        )
    return day.isoformat()


def _day(limit: Any, today: date) -> date | None:
    return today if limit == "today" else limit


def _yes_no(field: "Field", raw: Any, today: date) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("yes", "true"):
        return True
    if raw in ("no", "false"):
        return False
    raise FieldFault(_("Choose yes or no."))


def _choice(field: "Field", raw: Any, today: date) -> str:
    if not isinstance(raw, str) or raw not in {option.value for option in field.options}:
        raise FieldFault(_("Choose one of the options."))
    return raw


def _choices(field: "Field", raw: Any, today: date) -> list[str]:
    chosen = [raw] if isinstance(raw, str) else raw
    if not isinstance(chosen, list) or not all(isinstance(one, str) for one in chosen):
        raise FieldFault(_("Choose among the options."))
    known = [option.value for option in field.options]
    if not set(chosen) <= set(known):
        raise FieldFault(_("Choose among the options."))
    kept = [value for value in known if value in chosen]
    judge_count(field, len(kept), OPTIONS)
    return kept


def judge_count(field: "Field", count: int, things: tuple[str, str]) -> None:
    """Hold a number of OPTIONS or ROWS to `min` and `max`. Raises FieldFault."""
    too_few, too_many = things
    if isinstance(field.min, int) and count < field.min:
        raise FieldFault(_(too_few, least=field.min, n=count))
    if isinstance(field.max, int) and count > field.max:
        raise FieldFault(_(too_many, most=field.max, n=count))


_READERS: Mapping[str, Callable[["Field", Any, date], Any]] = {
    "text": _text,
    "multiline": _text,
    "email": _email,
    "phone": _phone,
    "url": _url,
    "number": _number,
    "money": _money,
    "date": _date,
    "yes_no": _yes_no,
    "choice": _choice,
    "choices": _choices,
}
