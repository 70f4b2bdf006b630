"""Who has the work, at the desk: take it up, pass it on, and decide who may pass it on."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from portal.actions import handoffs as verbs
from portal.errors import Faulty
from portal.web.staff import tasks
from portal.web.staff.door import doors, me, said


@doors.post("/tasks/<task_id>/take-up")
def take_up(task_id: str) -> ResponseReturnValue:
    """Say that one is at it."""
    verbs.take_up(task_id, actor=me())
    said("You have taken it up.")
    return redirect(f"/tasks/{task_id}", 303)


@doors.post("/tasks/<task_id>/delegate")
def pass_on(task_id: str) -> ResponseReturnValue:
    """Have a colleague do it, where the definition lets staff pass it on."""
    to = {"email": request.form.get("email", ""), "name": request.form.get("name", "")}
    try:
        is_done = verbs.delegate(task_id, to, request.form.get("reason", ""), actor=me())
    except Faulty as fault:
        return tasks.show_again(task_id, "delegate", fault)
    name = to["name"].strip() or to["email"].strip()
    said(f"It is with {name} now." if is_done else f"The owner is asked whether {name} may do it.")
    return redirect(f"/tasks/{task_id}", 303)


@doors.post("/tasks/<task_id>/delegation")
def settle(task_id: str) -> ResponseReturnValue:
    """Agree that somebody passes their task on, or refuse with a reason."""
    answer = request.form.get("answer", "")
    try:
        verbs.settle(task_id, answer, request.form.get("reason", ""), actor=me())
    except Faulty as fault:
        return tasks.show_again(task_id, "delegation", fault)
    agreed = "It has gone to somebody else, and both are told."
    said(agreed if answer == "agree" else "It stays where it is, and whoever asked is told.")
    return redirect(f"/tasks/{task_id}", 303)
