"""API calls for process definitions: publish, list, read."""

from typing import Any

from flask import Response, jsonify

from portal import db
from portal.actions import definitions as verbs
from portal.definition import bpmn
from portal.errors import Faulty
from portal.readings import catalogue, lists, payloads, trees
from portal.web.api.entry import call, caller, flag, page, raw_body


@call("POST", "/definitions", "Publish a definition (YAML or JSON)", takes="DefinitionSource",
      query=("dry_run",), gives="Published", status=201, also=(200,))  # fmt: skip
def publish_definition() -> tuple[Response, int]:
    """201 for a new version, 200 where the content already is the current one.

    ``remarks`` tell which safeguards the new version does away with; with ``dry_run=true`` they
    are told, with 200, before anything is published, and ``warnings`` of what would hurt in use.
    """
    try:
        source = raw_body().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Faulty.one("1: document", "The document is not UTF-8 text.") from None
    dry_run = flag("dry_run") or False
    published = verbs.publish(source, dry_run=dry_run, actor=caller())
    body: dict[str, Any] = {"key": published.key, "version": published.version}
    if published.remarks:
        body["remarks"] = list(published.remarks)
    if dry_run and published.warnings:
        body["warnings"] = [{"at": one.at, "message": one.message} for one in published.warnings]
    return jsonify(body), 201 if published.is_new and not dry_run else 200


@call("GET", "/definitions", "The current version of every definition", gives="DefinitionList")
def list_definitions() -> Response:
    """All of them, by name."""
    with db.reading() as conn:
        rows = lists.definitions(conn)
    return page([payloads.definition_item(row) for row in rows], None)


@call("GET", "/definitions/<key>", "One definition in full", gives="Definition")
def read_definition(key: str) -> Response:
    """Its current version, with roles, inputs, steps and source."""
    with db.reading() as conn:
        return jsonify(payloads.definition(conn, key))


@call("GET", "/definitions/<key>/bpmn", "One definition as BPMN 2.0", media="application/xml")
def export_definition(key: str) -> Response:
    """Its current version, with the places of its shapes."""
    with db.reading() as conn:
        row = catalogue.definition(conn, key, None)
    return Response(bpmn.export(trees.of_source(row.source)), mimetype="application/xml")
