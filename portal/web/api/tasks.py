"""API calls for tasks: list, complete, remind, reassign, links."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request

from portal import clock, db
from portal.actions import approvals, forms, links, signatures, tasks
from portal.actor import Actor
from portal.definition.fields import JsonSent
from portal.errors import Faulty
from portal.readings import lists, payloads
from portal.readings.words import iso
from portal.web import arrivals
from portal.web.api import entry
from portal.web.api.entry import call, caller, json_body, page, text


@call("GET", "/tasks", "Tasks, earliest due first",
      query=("state", "assignee", "process", "cursor", "limit"), gives="TaskList")  # fmt: skip
def list_tasks() -> Response:
    """One page of them; ``assignee`` is an e-mail address."""
    filters = lists.TaskFilters(
        state=entry.one_of("state", lists.TASK_STATES),
        assignee=request.args.get("assignee") or None,
        process=request.args.get("process") or None,
    )
    with db.reading() as conn:
        found = lists.tasks(
            conn, filters, clock.now(), cursor=request.args.get("cursor"), limit=entry.limit()
        )
    return page([payloads.task(row) for row in found.items], found.next)


@call("GET", "/tasks/<task_id>", "One task", gives="Task")
def read_task(task_id: str) -> Response:
    """The task."""
    return _task(task_id)


def _task(task_id: str) -> Response:
    with db.reading() as conn:
        return jsonify(payloads.task(lists.task_row(conn, task_id)))


@call("POST", "/tasks/<task_id>/complete", "Complete a task; the body depends on its kind",
      takes="Complete", gives="Task")  # fmt: skip
def complete_task(task_id: str) -> Response:
    """200 with the task; the tasks that follow are open by then."""
    with db.reading() as conn:
        kind = lists.task_row(conn, task_id).kind
    if kind == "upload":
        _send_files(task_id)
    else:
        body = json_body()
        _BY_KIND[kind](task_id, body, entry.on_behalf(body))
    return _task(task_id)


def _send_form(task_id: str, body: dict[str, Any], actor: Actor) -> None:
    control = ("on_behalf", "reason") if actor.on_behalf else ()
    fields = {key: value for key, value in body.items() if key not in control}
    forms.submit(task_id, JsonSent(fields), nonce=None, actor=actor)


def _decide(task_id: str, body: dict[str, Any], actor: Actor) -> None:
    items = body.get("items") or []
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise Faulty.one("items", "`items` is not a list of field and document ids.")
    decision = str(body.get("decision") or "")
    approvals.decide(task_id, decision, _said(body, "comment"), items, nonce=None, actor=actor)


def _sign(task_id: str, body: dict[str, Any], actor: Actor) -> None:
    """Sign, or decline; ``sha256`` may name what the caller showed to the signer."""
    shown = _said(body, "sha256")
    if body.get("decline") is True:
        signatures.decline(task_id, _said(body, "comment"), shown=shown, actor=actor)
        return
    agrees = body.get("agree") is True
    drawing = body.get("drawing")
    signatures.sign(
        task_id, _said(body, "signature"), agrees, drawing=drawing, shown=shown, actor=actor
    )


def _said(body: dict[str, Any], key: str) -> str | None:
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise Faulty.one(key, f"`{key}` is not text.")
    return value


def _tick(task_id: str, body: dict[str, Any], actor: Actor) -> None:
    if body.get("done") is not True:
        raise Faulty.one("done", "Send `done: true` to say that it is done.")
    tasks.tick(task_id, _said(body, "note"), None, nonce=None, actor=actor)


_BY_KIND: dict[str, Callable[[str, dict[str, Any], Actor], None]] = {
    "form": _send_form,
    "approval": _decide,
    "sign": _sign,
    "task": _tick,
}


# A part of a form is text: how programs write that something is true.
_YES = ("true", "1", "yes", "on")


def _send_files(task_id: str) -> None:
    """Multipart: one part for each file, named after its document; other parts are controls."""
    arrivals.expect_for(request, task_id)
    body: dict[str, Any] = request.form.to_dict()
    body["on_behalf"] = body.get("on_behalf", "").lower() in _YES
    actor = entry.on_behalf(body)
    arrivals.answer(task_id, request, actor=actor)


@call("POST", "/tasks/<task_id>/remind", "Remind the assignee now", gives="Task")
def remind_about_task(task_id: str) -> Response:
    """The reminder is on its way; the event says when the mail server took it."""
    tasks.remind(task_id, actor=caller())
    return _task(task_id)


@call("POST", "/tasks/<task_id>/reassign", "Give a task to somebody else",
      takes="Reassign", gives="Task")  # fmt: skip
def reassign_task(task_id: str) -> Response:
    """The old link and its sessions end at once."""
    body = json_body()
    to = entry.mapping(body, "to")
    tasks.reassign(task_id, to, text(body, "reason", "a reason"), actor=caller())
    return _task(task_id)


@call("POST", "/tasks/<task_id>/revoke", "End every link and session of a task",
      takes="Reason", gives="Task")  # fmt: skip
def revoke_links(task_id: str) -> Response:
    """The task stays open."""
    links.revoke(task_id, text(json_body(), "reason", "a reason"), actor=caller())
    return _task(task_id)


@call("POST", "/tasks/<task_id>/link", "A magic link for a channel of your own", gives="Link")
def make_link(task_id: str) -> Response:
    """The address and until when it works."""
    url, expires_at = links.make(task_id, actor=caller())
    return jsonify(url=url, expires_at=iso(expires_at))
