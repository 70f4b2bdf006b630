"""API calls for questions about tasks: read them, ask a person outside, answer, let one rest."""

from flask import Response, jsonify

from portal import db
from portal.actions import questions as verbs
from portal.errors import Unknown
from portal.readings import payloads
from portal.readings import questions as readings
from portal.web.api.entry import call, caller, json_body, page, text


@call("GET", "/processes/<process_id>/questions", "What was asked about its tasks, and answered",
      gives="QuestionList")  # fmt: skip
def list_questions(process_id: str) -> Response:
    """Every thread of the process, the first task's first."""
    with db.reading() as conn:
        payloads.process_row(conn, process_id)
        found = readings.of_process(conn, process_id)
    return page([readings.shape(one) for one in found], None)


@call("POST", "/processes/<process_id>/questions", "Ask whoever has a task, outside",
      takes="Ask", gives="Question", status=201)  # fmt: skip
def ask_person(process_id: str) -> tuple[Response, int]:
    """201 with the thread; they get it by e-mail and answer on their page."""
    body = json_body()
    task_id = text(body, "task", "the id of an open task")
    with db.reading() as conn:
        payloads.require_task_of(conn, process_id, task_id)
    asked = verbs.ask_person(task_id, text(body, "text", "the question"), actor=caller())
    return _question(asked), 201


@call("POST", "/questions/<question_id>/answer", "Answer a question from outside",
      takes="Comment", gives="Question")  # fmt: skip
def answer_question(question_id: str) -> Response:
    """The thread; whoever asked gets the answer by e-mail and on their page."""
    verbs.answer(question_id, text(json_body(), "text", "the answer"), actor=caller())
    return _question(question_id)


@call("POST", "/questions/<question_id>/close", "Say that a question needs no answer",
      gives="Question")  # fmt: skip
def close_question(question_id: str) -> Response:
    """The thread; nothing waits in it any more."""
    verbs.close(question_id, actor=caller())
    return _question(question_id)


def _question(question_id: str) -> Response:
    with db.reading() as conn:
        found = readings.one(conn, question_id)
    if found is None:
        raise Unknown("There is no such question.")
    return jsonify(readings.shape(found))
