"""What people outside ask about their tasks, at the desk: answer, ask them, or let it rest."""

from collections.abc import Callable

from flask import redirect, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.actions import questions as verbs
from portal.errors import AlreadyRecorded, Faulty, Unknown
from portal.readings import questions as readings
from portal.web import forms
from portal.web.staff import processes, tasks
from portal.web.staff.door import doors, me, said


@doors.post("/tasks/<task_id>/questions")
def ask_person(task_id: str) -> ResponseReturnValue:
    """Ask whoever the task is with, outside."""
    text, nonce = request.form.get("text", ""), _nonce()
    try:
        _once(lambda: verbs.ask_person(task_id, text, nonce=nonce, actor=me()))
    except Faulty as fault:
        return tasks.show_again(task_id, "questions", fault)
    said("It is on its way to them by e-mail.")
    return redirect(f"/tasks/{task_id}#questions", 303)


@doors.post("/questions/<question_id>/answer")
def answer_question(question_id: str) -> ResponseReturnValue:
    """Answer from the task's page, or from that of its process."""
    thread = _thread(question_id)
    text, nonce = request.form.get("text", ""), _nonce()
    try:
        _once(lambda: verbs.answer(question_id, text, nonce=nonce, actor=me()))
    except Faulty as fault:
        at = f"question-{question_id}"
        if _is_from_process():
            return processes.show(thread.process, at=at, fault=fault)
        return tasks.show_again(thread.task, at, fault)
    said(f"Your answer is on its way to {thread.person}.")
    return _back(thread)


@doors.post("/questions/<question_id>/close")
def close_question(question_id: str) -> ResponseReturnValue:
    """Say that it needs no answer."""
    thread = _thread(question_id)
    verbs.close(question_id, actor=me())
    said("It needs no answer any more.")
    return _back(thread)


def _nonce() -> str | None:
    return forms.sent_nonce() if "_nonce" in request.form else None


def _once(verb: Callable[[], object]) -> None:
    """Do it; the second press of the same button has nothing left to do."""
    try:
        verb()
    except AlreadyRecorded:
        return


def _thread(question_id: str) -> readings.Thread:
    with db.reading() as conn:
        found = readings.one(conn, question_id)
    if found is None:
        raise Unknown("There is no such question.")
    return found


def _is_from_process() -> bool:
    return request.form.get("_from") == "process"


def _back(thread: readings.Thread) -> ResponseReturnValue:
    page = f"/processes/{thread.process}" if _is_from_process() else f"/tasks/{thread.task}"
    return redirect(f"{page}#questions", 303)
