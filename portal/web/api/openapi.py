"""``/api/v1/openapi.json``: made from the calls that exist, so that it can't promise others."""

import re
from functools import cache
from typing import Any

from flask import Response, current_app, jsonify

from portal import language
from portal.definition.schema import PATH, schema
from portal.web.api.entry import CALLS, Call, api
from portal.web.api.schemas import SCHEMAS

_REFUSALS = {
    401: "No token, or a wrong one.",
    403: "Not yours to do.",
    404: "Unknown, or not yours to see.",
    409: "Too late, or in conflict with what happened meanwhile.",
    410: "Withdrawn.",
    422: "Faults in what was sent, each with its place.",
    429: "Too fast; see Retry-After.",
    503: "The database is away; nothing was recorded.",
}
_QUERY = {
    "limit": {"type": "integer", "minimum": 1, "default": 50},
    "overdue": {"type": "boolean"},
    "dry_run": {"type": "boolean", "default": False},
    "language": {"type": "string", "enum": [*language.known()]},
    "paper": {"type": "string", "enum": ["A4", "Letter"]},
    "files": {"type": "boolean"},
}
_MAY_BE_EMPTY = {"AskForTrail"}


@api.get("/openapi.json")
def openapi_json() -> Response:
    """The description; needs no token."""
    return jsonify(_document())


@api.get(PATH.removeprefix("/api/v1"))
def definition_schema() -> Response:
    """The JSON Schema of definitions, for editors; needs no token."""
    base = current_app.config["SETTINGS"].base_url
    return jsonify({"$id": f"{base}{PATH}", **schema()})


@cache
def _document() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for call in CALLS:
        path = re.sub(r"<(\w+)>", r"{\1}", call.path)
        paths.setdefault(path, {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Portico", "version": "1"},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": SCHEMAS,
        },
    }


def _operation(call: Call) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": call.summary,
        "description": f"Takes a token of the scope `{call.scope}`.",
        "operationId": f"{call.method.lower()}{re.sub(r'[^a-z]+', '_', call.path.lower())}",
        "parameters": [*_path_parameters(call), *_query_parameters(call)],
        "responses": _responses(call),
    }
    if call.method == "POST" and call.path == "/processes":
        operation["parameters"].append(
            {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}
        )
    if call.takes:
        operation["requestBody"] = {
            "required": call.takes not in _MAY_BE_EMPTY,
            "content": _body(call.takes),
        }
    return operation


def _path_parameters(call: Call) -> list[dict[str, Any]]:
    names = re.findall(r"<(\w+)>", call.path)
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]


def _query_parameters(call: Call) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "schema": _QUERY.get(name, {"type": "string"})}
        for name in call.query
    ]


def _body(takes: str) -> dict[str, Any]:
    if takes == "DefinitionSource":
        return {"application/yaml": {"schema": {"type": "string"}},
                "application/json": {"schema": {"type": "object"}}}  # fmt: skip
    if takes == "Complete":
        files = {"type": "object", "additionalProperties": {"type": "string", "format": "binary"}}
        return {"application/json": {"schema": _ref(takes)},
                "multipart/form-data": {"schema": files}}  # fmt: skip
    return {"application/json": {"schema": _ref(takes)}}


def _responses(call: Call) -> dict[str, Any]:
    if call.gives:
        content = {call.media: {"schema": _ref(call.gives)}}
    else:
        content = {call.media: {"schema": {"type": "string"}}}
    good = {"description": call.summary, "content": content}
    problem = {"application/problem+json": {"schema": _ref("Problem")}}
    refusals = {
        str(status): {"description": told, "content": problem} for status, told in _REFUSALS.items()
    }
    also = {str(status): good for status in call.also if status < 400}
    return {str(call.status): good} | also | refusals


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
