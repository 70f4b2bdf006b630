"""API calls for what does not match reality: say so at a task, read it, answer it."""

from flask import Response, jsonify

from portal import db
from portal.actions import doubts as verbs
from portal.errors import Unknown
from portal.readings import catalogue
from portal.readings import doubts as readings
from portal.web.api.entry import call, caller, json_body, page, text


@call("POST", "/tasks/<task_id>/doubts", "Say what of a step does not match reality",
      takes="Comment", gives="Doubt", status=201)  # fmt: skip
def tell_doubt(task_id: str) -> tuple[Response, int]:
    """201; whoever owns the definition is told, and answers."""
    told = verbs.tell(task_id, text(json_body(), "text", "what is different"), actor=caller())
    return _doubt(told), 201


@call("GET", "/definitions/<key>/doubts", "What was said not to match reality, and answered",
      gives="DoubtList")  # fmt: skip
def list_doubts(key: str) -> Response:
    """What waits for an answer first, each the newest first."""
    with db.reading() as conn:
        catalogue.definition(conn, key, None)
        found = readings.of_definition(conn, key)
    return page([readings.shape(one) for one in found], None)


@call("POST", "/doubts/<doubt_id>/settle", "Answer what was said not to match reality",
      takes="SettleDoubt", gives="Doubt")  # fmt: skip
def settle_doubt(doubt_id: str) -> Response:
    """Ticked off; whoever said it hears so."""
    verbs.settle(doubt_id, text(json_body(), "answer", "the answer"), actor=caller())
    return _doubt(doubt_id)


def _doubt(doubt_id: str) -> Response:
    with db.reading() as conn:
        found = readings.one(conn, doubt_id)
    if found is None:
        raise Unknown("There is nothing of that kind here.")
    return jsonify(readings.shape(found))
