"""Whole forms: read what was sent, decide what is hidden, name each fault at its control.

Control names: a field's id; `ID-amount` and `ID-currency` for money; `ID-ROW-COLUMN` for tables,
rows counted from 1. The same fields are read from JSON by id (a table as a list of rows).
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from portal.definition import numerals
from portal.definition.facts import with_answers
from portal.definition.functions import plain
from portal.definition.operators import ExpressionFailed
from portal.definition.shown import show
from portal.definition.values import ROWS, FieldFault, judge_count, minor_digits, read_value
from portal.language import gettext as _
from portal.language import mark

if TYPE_CHECKING:
    from portal.definition.tree import Field

__all__ = [
    "Entry", "FieldFault", "FormSent", "JsonSent", "default_value", "given", "parse_form",
    "parse_json", "read_value", "respelled", "show", "shown_now", "typed_of", "visible",
]  # fmt: skip

MOST_ROWS = 1000
_MISSING = {
    "yes_no": mark("Choose yes or no."),
    "choice": mark("Choose one of the options."),
    "choices": mark("Choose at least one of the options."),
}
_EMPTY = mark("Fill this in.")
_ROW = re.compile(r"[0-9]{1,6}")

Typed = dict[str, list[str]]


class Controls(Protocol):
    """What a posted form is, such as werkzeug's MultiDict."""

    def getlist(self, name: str, /) -> list[str]:
        """Every value sent under that name."""

    def __iter__(self) -> Iterator[str]: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A form as read: `values` by field id (None: empty or hidden), `faults` by control or id.

    `typed` is what was sent, by control, to show it again.
    """

    values: dict[str, Any]
    faults: dict[str, str]
    typed: Typed


@dataclass(frozen=True, slots=True)
class FormSent:
    """Answers from a posted form."""

    controls: Controls

    def read(
        self,
        fields: "Sequence[Field]",
        *,
        today: date,
        facts: Mapping[str, Any] | None = None,
        known: Mapping[str, Any] | None = None,
        only: Collection[str] | None = None,
    ) -> Entry:
        """Judge the form. With `only`, the other fields keep their `known` stored values."""
        asked = [field for field in fields if only is None or field.id in only]
        raw = {field.id: _from_form(field, self.controls) for field in asked}
        reading = _Reading(today, facts or {})
        values = reading.values(fields, raw, known or {}, "")
        faults = _in_order(reading.faults, fields)
        return Entry(values, faults, _typed(asked, self.controls))


@dataclass(frozen=True, slots=True)
class JsonSent:
    """Answers from a program: values by field id."""

    data: Any

    def read(
        self,
        fields: "Sequence[Field]",
        *,
        today: date,
        facts: Mapping[str, Any] | None = None,
        known: Mapping[str, Any] | None = None,
        only: Collection[str] | None = None,
    ) -> Entry:
        """Judge the answers. With `only`, the other fields keep their `known` stored values."""
        if not isinstance(self.data, Mapping):
            return Entry({}, {"": "Send the fields by id, as an object."}, {})
        asked = [field for field in fields if only is None or field.id in only]
        reading = _Reading(today, facts or {})
        raw = {field.id: reading.given(field, self.data, known or {}) for field in asked}
        values = reading.values(fields, raw, known or {}, "")
        reading.refuse_unknown(self.data, fields, "")
        return Entry(values, _in_order(reading.faults, fields), {})


def parse_form(
    fields: "Sequence[Field]",
    form: Controls,
    *,
    today: date,
    facts: Mapping[str, Any] | None = None,
    known: Mapping[str, Any] | None = None,
) -> Entry:
    """Read a posted form; see FormSent."""
    return FormSent(form).read(fields, today=today, facts=facts, known=known)


def parse_json(
    fields: "Sequence[Field]",
    data: Any,
    *,
    today: date,
    facts: Mapping[str, Any] | None = None,
    known: Mapping[str, Any] | None = None,
) -> Entry:
    """Read answers from a program; see JsonSent."""
    return JsonSent(data).read(fields, today=today, facts=facts, known=known)


def visible(
    fields: "Sequence[Field]", values: Mapping[str, Any], facts: Mapping[str, Any]
) -> set[str]:
    """The ids of the fields that are not hidden, given the stored values of all of them.

    A field is hidden where its `show_if` does not hold, and while a field that it names is empty
    or hidden itself. A `show_if` that can't be computed hides too.
    """
    shown = {field.id for field in fields}
    for _field in fields:
        seen = {name: values.get(name) if name in shown else None for name in values}
        local = with_answers(facts, fields, seen)
        now = {field.id for field in fields if _is_shown(field, fields, seen, local)}
        if now == shown:
            break
        shown = now
    return shown


def shown_now(
    fields: "Sequence[Field]", controls: Controls, *, today: date, facts: Mapping[str, Any]
) -> set[str]:
    """The ids of the fields that are not hidden, as the form stands; faulty entries are empty."""
    reading = _Reading(today, facts)
    return visible(fields, reading.entered(fields, controls), facts)


def given(fields: "Sequence[Field]", controls: Controls) -> set[str]:
    """The ids of the fields in which something stands, be it right or wrong."""
    return {one.id for one in fields if _is_given(one, _from_form(one, controls))}


def default_value(field: "Field", facts: Mapping[str, Any], *, today: date | None = None) -> Any:
    """The stored value a field begins with, or None; a default that does not fit is none."""
    if field.default is None:
        return None
    try:
        raw = _filled(field.default, facts)
        day = today or _today(facts)
        reading = _Reading(day, facts)
        if field.type == "table":
            value = reading.table(field, _rows_of_json(raw), field.id)
        else:
            value = read_value(field, raw, today=day)
    except (FieldFault, ExpressionFailed):
        return None
    return None if reading.faults else value


def typed_of(field: "Field", value: Any, prefix: str = "") -> Typed:
    """A stored value as what a person would have typed, by control."""
    name = f"{prefix}{field.id}"
    if value is None:
        return {}
    if field.type == "money":
        amount = numerals.written(value["amount"])
        return {f"{name}-amount": [amount], f"{name}-currency": [value["currency"]]}
    if field.type == "number":
        return {name: [numerals.written(str(value))]}
    if field.type == "table":
        cells: Typed = {}
        for number, row in enumerate(value, 1):
            for column in field.columns:
                cells |= typed_of(column, row.get(column.id), f"{name}-{number}-")
        return cells
    if field.type == "yes_no":
        return {name: ["yes" if value else "no"]}
    return {name: value if isinstance(value, list) else [str(value)]}


def respelled(fields: "Sequence[Field]", typed: Mapping[str, Sequence[str]], spoken: str) -> Typed:
    """What was typed in that language, with its numbers as the present language types them."""
    names = {field.id: field for field in fields}
    return {
        name: [numerals.respelled(one, spoken) for one in sent]
        if _is_numeral(name.split("-"), names)
        else list(sent)
        for name, sent in typed.items()
    }


def _is_numeral(parts: "Sequence[str]", fields: "Mapping[str, Field]") -> bool:
    """Whether a control, its name taken apart, holds a number."""
    field = fields.get(parts[0])
    if field is not None and field.type == "table" and len(parts) > 2:
        return _is_numeral(parts[2:], {column.id: column for column in field.columns})
    wanted = {"number": [], "money": ["amount"]}
    return field is not None and wanted.get(field.type) == list(parts[1:])


class _Reading:
    """One form being judged; collects the faults."""

    def __init__(self, today: date, facts: Mapping[str, Any]) -> None:
        self.today = today
        self.facts = facts
        self.faults: dict[str, str] = {}

    def values(
        self,
        fields: "Sequence[Field]",
        raw: Mapping[str, Any],
        known: Mapping[str, Any],
        prefix: str,
    ) -> dict[str, Any]:
        """The stored values of all `fields`; those not in `raw` keep what is `known`."""
        values = {field.id: known.get(field.id) for field in fields}
        for field in fields:
            if field.id in raw:
                values[field.id] = self._value(field, raw[field.id], f"{prefix}{field.id}")
        shown = visible(fields, values, self.facts)
        for field in fields:
            at = f"{prefix}{field.id}"
            if field.id not in shown:
                values[field.id] = None
                self._forgive(at)
            elif field.id in raw and values[field.id] is None and field.required:
                self.faults.update({} if self._has_fault(at) else {at: _missing(field)})
        return values

    def entered(self, fields: "Sequence[Field]", controls: Controls) -> dict[str, Any]:
        """What stands in each field, also in one that is hidden."""
        return {one.id: self._value(one, _from_form(one, controls), one.id) for one in fields}

    def table(self, field: "Field", rows: list[tuple[str, Any]], at: str) -> Any:
        """The rows to store, or None for none. Raises FieldFault for the table as a whole."""
        stored = []
        for number, row in rows:
            if not isinstance(row, Mapping):
                raise FieldFault("Give each row as an object of its columns.")
            raw = {column.id: self.given(column, row, {}) for column in field.columns}
            prefix = f"{at}-{number}-"
            stored.append(self.values(field.columns, raw, {}, prefix))
            self.refuse_unknown(row, field.columns, prefix)
        if not stored:
            return None
        judge_count(field, len(stored), ROWS)
        return stored

    def given(self, field: "Field", data: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
        """What was sent for a field; where a program left it out, what a page begins with.

        That is the last round's answer, else the default. A posted form names all its controls:
        one that was emptied by hand stays empty.
        """
        if field.id in data:
            return data[field.id]
        if known.get(field.id) is not None:
            return known[field.id]
        return default_value(field, self.facts, today=self.today)

    def refuse_unknown(
        self, data: Mapping[str, Any], fields: "Sequence[Field]", prefix: str
    ) -> None:
        """Name every key that is no field."""
        known = {field.id for field in fields}
        for key in data:
            if key not in known:
                self.faults[f"{prefix}{key}"] = "This is not a field here; leave it out."

    def _value(self, field: "Field", raw: Any, at: str) -> Any:
        try:
            if field.type == "table":
                return self.table(field, _rows_of_json(raw), at)
            return read_value(field, raw, today=self.today)
        except FieldFault as fault:
            self.faults[at] = str(fault)
            return None

    def _has_fault(self, at: str) -> bool:
        return any(name == at or name.startswith(f"{at}-") for name in self.faults)

    def _forgive(self, at: str) -> None:
        for name in [name for name in self.faults if name == at or name.startswith(f"{at}-")]:
            del self.faults[name]


def _missing(field: "Field") -> str:
    return _(_MISSING.get(field.type, _EMPTY))


def _in_order(faults: dict[str, str], fields: "Sequence[Field]") -> dict[str, str]:
    """The faults as their controls stand on the page; what is no field comes last."""
    places = {field.id: n for n, field in enumerate(fields)}
    columns = {f.id: {one.id: n for n, one in enumerate(f.columns)} for f in fields}

    def place(at: str) -> tuple[int, int, int]:
        field, _, rest = at.partition("-")
        row, _, column = rest.partition("-")
        own = columns.get(field, {}).get(column.partition("-")[0], 0)
        return places.get(field, len(places)), int(row) if _ROW.fullmatch(row) else 0, own

    return {at: faults[at] for at in sorted(faults, key=place)}


def _is_shown(
    field: "Field",
    fields: "Sequence[Field]",
    values: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> bool:
    if field.show_if is None:
        return True
    named = (other.id for other in fields if other.id in field.show_if.names)
    if any(values.get(name) is None for name in named):
        return False
    try:
        return field.show_if.truth(facts)
    except ExpressionFailed:
        return False


def _rows_of_json(raw: Any) -> list[tuple[str, Any]]:
    if raw is None:
        return []
    if not isinstance(raw, list | _Rows):
        raise FieldFault(_("Give the rows as a list."))
    rows = raw.rows if isinstance(raw, _Rows) else [(str(n), row) for n, row in enumerate(raw, 1)]
    if len(rows) > MOST_ROWS:
        raise FieldFault(
            _("Give at most %(most)s rows; there are %(n)s.", most=MOST_ROWS, n=len(rows))
        )
    return rows


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of a posted table with the numbers that their controls had."""

    rows: list[tuple[str, Any]]


