"""“Something keeps me from it”: the person says what, and reads what is said to that."""

from flask import request
from flask.typing import ResponseReturnValue

from portal.access.sessions import Guest
from portal.actions import questions as verbs
from portal.web.participant import replies
from portal.web.participant.door import actor_of, doors
from portal.web.participant.replies import Faults


@doors.get("/w/<task_id>/blocked")
def blocked(task_id: str) -> ResponseReturnValue:
    """A form for what keeps the person from it; a button where they said so already."""
    return replies.shown(task_id, _page)


@doors.post("/w/<task_id>/blocked")
def block(task_id: str) -> ResponseReturnValue:
    """Say what keeps one from it, or that one can go on: 303 back to the task."""
    text = request.form.get("text", "")

    def verb(guest: Guest, nonce: str) -> None:
        if "_go_on" in request.form:
            verbs.go_on(task_id, actor=actor_of(guest))
        else:
            verbs.block(task_id, text, nonce=nonce, actor=actor_of(guest))

    return replies.taken(task_id, "blocked", "text", _page, verb, f"/w/{task_id}?said=block")


def _page(guest: Guest, faults: Faults | None = None) -> str:
    return replies.rendered("participant/blocked.html", "blocked", guest, faults or {})
