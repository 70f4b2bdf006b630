"""“This does not match reality”: what is different, in the words of whoever has the task."""

from flask import request
from flask.typing import ResponseReturnValue

from portal.access.sessions import Guest
from portal.actions import doubts as verbs
from portal.web.participant import replies
from portal.web.participant.door import actor_of, doors
from portal.web.participant.replies import Faults


@doors.get("/w/<task_id>/doubt")
def doubt(task_id: str) -> ResponseReturnValue:
    """What is different in reality."""
    return replies.shown(task_id, _page)


@doors.post("/w/<task_id>/doubt")
def tell(task_id: str) -> ResponseReturnValue:
    """Say so: 303 back to the page, which then thanks for it."""
    text = request.form.get("text", "")
    return replies.taken(
        task_id,
        "doubt",
        "text",
        _page,
        lambda guest, nonce: verbs.tell(task_id, text, nonce=nonce, actor=actor_of(guest)),
        f"/w/{task_id}/doubt?told=yes",
    )


def _page(guest: Guest, faults: Faults | None = None) -> str:
    is_told = request.args.get("told") == "yes" and request.method == "GET"
    template = "participant/doubt.html"
    return replies.rendered(template, "doubt", guest, faults or {}, is_told=is_told)
