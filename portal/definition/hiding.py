"""How a form stands before it is sent: what its conditions hide, and what is answered so far."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from portal.definition.fields import FormSent, given, shown_now, visible
from portal.definition.tree import Field


def is_conditional(fields: Sequence[Field]) -> bool:
    """Whether anything in the fields, or in the rows of their tables, hangs on an answer."""
    return any(one.show_if is not None or is_conditional(one.columns) for one in fields)


def hidden(
    fields: Sequence[Field],
    typed: Mapping[str, Sequence[str]],
    rows: Mapping[str, int],
    *,
    today: date,
    facts: Mapping[str, Any],
    known: Mapping[str, Any],
    only: Collection[str] | None = None,
) -> list[str]:
    """The ids of the hidden fields, and ``ID-ROW-COLUMN`` of the hidden cells of tables.

    ``typed`` is what stands on the page by control, ``rows`` how many rows a table shows there;
    the rest is as in ``FormSent.read``.
    """
    # Of a table that no condition names, the rows need not be read for that.
    named = {name for one in fields if one.show_if for name in one.show_if.names}
    asked = [one for one in fields if one.show_if or one.type != "table" or one.id in named]
    sent = FormSent(_Controls(typed)).read(asked, today=today, facts=facts, known=known, only=only)
    shown = visible(asked, sent.values, facts)
    found = [one.id for one in asked if one.id not in shown]
    for table in fields:
        if not is_conditional(table.columns):
            continue
        cells = _cells(table, typed)
        for row in range(1, rows.get(table.id, 0) + 1):
            controls = _Controls(cells.get(str(row), {}))
            seen = shown_now(table.columns, controls, today=today, facts=facts)
            found += [f"{table.id}-{row}-{one.id}" for one in table.columns if one.id not in seen]
    return found


def _cells(table: Field, typed: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Sequence[str]]]:
    """What stands in each row of a table, by its number and then by the rest of the control."""
    rows: dict[str, dict[str, Sequence[str]]] = {}
    for name, sent in typed.items():
        field, _, rest = name.partition("-")
        if field == table.id:
            row, _, cell = rest.partition("-")
            rows.setdefault(row, {})[cell] = sent
    return rows


def answered(fields: Sequence[Field], typed: Mapping[str, Sequence[str]]) -> set[str]:
    """The ids of the fields in which something stands, be it right or wrong."""
    return given(fields, _Controls(typed))


class _Controls:
    """What was typed, as a form; or the cells of one row, as one of their own."""

    def __init__(self, typed: Mapping[str, Sequence[str]]) -> None:
        self._typed = typed

    def getlist(self, name: str, /) -> list[str]:
        """What stands in a control."""
        return list(self._typed.get(name, ()))

    def __iter__(self) -> Iterator[str]:
        return iter(self._typed)
