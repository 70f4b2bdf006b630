"""How a form stands before it is sent: what its conditions hide, and what is answered so far."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from portal.definition.fields import FormSent, given, visible
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
    controls = _Controls(typed)
    sent = FormSent(controls).read(fields, today=today, facts=facts, known=known, only=only)
    shown = visible(fields, sent.values, facts)
    found = [one.id for one in fields if one.id not in shown]
    for table in fields:
        if not is_conditional(table.columns):
            continue
        for row in range(1, rows.get(table.id, 0) + 1):
            prefix = f"{table.id}-{row}-"
            cells = FormSent(_Controls(typed, prefix)).read(table.columns, today=today, facts=facts)
            seen = visible(table.columns, cells.values, facts)
            found += [f"{prefix}{one.id}" for one in table.columns if one.id not in seen]
    return found


def answered(fields: Sequence[Field], typed: Mapping[str, Sequence[str]]) -> set[str]:
    """The ids of the fields in which something stands, be it right or wrong."""
    return given(fields, _Controls(typed))


class _Controls:
    """What was typed, as a form; with a ``prefix`` the cells of one row under their own names."""

    def __init__(self, typed: Mapping[str, Sequence[str]], prefix: str = "") -> None:
        self._typed, self._prefix = typed, prefix

    def getlist(self, name: str, /) -> list[str]:
        """What stands in a control."""
        return list(self._typed.get(f"{self._prefix}{name}", ()))

    def __iter__(self) -> Iterator[str]:
        names = (name for name in self._typed if name.startswith(self._prefix))
        return (name.removeprefix(self._prefix) for name in names)
