"""API calls that change the course of a running process."""

from typing import Any

from flask import Response, jsonify

from portal import db
from portal.actions import changes, moves
from portal.errors import Faulty
from portal.readings import payloads
from portal.web.api.entry import call, caller, json_body, text


@call("POST", "/processes/<process_id>/migrate", "Move a process to another version",
      takes="Migrate", gives="Migrated")  # fmt: skip
def migrate_process(process_id: str) -> Response:
    """The process as it now stands; with ``dry_run`` what would happen, and nothing is changed."""
    body = json_body()
    version, dry_run = body.get("version"), body.get("dry_run", False)
    if not isinstance(dry_run, bool):
        raise Faulty.one("dry_run", "`dry_run` is not true or false.")
    if dry_run:
        return jsonify(dry_run=True, **moves.told(moves.look(process_id, version, actor=caller())))
    reason = text(body, "reason", "a reason")
    move = moves.migrate(process_id, version, reason, actor=caller())
    with db.reading() as conn:
        return jsonify(payloads.process(conn, process_id) | {"migration": moves.told(move)})


@call("POST", "/processes/<process_id>/skip", "Go on without a step it stands on",
      takes="StepChange", gives="Process", also=(202,))  # fmt: skip
def skip_step(process_id: str) -> tuple[Response, int]:
    """200 with the process; 202 where a safeguard takes a second person, by the exception."""
    is_done = changes.skip(process_id, *_step(json_body()), actor=caller())
    with db.reading() as conn:
        return jsonify(payloads.process(conn, process_id)), 200 if is_done else 202


@call("POST", "/processes/<process_id>/reopen", "Have a step that is done asked again",
      takes="StepChange", gives="Process")  # fmt: skip
def reopen_step(process_id: str) -> Response:
    """The process as it now stands."""
    changes.reopen(process_id, *_step(json_body()), actor=caller())
    with db.reading() as conn:
        return jsonify(payloads.process(conn, process_id))


def _step(body: dict[str, Any]) -> tuple[str, str, str | None]:
    """A step, the reason, and for which item of an `each`, as events name it."""
    scope = body.get("scope")
    if scope is not None and not isinstance(scope, str):
        raise Faulty.one("scope", "`scope` is not text.")
    return text(body, "step", "the id of a step"), text(body, "reason", "a reason"), scope
