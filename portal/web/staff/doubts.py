"""“This does not match reality” at the desk: said at a task, answered on the definition's page."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.actions import doubts as verbs
from portal.errors import AlreadyRecorded, Faulty, Unknown
from portal.readings import doubts as readings
from portal.web import forms
from portal.web.staff import definitions, tasks
from portal.web.staff.door import doors, me, said


@doors.post("/tasks/<task_id>/doubts")
def tell_doubt(task_id: str) -> ResponseReturnValue:
    """Say what of the step is different in reality."""
    nonce = forms.sent_nonce() if "_nonce" in request.form else None
    try:
        verbs.tell(task_id, request.form.get("text", ""), nonce=nonce, actor=me())
    except Faulty as fault:
        return tasks.show_again(task_id, "doubt", fault)
    except AlreadyRecorded:
        pass  # by the first press of the same button
    said("The owner of the definition is told, and answers you by e-mail.")
    return redirect(f"/tasks/{task_id}", 303)


@doors.post("/doubts/<doubt_id>/settle")
def settle_doubt(doubt_id: str) -> ResponseReturnValue:
    """Tick it off with an answer."""
    with db.reading() as conn:
        found = readings.one(conn, doubt_id)
    if found is None:
        raise Unknown("There is nothing of that kind here.")
    try:
        verbs.settle(doubt_id, request.form.get("answer", ""), actor=me())
    except Faulty as fault:
        return definitions.show(found.key, at=doubt_id, fault=fault)
    said(f"Your answer is on its way to {found.by}.")
    return redirect(f"/definitions/{found.key}#doubts", 303)
