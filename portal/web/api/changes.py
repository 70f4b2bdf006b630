"""API calls that change the course of a running process."""

import json
from typing import Any

from flask import Response, jsonify

from portal import db
from portal.actions import changes, fleets, moves
from portal.errors import Faulty
from portal.readings import fleets as readings
from portal.readings import payloads
from portal.web.api.entry import call, caller, json_body, page, text


@call("POST", "/processes/<process_id>/migrate", "Move a process to another version",
      takes="Migrate", gives="Migrated")  # fmt: skip
def migrate_process(process_id: str) -> Response:
    """The process as it now stands; with ``dry_run`` what would happen, and nothing is changed."""
    body = json_body()
    version = body.get("version")
    if _flag(body, "dry_run"):
        return jsonify(dry_run=True, **moves.told(moves.look(process_id, version, actor=caller())))
    reason = text(body, "reason", "a reason")
    move = moves.migrate(process_id, version, reason, actor=caller())
    with db.reading() as conn:
        return jsonify(payloads.process(conn, process_id) | {"migration": moves.told(move)})


@call("POST", "/definitions/<key>/migrate", "Move running processes to a version, one by one",
      takes="MigrateMany", gives="MovedMany")  # fmt: skip
def migrate_processes(key: str) -> Response:
    """What became of each, or with ``dry_run`` would; one refused stops no other.

    Without ``processes`` those on other versions by their ids, some at a time: ``next`` goes back
    as ``after``.
    """
    body = json_body()
    version, ids, following = body.get("version"), _ids(body), None
    if ids is None:
        ids, following = _some(key, version, body)
    dry_run = _flag(body, "dry_run")
    if dry_run:
        results = fleets.look(key, version, ids, actor=caller())
    else:
        reason = text(body, "reason", "a reason")
        results = fleets.migrate(key, version, reason, ids, actor=caller())
    return page([fleets.told(one, dry_run=dry_run) for one in results], following)


def _ids(body: dict[str, Any]) -> list[str] | None:
    ids = body.get("processes")
    if ids is not None and not (isinstance(ids, list) and all(isinstance(x, str) for x in ids)):
        raise Faulty.one("processes", "`processes` is not a list of ids.")
    return ids


def _some(key: str, version: object, body: dict[str, Any]) -> tuple[list[str], str | None]:
    """The next ones that are on other versions, and where to go on after them."""
    after = body.get("after")
    if after is not None and not isinstance(after, str):
        raise Faulty.one("after", "`after` is not text.")
    with db.reading() as conn:
        rows = readings.elsewhere(
            conn, key, moves.number(version) or 0, after=after, limit=fleets.MOST + 1
        )
    ids = [row.id for row in rows[: fleets.MOST]]
    return ids, ids[-1] if len(rows) > fleets.MOST else None


def _flag(body: dict[str, Any], key: str) -> bool:
    given = body.get(key, False)
    if not isinstance(given, bool):
        raise Faulty.one(key, f"`{key}` is not true or false.")
    return given


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


@call("POST", "/processes/<process_id>/steps", "Add a step to one running process",
      takes="StepAddition", gives="StepAdded", status=201)  # fmt: skip
def add_step(process_id: str) -> tuple[Response, int]:
    """The new step's id and the process as it now stands."""
    body = json_body()
    beside = {side: text(body, side, "the id of a step") for side in _SIDES if side in body}
    reason = text(body, "reason", "a reason")
    added = changes.add_step(
        process_id, _written(body.get("step")), reason, **beside, actor=caller()
    )
    with db.reading() as conn:
        told = payloads.process(conn, process_id)
    return jsonify(step=added, process=told), 201


_SIDES = ("before", "after")


def _written(step: object) -> str:
    """A step as its text: as it was sent, or an object line by line."""
    if isinstance(step, str):
        return step
    if not isinstance(step, dict):
        raise Faulty.one("step", "Give the step as an object or as text in YAML.")
    return json.dumps(step, ensure_ascii=False, indent=1)


def _step(body: dict[str, Any]) -> tuple[str, str, str | None]:
    """A step, the reason, and for which item of an `each`, as events name it."""
    scope = body.get("scope")
    if scope is not None and not isinstance(scope, str):
        raise Faulty.one("scope", "`scope` is not text.")
    return text(body, "step", "the id of a step"), text(body, "reason", "a reason"), scope
