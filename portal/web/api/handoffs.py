"""API calls for who has the work: take a task up, pass it on, decide who may pass it on."""

from flask import Response, jsonify

from portal import db
from portal.actions import handoffs as verbs
from portal.readings import lists, payloads
from portal.web.api import entry
from portal.web.api.entry import call, caller, json_body, text


@call("POST", "/tasks/<task_id>/take-up", "Say that one is at a task, or claim a team’s",
      gives="Task")  # fmt: skip
def take_up_task(task_id: str) -> Response:
    """The task; of a team's only this member may then do it."""
    verbs.take_up(task_id, actor=caller())
    return _task(task_id)


@call("POST", "/tasks/<task_id>/delegate", "Have somebody else do a task in one’s stead",
      takes="Delegate", gives="Task", also=(202,))  # fmt: skip
def delegate_task(task_id: str) -> tuple[Response, int]:
    """200 where it is theirs now; 202 where its owner has to agree first."""
    body = json_body()
    to, reason = entry.mapping(body, "to"), text(body, "reason", "a reason")
    is_done = verbs.delegate(task_id, to, reason, actor=entry.on_behalf(body))
    return _task(task_id), 200 if is_done else 202


@call("POST", "/tasks/<task_id>/delegation", "Agree that a task is passed on, or refuse",
      takes="Settle", gives="Task")  # fmt: skip
def settle_delegation(task_id: str) -> Response:
    """The task, with whoever has it now; whoever asked is told either way."""
    body = json_body()
    reason = text(body, "reason", "a reason") if body.get("reason") is not None else None
    verbs.settle(task_id, str(body.get("answer") or ""), reason, actor=caller())
    return _task(task_id)


def _task(task_id: str) -> Response:
    with db.reading() as conn:
        return jsonify(payloads.task(lists.task_row(conn, task_id)))
