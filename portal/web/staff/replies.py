"""Other answers than yes at the desk, by whoever has a task: a day, a block, a refusal."""

from collections.abc import Callable
from contextlib import suppress

from flask import redirect, request
from flask.typing import ResponseReturnValue

from portal.actions import declines, promises, questions
from portal.errors import AlreadyRecorded, Faulty
from portal.web import forms
from portal.web.staff import tasks
from portal.web.staff.door import doors, me, said


@doors.post("/tasks/<task_id>/promise")
def promise(task_id: str) -> ResponseReturnValue:
    """Say by which day it will be done."""
    day = request.form.get("day", "")
    told = "Whoever answers for it is told your day, and no reminder goes out before it."
    return _taken(task_id, "promise", lambda: promises.promise(task_id, day, actor=me()), told)


@doors.post("/tasks/<task_id>/block")
def block(task_id: str) -> ResponseReturnValue:
    """Say what keeps one from it."""
    text = request.form.get("text", "")
    told = "Whoever answers for it is told, and no reminder goes out until they have answered."
    # The other forms of the page have the same number.
    nonce = f"{forms.sent_nonce()}:block" if "_nonce" in request.form else None

    def verb() -> None:
        with suppress(AlreadyRecorded):  # by the first press of the same button
            questions.block(task_id, text, nonce=nonce, actor=me())

    return _taken(task_id, "block", verb, told)


@doors.post("/tasks/<task_id>/go-on")
def go_on(task_id: str) -> ResponseReturnValue:
    """Say that nothing keeps one from it any more."""
    told = "Nothing keeps you from it any more."
    return _taken(task_id, "go-on", lambda: questions.go_on(task_id, actor=me()), told)


@doors.post("/tasks/<task_id>/decline")
def decline(task_id: str) -> ResponseReturnValue:
    """Say that one will not do it."""
    reason = request.form.get("reason", "")
    told = "Whoever answers for it is told, and decides how it goes on."
    return _taken(task_id, "decline", lambda: declines.decline(task_id, reason, actor=me()), told)


def _taken(task_id: str, at: str, verb: Callable[[], object], sentence: str) -> ResponseReturnValue:
    """Do it and go back to the task; a faulty entry comes back beside its form."""
    try:
        verb()
    except Faulty as fault:
        return tasks.show_again(task_id, at, fault)
    said(sentence)
    return redirect(f"/tasks/{task_id}", 303)
