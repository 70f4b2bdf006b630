"""The JSON Schema of the language, made of the same tables that `check` reads.

Editors complete from it, and every portal publishes it at ``PATH``. It tells shapes; that names
fit together only `check` can tell.
"""

from typing import Any

from portal.calendar import UNITS
from portal.definition.blocks import ID, TAKEN
from portal.definition.check import HEAD_KEYS
from portal.definition.check_calls import HEADER, METHODS, MOST_REPEATS, SECRET
from portal.definition.check_fields import ANY_COLUMN, ANY_FIELD, DOCUMENT_KEYS, TYPES
from portal.definition.check_people import DELEGATE
from portal.definition.outlines import KINDS, PERSON_KEYS, PERSON_KINDS, STEP_KEYS
from portal.definition.schema_words import KEYS
from portal.definition.shapes import RESERVED

PATH = "/api/v1/definition.schema.json"

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_FLAG: Schema = {"type": "boolean"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": "number"}
_EXPRESSION: Schema = {"type": ["string", "boolean", "number"]}
_UNIT = "|".join(UNITS)
_EXACT = "|".join(unit for unit in UNITS if "hour" in unit or unit in ("second", "minute"))
_SPAN = rf"(?:[0-9]+(?:\.0+)? (?:{_UNIT})s?|[0-9]+\.[0-9]+ (?:{_EXACT})s?)"
# What an expression sees without any item; no item may be called so.
_ROOTS = ("inputs", "steps", "values", "participants", "now", "today")
_DURATION: Schema = {"type": "string", "pattern": f"^{_SPAN}$"}
_RUNG: Schema = {
    "type": "string",
    "pattern": f"^(on due|{_SPAN} (before|after)|every {_SPAN} after)$",
}
_ID: Schema = {
    "type": "string",
    "pattern": f"^{ID.pattern}$",
    "not": {"enum": sorted(RESERVED | TAKEN)},
}


def schema() -> Schema:
    """The whole schema, as a new dict."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Process definition",
        **_record(
            {key: _HEAD[key] for key in HEAD_KEYS}, required=["key", "name", "owner", "steps"]
        ),
        "$defs": {
            "id": _ID,
            "duration": _DURATION,
            "expression": _EXPRESSION,
            "field": {"oneOf": [_field(type_, ANY_FIELD) for type_ in TYPES]},
            "column": {"oneOf": [_field(type_, ANY_COLUMN) for type_ in TYPES if type_ != "table"]},
            "document": _record({key: _DOCUMENT[key] for key in DOCUMENT_KEYS}, required=["id"]),
            "step": {"oneOf": [_step(kind) for kind in KINDS]},
            "steps": {"type": "array", "items": _ref("step")},
            "finish": _FINISH,
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _record(properties: Schema, required: list[str] | None = None) -> Schema:
    told = {
        key: {**one, "description": KEYS[key]} if key in KEYS else one
        for key, one in properties.items()
    }
    return {
        "type": "object",
        "properties": told,
        "additionalProperties": False,
        "required": required or [],
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def _either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def _one_of(*keys: str) -> Schema:
    return {"oneOf": [{"required": [key]} for key in keys]}


def _map(values: Schema) -> Schema:
    return {"type": "object", "propertyNames": _ref("id"), "additionalProperties": values}


def _field(type_: str, any_: tuple[str, ...]) -> Schema:
    own = TYPES[type_]
    properties = {key: _FIELD[key] for key in (*any_, *own)}
    properties["type"] = {"const": type_}
    if type_ == "date":
        day: Schema = {"type": "string", "pattern": r"^(today|[0-9]{4}-[0-9]{2}-[0-9]{2})$"}
        properties |= {"min": day, "max": day}
    if type_ in ("choices", "table"):
        properties |= {"min": _COUNT, "max": _COUNT}
    needed = [key for key in ("options", "columns") if key in own]
    return _record(properties, required=["id", "type", *needed])


def _step(kind: str) -> Schema:
    is_for_people = kind in PERSON_KINDS
    keys = (*STEP_KEYS, *PERSON_KEYS) if is_for_people else STEP_KEYS
    required = ["id", kind, "assign"] if is_for_people else ["id", kind]
    record = _record({**{key: _STEP[key] for key in keys}, kind: _kind(kind)}, required)
    if is_for_people:
        record["dependentRequired"] = {"remind": ["due"], "escalate": ["due"]}
    return record


def _kind(kind: str) -> Schema:
    if kind == "set":
        return {**_map(_ref("expression")), "minProperties": 1}
    if kind == "choose":
        return _list({**_record(_CHOICE, required=["steps"]), **_one_of("when", "otherwise")})
    needed = {
        "form": ["fields"],
        "upload": ["documents"],
        "message": ["to", "subject", "body"],
        "call": ["url"],
        "parallel": ["branches"],
        "run": ["definition"],
        "each": ["in", "as", "steps"],
    }
    record = _record({key: _OWN[key] for key in KINDS[kind]}, required=needed.get(kind))
    if kind == "sign":
        return {**record, **_one_of("statement", "document")}
    if kind == "wait":
        needs_signal = {"dependentRequired": {"timeout": ["signal"]}}
        return {**record, **_one_of("for", "until", "signal"), **needs_signal}
    return _either(record, {"type": "null"}) if kind in ("approval", "task") else record


_KEY: Schema = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 100}
_RETURN: Schema = _record({"return_to": _ref("id")}, required=["return_to"])
_KEPT: Schema = {"type": "string", "pattern": "^[0-9]+ (day|week|month|year)s?$"}
_HEAD: Schema = {
    "key": _KEY,
    "name": _TEXT,
    "title": _TEXT,
    "owner": _either(_TEXT, _record({"team": _TEXT}, required=["team"])),
    "purpose": _TEXT,
    "runbook": _TEXT,
    "review_every": _ref("duration"),
    "calendar": _record({"timezone": _TEXT, "hours": _TEXT, "holidays": _TEXT}),
    "roles": _map(
        _record(
            {
                "kind": {"enum": ["external", "staff"]},
                "name": _TEXT,
                "team": _TEXT,
                "named_later": _FLAG,
            },
            required=["kind"],
        )
    ),
    "inputs": {"type": "array", "items": _ref("field")},
    "steps": _list(_ref("step")),
    "link_for": _ref("duration"),
    "retention": _either(_KEPT, _record({"keep": _KEPT, "basis": _TEXT}, required=["keep"])),
}
_FIELD: Schema = {
    "id": _ref("id"),
    "label": _TEXT,
    "type": _TEXT,
    "help": _TEXT,
    "section": _TEXT,
    "required": _FLAG,
    "default": {},
    "show_if": _ref("expression"),
    "min_length": _COUNT,
    "max_length": _COUNT,
    "pattern": _TEXT,
    "min": _NUMBER,
    "max": _NUMBER,
    "decimals": _COUNT,
    "currencies": _list({"type": "string", "pattern": "^[A-Z]{3}$"}),
    "options": _list(_either(_TEXT, _record({"value": _TEXT, "label": _TEXT}, ["value"]))),
    "columns": _list(_ref("column")),
}
_DOCUMENT: Schema = {
    "id": _ref("id"),
    "name": _TEXT,
    "help": _TEXT,
    "accept": _list({"type": "string", "pattern": "^[a-z0-9]{1,10}$"}),
    "max_size": {"type": "string", "pattern": "^[0-9.]+ ?([kKmMgG]?[bB])$"},
    "min": _COUNT,
    "max": {"type": "integer", "minimum": 1},
    "required": _FLAG,
}
_EVERY: Schema = _record({"every": _ref("duration"), "at_most": _COUNT}, required=["every"])
_STEP: Schema = {
    "id": _ref("id"),
    "name": _TEXT,
    "when": _ref("expression"),
    "why": _TEXT,
    "control": _FLAG,
    "assign": _either(
        _ref("id"),
        _list(_ref("id")),
        _record({"email": _ref("expression"), "name": _ref("expression")}, required=["email"]),
    ),
    "instructions": _TEXT,
    "due": _either(_ref("duration"), _record({"at": _ref("expression")}, required=["at"])),
    "pick_up": _ref("duration"),
    "remind": _either({"type": "array", "items": _either(_RUNG, _EVERY)}, _EVERY),
    "escalate": _list(
        _record(
            {
                "after": _ref("duration"),
                "to": _TEXT,
                "then": {"enum": ["notify", "reassign"]},
            },
            required=["after", "to"],
        )
    ),
    "on_timeout": _record(
        {
            "after": _ref("duration"),
            "do": _either({"enum": ["skip", "end", "reject"]}, _RETURN),
        },
        required=["after", "do"],
    ),
    "verify": {"enum": ["link", "code"]},
    "delegate": {"enum": [*DELEGATE, False]},
    "link_for": _ref("duration"),
}
_FINISH: Schema = _either({"enum": ["all", "any"]}, {"type": "integer", "minimum": 1})
_CHOICE: Schema = {
    "when": _ref("expression"),
    "otherwise": {"const": True},
    "steps": _ref("steps"),
}
_OWN: Schema = {
    "branches": _list(_record({"name": _TEXT, "steps": _ref("steps")}, required=["steps"])),
    "finish": _ref("finish"),
    "in": _ref("expression"),
    "as": {**_ref("id"), "not": {"enum": list(_ROOTS)}},
    "steps": _ref("steps"),
    "definition": _KEY,
    "inputs": _map(_ref("expression")),
    "participants": _map(_ref("expression")),
    "for": _ref("duration"),
    "until": _ref("expression"),
    "signal": _ref("id"),
    "timeout": _ref("duration"),
    "method": {"enum": list(METHODS)},
    "url": _TEXT,
    "headers": {
        "type": "object",
        "propertyNames": {"pattern": f"^{HEADER.pattern}$"},
        "additionalProperties": _TEXT,
    },
    "json": {"not": {"type": "null"}},
    "secret": {"type": "string", "pattern": f"^{SECRET.pattern}$"},
    "retry": _record(
        {
            "times": {"type": "integer", "minimum": 0, "maximum": MOST_REPEATS},
            "first": _ref("duration"),
        }
    ),
    "save": _map(_ref("expression")),
    "fields": _list(_ref("field")),
    "documents": _list(_ref("document")),
    "question": _TEXT,
    "show": _list(_ref("id")),
    "needs": _either({"enum": ["all", "any"]}, {"type": "integer", "minimum": 1}),
    "on_changes": _RETURN,
    "on_reject": _either({"enum": ["end", "continue"]}, _RETURN),
    "separate_from": _list(_TEXT),
    "instructions": _TEXT,
    "checklist": _list(_TEXT),
    "statement": _TEXT,
    "document": {"type": "string", "pattern": f"^{ID.pattern}\\.{ID.pattern}$"},
    "methods": _list({"enum": ["typed", "drawn"]}),
    "to": _list(_ref("id")),
    "subject": _TEXT,
    "body": _TEXT,
}
