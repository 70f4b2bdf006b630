"""A sheet of starts: one row a process, its columns named after what a start must know.

The names are those of the start page and the API: a field's id (`ID-amount` and `ID-currency` for
money), `ROLE.email` and `ROLE.name` for whoever takes part, and `reference`. What a page shows
in their place, such as a field's label, is understood as well.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.definition.fields import parse_json
from portal.definition.tree import Definition, Field, Role
from portal.errors import Fault

REFERENCE = "reference"
_SIGNS = re.compile(r"[\W_]+")
_SEVERAL = re.compile(r"[;\n]")
_WORDS = {"true": "yes", "false": "no", "1": "yes", "0": "no", "y": "yes", "n": "no"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a sheet may have; `part` is the part of a field or of a person that it gives.

    Of a field whose value is one cell, `part` is empty.
    """

    name: str
    label: str
    is_required: bool
    field: Field | None = None
    role: str | None = None
    part: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """What a row says of a start, as the API takes it; `reference` is `None` where it is empty."""

    inputs: dict[str, Any]
    participants: dict[str, dict[str, str]]
    reference: str | None


@dataclass(slots=True)
class Heading:
    """The head of a sheet as understood: columns by their place, and what is wrong with it."""

    placed: dict[int, Column] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def columns(tree: Definition) -> list[Column]:
    """Every column that a sheet of starts of this definition may have, in the page's order."""
    found = [column for one in tree.inputs for column in _of_field(one)]
    found += [column for role in tree.roles.values() for column in _of_role(role)]
    return [*found, Column(REFERENCE, "Reference", is_required=False)]


def unfit(tree: Definition) -> list[str]:
    """The labels of required tables: what no row of a sheet can say."""
    tables = (one for one in tree.inputs if one.type == "table")
    return [str(one.label) for one in tables if one.required and one.default is None]


def head(tree: Definition, cells: Sequence[str]) -> Heading:
    """Read the first row of a sheet; empty cells are columns that are not looked at."""
    known = columns(tree)
    spelled = {_plain(column.label): column for column in known}
    spelled |= {_plain(column.name): column for column in known}
    heading = Heading()
    for place, cell in enumerate(cells):
        if not cell.strip():
            continue
        column = spelled.get(_plain(cell))
        if column is None:
            heading.faults.append(f"There is no column “{cell.strip()[:80]}” here.")
        elif column in heading.placed.values():
            heading.faults.append(f"The column “{column.name}” is there twice.")
        else:
            heading.placed[place] = column
    there = {column.name for column in heading.placed.values()}
    heading.faults += [
        f"The column “{column.name}” ({column.label}) is missing."
        for column in known
        if column.is_required and column.name not in there
    ]
    return heading


def row(placed: Mapping[int, Column], cells: Sequence[str]) -> Given:
    """What a row of the sheet gives; an empty cell gives nothing, so that a default stands."""
    inputs: dict[str, Any] = {}
    people: dict[str, dict[str, str]] = {}
    reference = None
    for place, column in placed.items():
        text = cells[place].strip() if place < len(cells) else ""
        if not text:
            continue
        if column.role is not None:
            people.setdefault(column.role, {})[column.part] = text
        elif column.field is None:
            reference = text
        elif column.part:
            inputs.setdefault(column.field.id, {})[column.part] = text
        else:
            inputs[column.field.id] = _raw(column.field, text)
    return Given(inputs, people, reference)


def told(fault: Fault, placed: Mapping[int, Column], given: Given) -> list[Fault]:
    """The fault of a start as those of the row: each at the column in which it is to be mended.

    An amount and its currency are one value of the start and two cells of the row, so that both
    may be wrong.
    """
    role = fault.at.removeprefix("participants.")
    if role != fault.at:
        return [Fault(f"{role}.email", fault.message)]
    money = _money(fault.at, placed)
    if money is None:
        return [fault]
    # The currency is judged first: where it fits, the amount does not.
    said = str(given.inputs.get(money.id, {}).get("currency") or "").strip().upper()
    fits = said in money.currencies if money.currencies else len(said) == 3
    may_lack = not said and len(money.currencies) == 1
    if fits or may_lack:
        return [Fault(f"{money.id}-amount", fault.message)]
    return [*_amount(money, given), Fault(f"{money.id}-currency", fault.message)]


def _money(at: str, placed: Mapping[int, Column]) -> Field | None:
    fields = (one.field for one in placed.values())
    return next((one for one in fields if one and one.id == at and one.type == "money"), None)


def _amount(money: Field, given: Given) -> list[Fault]:
    """What is wrong with an amount whose currency does not fit, as far as that can be told."""
    amount = given.inputs.get(money.id, {}).get("amount")
    sent = {money.id: {"amount": amount, "currency": (*money.currencies, "EUR")[0]}}
    read = parse_json([money], sent, today=date.min) if amount else None
    return [Fault(f"{money.id}-amount", one) for one in read.faults.values()] if read else []


def _of_field(one: Field) -> list[Column]:
    if one.type == "table":
        return []
    label = str(one.label)
    must = one.required and one.default is None and one.show_if is None
    if one.type != "money":
        return [Column(one.id, label, must, one)]
    has_one = len(one.currencies) == 1
    return [
        Column(f"{one.id}-amount", f"{label}: amount", must, one, part="amount"),
        Column(f"{one.id}-currency", f"{label}: currency", must and not has_one, one,
               part="currency"),
    ]  # fmt: skip


def _of_role(role: Role) -> list[Column]:
    must = role.kind == "external" and not role.named_later
    email = Column(f"{role.id}.email", f"{role.name}: e-mail address", must, role=role.id,
                   part="email")  # fmt: skip
    if role.kind != "external":
        return [email]
    name = f"{role.id}.name", f"{role.name}: name"
    return [email, Column(*name, is_required=False, role=role.id, part="name")]


def _raw(one: Field, text: str) -> Any:
    """The cell as a program would give it."""
    if one.type == "yes_no":
        word = text.casefold()
        return _WORDS.get(word, word)
    if one.type == "choice":
        return _option(one, text)
    if one.type == "choices":
        return [_option(one, part.strip()) for part in _SEVERAL.split(text) if part.strip()]
    return text


def _option(one: Field, text: str) -> str:
    """The value of the option that is meant, by its value or by what it is called."""
    called = {_plain(str(option.label)): option.value for option in one.options}
    values = {option.value for option in one.options}
    return text if text in values else called.get(_plain(text), text)


def _plain(text: str) -> str:
    return _SIGNS.sub("", text.casefold())
