"""API calls for other answers than yes: a day of one's own."""

from flask import Response, jsonify

from portal import db
from portal.actions import promises
from portal.readings import lists, payloads
from portal.web.api import entry
from portal.web.api.entry import call, json_body, text


@call("POST", "/tasks/<task_id>/promise", "Name the day by which a task will be done",
      takes="Promise", gives="Task")  # fmt: skip
def promise_task(task_id: str) -> Response:
    """The task; its reminders count from that day, and the owner is told."""
    body = json_body()
    day = text(body, "day", "a day, such as 2026-12-24")
    promises.promise(task_id, day, actor=entry.on_behalf(body))
    return _task(task_id)


def _task(task_id: str) -> Response:
    with db.reading() as conn:
        return jsonify(payloads.task(lists.task_row(conn, task_id)))
