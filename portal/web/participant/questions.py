"""“I have a question”: what the person and staff wrote about the task, and a way to go on."""

from flask import request
from flask.typing import ResponseReturnValue

from portal import db
from portal.access.sessions import Guest
from portal.actions import questions as verbs
from portal.readings import questions as readings
from portal.web.participant import replies
from portal.web.participant.door import actor_of, doors
from portal.web.participant.replies import Faults


@doors.get("/w/<task_id>/question")
def question(task_id: str) -> ResponseReturnValue:
    """What was written so far, and a form."""
    return replies.shown(task_id, _page)


@doors.post("/w/<task_id>/question")
def ask(task_id: str) -> ResponseReturnValue:
    """Send it: 303 to the same page, where it then stands."""
    text = request.form.get("text", "")
    return replies.taken(
        task_id,
        "question",
        "text",
        _page,
        lambda guest, nonce: verbs.ask(task_id, text, nonce=nonce, actor=actor_of(guest)),
        f"/w/{task_id}/question?said=yes",
    )


def _page(guest: Guest, faults: Faults | None = None) -> str:
    with db.reading() as conn:
        found = readings.of_process(conn, guest.process.id, task=guest.task.id)
    mine = next((one for one in found if one.participant == guest.person.id), None)
    template = "participant/question.html"
    return replies.rendered(
        template, "question", guest, faults or {}, thread=mine, said=request.args.get("said")
    )
