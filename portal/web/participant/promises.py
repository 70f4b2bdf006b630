"""“By Friday”: the person names a day of their own."""

from flask import request
from flask.typing import ResponseReturnValue

from portal.access.sessions import Guest
from portal.actions import promises as verbs
from portal.web.participant import replies
from portal.web.participant.door import actor_of, doors
from portal.web.participant.replies import Faults


@doors.get("/w/<task_id>/promise")
def name_day(task_id: str) -> ResponseReturnValue:
    """By which day it will be done."""
    return replies.shown(task_id, _page)


@doors.post("/w/<task_id>/promise")
def promise(task_id: str) -> ResponseReturnValue:
    """Say so: 303 back to the task, which then tells it."""
    day = request.form.get("day", "")
    return replies.taken(
        task_id,
        "promise",
        "day",
        _page,
        lambda guest, _nonce: verbs.promise(task_id, day, actor=actor_of(guest)),
        f"/w/{task_id}?said=promise",
    )


def _page(guest: Guest, faults: Faults | None = None) -> str:
    return replies.rendered("participant/promise.html", "promise", guest, faults or {})
