"""API calls for who may see which processes: read it, restrict a definition, let people in."""

from typing import Any

from flask import Response, jsonify

from portal import db
from portal.actions import sights as verbs
from portal.errors import Faulty
from portal.readings import catalogue, payloads
from portal.readings import sights as readings
from portal.web.api.entry import call, caller, json_body, text

_WHOM = "the e-mail address of a colleague or the name of a team"


@call("GET", "/definitions/<key>/sight", "Who may see all processes of a definition", gives="Sight")
def read_sight(key: str) -> Response:
    """Whether they are restricted, and who sees all of them beside admins and auditors."""
    return _of_definition(key)


@call("POST", "/definitions/<key>/sight", "Restrict its processes, or open them to all staff",
      takes="RuleSight", gives="Sight")  # fmt: skip
def rule_sight(key: str) -> Response:
    """``restricted: true`` leaves them to whom they name; it holds from the next request on."""
    is_restricted = json_body().get("restricted")
    if not isinstance(is_restricted, bool):
        raise Faulty.one("restricted", "`restricted` is missing: send true or false.")
    (verbs.restrict if is_restricted else verbs.open_to_all)(key, actor=caller())
    return _of_definition(key)


@call("POST", "/definitions/<key>/sight/grants", "Let somebody see all processes of a definition",
      takes="GrantSight", gives="Sight")  # fmt: skip
def grant_sight(key: str) -> Response:
    """Who sees them now."""
    verbs.grant(key, text(json_body(), "whom", _WHOM), actor=caller())
    return _of_definition(key)


@call("POST", "/definitions/<key>/sight/grants/<grant_id>/withdraw",
      "Let them see its processes no longer", gives="Sight")  # fmt: skip
def withdraw_sight(key: str, grant_id: str) -> Response:
    """Who sees them now."""
    verbs.withdraw(key, grant_id, actor=caller())
    return _of_definition(key)


@call("GET", "/processes/<process_id>/sight", "Who may see a process, and why", gives="Sight")
def read_process_sight(process_id: str) -> Response:
    """Whether it is restricted, and who sees it beside admins and auditors."""
    return _of_process(process_id)


@call("POST", "/processes/<process_id>/sight/grants", "Let somebody see a process",
      takes="GrantSight", gives="Sight")  # fmt: skip
def grant_process_sight(process_id: str) -> Response:
    """Who sees it now."""
    verbs.grant_process(process_id, text(json_body(), "whom", _WHOM), actor=caller())
    return _of_process(process_id)


@call("POST", "/processes/<process_id>/sight/grants/<grant_id>/withdraw",
      "Let them see a process no longer", gives="Sight")  # fmt: skip
def withdraw_process_sight(process_id: str, grant_id: str) -> Response:
    """Who sees it now."""
    verbs.withdraw_process(process_id, grant_id, actor=caller())
    return _of_process(process_id)


def _of_definition(key: str) -> Response:
    with db.reading() as conn:
        row = catalogue.definition(conn, key, None)
        seers = readings.of_definition(conn, key) if row.is_restricted else []
    return _told(bool(row.is_restricted), seers)


def _of_process(process_id: str) -> Response:
    with db.reading() as conn:
        process = payloads.process_row(conn, process_id)
        is_restricted = catalogue.definition(conn, process.key, None).is_restricted
        seers = readings.of_process(conn, process) if is_restricted else []
    return _told(bool(is_restricted), seers)


def _told(is_restricted: bool, seers: list[Any]) -> Response:
    return jsonify(restricted=is_restricted, seen_by=[readings.shape(one) for one in seers])
