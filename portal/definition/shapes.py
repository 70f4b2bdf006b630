"""What an expression may name: the shapes of inputs, steps, values and participants."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from portal.definition.tree import Document, Field

RESERVED = frozenset(
    {
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "package",
        "namespace",
        "null",
        "return",
        "true",
        "var",
        "void",
        "while",
    }
)
"""CEL's own words, which no id may be."""

UNKNOWN = "unknown"
"""The type of a field whose type is faulty: one fault, not another one wherever it is named."""

NAMELESS = "("
"""What a step without an id of its own is called by begins with; nothing may name it."""

_MOST_NAMED = 20
_MOST_COMPARED = 200


class ExpressionFault(ValueError):
    """An expression that can't be accepted; the sentence says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What is known of a value before it is there.

    `keys` of a record (None: any key), `item` of a list, `field` where it is the answer to a
    field, and so is shown as that field is.
    """

    kind: str = "any"
    keys: "Mapping[str, Shape] | None" = None
    item: Optional["Shape"] = None
    field: "Field | None" = None

    def member(self, name: str, path: str) -> "Shape":
        """The shape of `.name` below `path`. Raises ExpressionFault if there is none."""
        if self.kind == "any" or (self.kind == "record" and self.keys is None):
            return ANY
        if self.keys is None:
            raise ExpressionFault(f"`{path}` is {_WORDS[self.kind]}, so it has no `.{name}`")
        if name not in self.keys:
            raise ExpressionFault(f"`{path}` has no `{name}`{suggestion(name, self.keys)}")
        return self.keys[name]


ANY = Shape()
TEXT = Shape("text")
NUMBER = Shape("number")
_WORDS = {
    "text": "a text",
    "number": "a number",
    "date": "a date",
    "time": "a point in time",
    "duration": "a duration",
    "yes_no": "true or false",
    "list": "a list",
    "nothing": "nothing",
    "record": "a record",
}
_KINDS = {"number": "number", "date": "date", "yes_no": "yes_no"}
_FILES = Shape(
    "list",
    item=Shape("record", {"name": TEXT, "size": NUMBER, "sha256": TEXT, "type": TEXT}),
)
_PERSON = Shape("record", {"email": TEXT, "name": TEXT})


def closest(name: str, known: Mapping[str, object]) -> str | None:
    """The known name that was probably meant; of very many only those that begin like it."""
    names: Iterable[str] = known
    if len(known) > _MOST_COMPARED:
        names = islice((one for one in known if one[:1] == name[:1]), _MOST_COMPARED)
    return next(iter(get_close_matches(name, names, 1)), None)


def suggestion(name: str, known: Mapping[str, object]) -> str:
    """The end of a sentence: did you mean …, or what there is."""
    close = closest(name, known)
    if close:
        return f", did you mean `{close}`?"
    names = [f"`{one}`" for one in known if not one.startswith(NAMELESS)]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    some = ", ".join(names[:_MOST_NAMED])
    return f", expected one of {some}{more}" if some else ""


def of_field(field: "Field") -> Shape:
    """The shape of a field's answer."""
    if field.type == UNKNOWN:
        return ANY
    if field.type == "money":
        return Shape("record", {"amount": NUMBER, "currency": TEXT}, field=field)
    if field.type == "choices":
        return Shape("list", item=TEXT, field=field)
    if field.type == "table":
        row = Shape("record", {column.id: of_field(column) for column in field.columns})
        return Shape("list", item=row, field=field)
    return Shape(_KINDS.get(field.type, "text"), field=field)


def of_fields(fields: "tuple[Field, ...]") -> dict[str, Shape]:
    """The shapes of some fields by id."""
    return {field.id: of_field(field) for field in fields}


def of_step(
    fields: "tuple[Field, ...]" = (),
    documents: "tuple[Document, ...]" = (),
    extra: Mapping[str, Shape] | None = None,
) -> Shape:
    """The shape of `steps.ID`."""
    keys = {"outcome": TEXT, **of_fields(fields), **(extra or {})}
    return Shape("record", {**keys, **{document.id: _FILES for document in documents}})


def scope(
    inputs: "tuple[Field, ...]",
    steps: Mapping[str, Shape],
    values: Mapping[str, Shape],
    roles: Mapping[str, object],
) -> dict[str, Shape]:
    """Every name that any expression of a definition may use."""
    return {
        "inputs": Shape("record", of_fields(inputs)),
        "steps": Shape("record", steps),
        "values": Shape("record", values),
        "participants": Shape("record", dict.fromkeys(roles, _PERSON)),
        "now": Shape("time"),
        "today": Shape("date"),
    }
