"""Fields and documents of a definition, checked.

Twice over: a first look gives each field its type (so that expressions anywhere may name it), the
second its texts, conditions and default, which may name other fields.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from portal.definition.blocks import Block, Scope, described, hint, humanized, one_of
from portal.definition.endings import wrong_ending
from portal.definition.functions import compile_pattern
from portal.definition.nodes import Faults, Node
from portal.definition.shapes import UNKNOWN, of_fields
from portal.definition.text import Text
from portal.definition.tree import Document, Field, Option
from portal.definition.values import LONGEST, ROWS, FieldFault, date_of, judge_count, read_value

ANY_COLUMN = ("id", "label", "type", "help", "required", "default", "show_if")
ANY_FIELD = (*ANY_COLUMN, "section")
TYPES: Mapping[str, tuple[str, ...]] = {
    "text": ("min_length", "max_length", "pattern"),
    "multiline": ("min_length", "max_length", "pattern"),
    "email": (),
    "phone": (),
    "url": (),
    "number": ("min", "max", "decimals"),
    "money": ("min", "max", "currencies"),
    "date": ("min", "max"),
    "yes_no": (),
    "choice": ("options",),
    "choices": ("options", "min", "max"),
    "table": ("columns", "min", "max"),
}
"""Every field type and the keys that are its own."""

DOCUMENT_KEYS = ("id", "name", "help", "accept", "max_size", "min", "max", "required")

_MOST = 1000
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?(B|KB|MB|GB)", re.IGNORECASE | re.ASCII)
_UNITS = {"B": 1, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000}
_EXTENSION = re.compile(r"[a-z0-9]{1,10}")
_ALL_TYPES = tuple(TYPES)
_CELL_TYPES = tuple(one for one in TYPES if one != "table")
_NO_SECTION = "does not go with a column, expected it with a field of the form itself"


@dataclass(frozen=True, slots=True)
class Sketch:
    """A field after the first look, with the block that its second look needs."""

    field: Field
    block: Block
    columns: "tuple[Sketch, ...]" = ()


def sketch_fields(
    nodes: Sequence[Node], key: str, faults: Faults, types: Sequence[str] = _ALL_TYPES
) -> tuple[Sketch, ...]:
    """The first look at a list of fields. Fields without an id are left out."""
    sketches: dict[str, Sketch] = {}
    for node in nodes:
        block = Block(node, key, faults)
        block.require("id", "type")
        name = block.id()
        sketch = _sketch(name or "", block, types)
        if name in sketches:
            block.fault("id", f"{name!r} is given twice, expected an id of its own for each field")
        elif name:
            sketches[name] = sketch
    return tuple(sketches.values())


def finish_fields(sketches: Sequence[Sketch], scope: Scope) -> tuple[Field, ...]:
    """The second look, with every name in sight; `show_if` also sees these fields by bare id."""
    local = {**scope, **of_fields(tuple(sketch.field for sketch in sketches))}
    fields = tuple(_finish(sketch, scope, local) for sketch in sketches)
    _refuse_circles(sketches, fields)
    return fields


def _refuse_circles(sketches: Sequence[Sketch], fields: Sequence[Field]) -> None:
    """A field whose condition hangs, over others or not, on itself could never come to light."""
    names = {one.id: set(one.show_if.names) if one.show_if else set() for one in fields}
    for sketch, field in zip(sketches, fields, strict=True):
        seen: set[str] = set()
        ahead = set(names[field.id])
        while ahead:
            seen |= ahead
            ahead = {name for one in ahead for name in names.get(one, ())} - seen
        if field.id in seen:
            sketch.block.fault(
                "show_if", "hangs on the field itself, so it is never shown, expected other fields"
            )
            return


def read_documents(nodes: Sequence[Node], scope: Scope, faults: Faults) -> tuple[Document, ...]:
    """The documents of an upload, checked."""
    documents: dict[str, Document] = {}
    for node in nodes:
        block = Block(node, "documents", faults)
        block.only(DOCUMENT_KEYS)
        block.require("id")
        document = _document(block, scope)
        if document.id in documents:
            block.fault("id", f"{document.id!r} is given twice, expected an id of its own")
        elif document.id:
            documents[document.id] = document
    return tuple(documents.values())


def sketch_documents(nodes: Sequence[Node]) -> tuple[Document, ...]:
    """The documents of an upload by id alone, so that expressions may name them."""
    ids = (node.value["id"].node.value for node in nodes if _has_id(node))
    return tuple(Document(one, Text("")) for one in ids if isinstance(one, str))


def _has_id(node: Node) -> bool:
    return isinstance(node.value, dict) and "id" in node.value


def _sketch(name: str, block: Block, types: Sequence[str]) -> Sketch:
    type_ = block.choice("type", types)
    if type_ is None:
        return Sketch(Field(name, UNKNOWN, Text(humanized(name)), line=block.line), block)
    own = TYPES[type_]
    if "table" not in types:
        block.only((*ANY_COLUMN, *own), {**_elsewhere(type_), "section": _NO_SECTION})
    else:
        block.only((*ANY_FIELD, *own), _elsewhere(type_))
    block.require(*(key for key in ("options", "columns") if key in own))
    columns: tuple[Sketch, ...] = ()
    if type_ == "table":
        columns = sketch_fields(block.list("columns"), "columns", block.faults, _CELL_TYPES)
    field = Field(
        name,
        type_,
        _first_label(name, block),
        required=block.flag("required", default=True),
        options=_options(block) if "options" in own else (),
        columns=tuple(column.field for column in columns),
        decimals=block.whole("decimals", 0, 20) if "decimals" in own else None,
        currencies=_currencies(block) if "currencies" in own else (),
        line=block.line,
        **_limits(block, type_),
    )
    return Sketch(field, block, columns)


def _first_label(name: str, block: Block) -> Text:
    """The label, by which expressions show the columns of a table; one to be filled in has none."""
    node = block.node("label")
    word = node.value if node is not None else None
    return Text(word if isinstance(word, str) and word and "{{" not in word else humanized(name))


def _elsewhere(type_: str) -> dict[str, str]:
    """Sentences for keys that belong to other types."""
    sentences = {}
    for key in {key for keys in TYPES.values() for key in keys} - set(TYPES[type_]):
        owners = [name for name, keys in TYPES.items() if key in keys]
        sentences[key] = f"does not go with {type_}, expected it only with {one_of(owners)}"
    return sentences


def _limits(block: Block, type_: str) -> dict[str, Any]:
    if type_ in ("number", "money"):
        return _ordered(block, block.number("min"), block.number("max"))
    if type_ in ("choices", "table"):
        return _ordered(block, block.whole("min", 0, _MOST), block.whole("max", 1, _MOST))
    if type_ == "date":
        return _ordered(block, block.parsed("min", _day), block.parsed("max", _day))
    if type_ in ("text", "multiline"):
        shortest = block.whole("min_length", 0, LONGEST)
        longest = block.whole("max_length", 1, LONGEST)
        if shortest is not None and longest is not None and shortest > longest:
            block.fault("max_length", f"is {longest}, expected at least min_length, {shortest}")
        pattern = block.parsed("pattern", _pattern)
        return {"min_length": shortest, "max_length": longest, "pattern": pattern}
    return {}


def _ordered(block: Block, least: Any, most: Any) -> dict[str, Any]:
    comparable = least is not None and most is not None and "today" not in (least, most)
    if comparable and least > most:
        block.fault("max", f"is {most}, expected at least min, {least}")
    return {"min": least, "max": most}


def _day(text: Any) -> Any:
    try:
        return text if text == "today" else date_of(text)
    except (ValueError, TypeError):
        raise ValueError(f"is {text!r}, expected a date such as 2026-01-31, or today") from None


def _pattern(text: Any) -> str:
    if not isinstance(text, str) or len(text) > _MOST:
        raise ValueError(f"is not a pattern, expected a text of at most {_MOST} characters")
    try:
        compile_pattern(text)
    except ValueError as error:
        raise ValueError(f"{error}, expected a regular expression without look-around") from None
    return text


def _options(block: Block) -> tuple[Option, ...]:
    options: dict[str, Option] = {}
    for node in block.list("options"):
        option = _option(node, block.faults)
        if option and option.value in options:
            block.faults.add(
                node.line, "options", f"{option.value!r} is given twice, expected it once"
            )
        elif option:
            options[option.value] = option
    return tuple(options.values())


def _option(node: Node, faults: Faults) -> Option | None:
    if isinstance(node.value, dict):
        block = Block(node, "options", faults)
        block.only(("value", "label"))
        block.require("value")
        value = block.text("value")
        return Option(value, block.text("label") or value) if value else None
    if isinstance(node.value, str) and node.value.strip():
        return Option(node.value.strip(), node.value.strip())
    faults.add(
        node.line,
        "options",
        f"is {described(node)}, expected a text (in quotes if need be) or {{value, label}}",
    )
    return None


def _currencies(block: Block) -> tuple[str, ...]:
    def check(word: str) -> str | None:
        if re.fullmatch(r"[A-Z]{3}", word):
            return None
        return f"{word!r} is not a currency, expected a code such as EUR"

    return block.texts("currencies", check) if "currencies" in block else ()


def _finish(sketch: Sketch, scope: Scope, local: Scope) -> Field:
    block = sketch.block
    field = replace(
        sketch.field,
        label=block.template("label", scope) or Text(humanized(sketch.field.id)),
        help=block.template("help", scope),
        section=block.template("section", scope),
        show_if=block.condition("show_if", local),
        columns=finish_fields(sketch.columns, scope),
    )
    default = block.node("default")
    if default is None:
        return field
    field = replace(field, default=block.json("default", default, scope))
    _judge_default(block, field)
    return field


def _judge_default(block: Block, field: Field) -> None:
    """A default without placeholders must be a value that the field would take."""
    if field.type == UNKNOWN or not _is_constant(field.default):
        return
    try:
        if field.type == "table":
            _judge_rows(field)
        elif not (field.type == "date" and "today" in (field.min, field.max)):
            read_value(field, field.default, today=date(2000, 1, 1))
    except FieldFault as fault:
        block.fault("default", f"does not fit the field, expected: {fault}")


def _judge_rows(field: Field) -> None:
    rows = field.default
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FieldFault("Give the rows as a list of mappings.")
    judge_count(field, len(rows), ROWS)
    columns = {column.id: column for column in field.columns}
    for row in rows:
        for key, cell in row.items():
            if key not in columns:
                raise FieldFault(f"Leave out {key}{hint(key, columns)}.")
            read_value(columns[key], cell, today=date(2000, 1, 1))


def _is_constant(default: Any) -> bool:
    if isinstance(default, Text):
        return default.is_constant
    if isinstance(default, list):
        return all(map(_is_constant, default))
    if isinstance(default, dict):
        return all(map(_is_constant, default.values()))
    return True


def _document(block: Block, scope: Scope) -> Document:
    name = block.id() or ""
    least = block.whole("min", 0, _MOST)
    most = block.whole("max", 1, _MOST)
    least = 1 if least is None else least
    if most is not None and most < least:
        block.fault("max", f"is {most}, expected at least min, {least}")
    return Document(
        name,
        block.template("name", scope) or Text(humanized(name)),
        block.template("help", scope),
        block.texts("accept", _extension) if "accept" in block else (),
        block.parsed("max_size", _size) or 25_000_000,
        least,
        most or max(least, 1),
        required=block.flag("required", default=True),
        line=block.line,
    )


def _extension(word: str) -> str | None:
    if _EXTENSION.fullmatch(word):
        return wrong_ending(word)
    return f"{word!r} is not a file type, expected an extension such as pdf"


def _size(text: Any) -> int:
    match = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    size = int(Decimal(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if not size:
        raise ValueError(f"{text!r} is not a size, expected one such as 25 MB")
    return size