def _from_form(field: "Field", controls: Controls, prefix: str = "") -> Any:
    name = f"{prefix}{field.id}"
    if field.type == "money":
        currency = _last(controls, f"{name}-currency")
        code = (currency or "".join(field.currencies[:1])).strip().upper()
        amount = _last(controls, f"{name}-amount")
        return {"amount": _number(amount, minor_digits(code)), "currency": currency}
    if field.type == "number":
        return _number(_last(controls, name), field.decimals)
    if field.type == "choices":
        return [one for one in controls.getlist(name) if one]
    if field.type == "table":
        rows = [
            (number, _row(field, controls, name, number)) for number in _numbers(name, controls)
        ]
        return _Rows([(number, row) for number, row in rows if row])
    return _last(controls, name)


def _number(typed: str | None, decimals: int | None) -> str | None:
    return None if typed is None else numerals.read(typed, decimals=decimals)


def _row(field: "Field", controls: Controls, name: str, number: str) -> dict[str, Any]:
    """The cells of one row; nothing where all are empty (pages offer empty rows to fill)."""
    cells = {one.id: _from_form(one, controls, f"{name}-{number}-") for one in field.columns}
    return cells if any(map(_is_given, field.columns, cells.values())) else {}


def _is_given(field: "Field", raw: Any) -> bool:
    given = raw["amount"] if field.type == "money" else raw
    given = given.rows if isinstance(given, _Rows) else given
    return bool(given.strip() if isinstance(given, str) else given)


