"""API calls for other answers than yes: a day of one's own, a block, a refusal."""

from flask import Response, jsonify

from portal import db
from portal.actions import declines, promises, questions
from portal.readings import lists, payloads
from portal.web.api import entry
from portal.web.api.entry import call, caller, json_body, text


@call("POST", "/tasks/<task_id>/promise", "Name the day by which a task will be done",
      takes="Promise", gives="Task")  # fmt: skip
def promise_task(task_id: str) -> Response:
    """The task; its reminders count from that day, and the owner is told."""
    body = json_body()
    day = text(body, "day", "a day, such as 2026-12-24")
    promises.promise(task_id, day, actor=entry.on_behalf(body))
    return _task(task_id)


@call("POST", "/tasks/<task_id>/block", "Say what keeps one from a task",
      takes="Text", gives="Task")  # fmt: skip
def block_task(task_id: str) -> Response:
    """The task; its reminders wait until the owner has answered."""
    said = text(json_body(), "text", "what keeps you from it")
    questions.block(task_id, said, actor=caller())
    return _task(task_id)


@call("POST", "/tasks/<task_id>/unblock", "Answer what keeps somebody from a task",
      takes="Text", gives="Task")  # fmt: skip
def unblock_task(task_id: str) -> Response:
    """The task; whoever is blocked gets the answer by e-mail and on their page."""
    questions.unblock(task_id, text(json_body(), "text", "the answer"), actor=caller())
    return _task(task_id)


@call("POST", "/tasks/<task_id>/go-on", "Say that nothing keeps one from a task any more",
      gives="Task")  # fmt: skip
def go_on_with_task(task_id: str) -> Response:
    """The task."""
    questions.go_on(task_id, actor=caller())
    return _task(task_id)


@call("POST", "/tasks/<task_id>/decline", "Say that one will not do a task",
      takes="Reason", gives="Task")  # fmt: skip
def decline_task(task_id: str) -> Response:
    """The task, open still; an exception of its owner's has the reason."""
    declines.decline(task_id, text(json_body(), "reason", "a reason"), actor=caller())
    return _task(task_id)


def _task(task_id: str) -> Response:
    with db.reading() as conn:
        return jsonify(payloads.task(lists.task_row(conn, task_id)))