def _numbers(name: str, controls: Controls) -> list[str]:
    found = {
        part
        for control in controls
        if control.startswith(f"{name}-")
        and _ROW.fullmatch(part := control[len(name) + 1 :].partition("-")[0])
    }
    return sorted(found, key=int)


def _last(controls: Controls, name: str) -> str | None:
    sent = controls.getlist(name)
    return sent[-1] if sent else None


def _typed(fields: "Sequence[Field]", controls: Controls) -> Typed:
    mine = {field.id for field in fields}
    return {name: controls.getlist(name) for name in controls if name.partition("-")[0] in mine}


def _filled(default: Any, facts: Mapping[str, Any]) -> Any:
    """A default with its texts filled in; one that is a single placeholder keeps its kind."""
    sole = getattr(default, "sole", None)
    if sole is not None:
        return _raw(sole.evaluate(facts))
    if hasattr(default, "render"):
        return default.render(facts, "plain")
    if isinstance(default, list):
        return [_filled(one, facts) for one in default]
    if isinstance(default, dict):
        return {key: _filled(one, facts) for key, one in default.items()}
    return default


def _raw(value: Any) -> Any:
    if isinstance(value, list):
        return [_raw(one) for one in value]
    if isinstance(value, dict):
        return {key: _raw(one) for key, one in value.items()}
    return value if value is None or isinstance(value, bool | Decimal) else plain(value)


def _today(facts: Mapping[str, Any]) -> date:
    today = facts.get("today")
    return today.date() if isinstance(today, datetime) else date.min
