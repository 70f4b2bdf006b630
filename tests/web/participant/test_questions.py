"""“I have a question”, from door to door: the page, the desk, the answer, without JavaScript."""

from collections.abc import Callable

from flask import Flask

from portal.clock import Clock
from portal.models import Question
from tests import makers
from tests.web.callers import at_the_desk, by_token
from tests.web.participant.conftest import Visitor, hidden_in

Visitors = Callable[[], Visitor]
TEXT = "Is <this> the “old” form?\nOr O'Neil's?"
SHOWN = "Is &lt;this&gt; the “old” form?\nOr O&#39;Neil&#39;s?"


def test_a_question_is_asked_and_answered_from_the_pages(
    app: Flask, visitor: Visitor, clock: Clock
) -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    path = visitor.enter(task)
    assert f'href="{path}/question"' in visitor.get(path)
    faulty = visitor.send(f"{path}/question", text=" ")
    assert faulty.status_code == 422
    assert 'aria-invalid="true"' in faulty.text
    hidden = hidden_in(visitor.get(f"{path}/question"))
    for _ in range(2):  # two presses of one button
        sent = visitor.post(f"{path}/question", {**hidden, "text": TEXT})
        assert (sent.status_code, sent.location) == (303, f"{path}/question?said=yes")
    page = visitor.get(f"{path}/question")
    assert page.count(SHOWN) == 1
    assert "nobody reminds you" in visitor.get(path)

    [thread] = makers.rows(Question)
    dana = at_the_desk(app, "dana")
    desk = dana.client.get("/").text
    assert "1 question needs an answer" in desk
    assert f"/tasks/{task.id}#question-{thread.id}" in desk
    for place in (f"/tasks/{task.id}", f"/processes/{task.process_id}"):
        assert SHOWN in dana.client.get(place).text
    dana.page = f"/tasks/{task.id}"
    empty = dana.call("POST", f"/questions/{thread.id}/answer", {"text": ""})
    assert empty.status_code == 422
    assert "Write what you want" in empty.text
    assert (
        at_the_desk(app, "finn")
        .call("POST", f"/questions/{thread.id}/answer", {"text": "Me."})
        .status_code
        == 403
    )
    answered = dana.call("POST", f"/questions/{thread.id}/answer", {"text": "The <new> one."})
    assert answered.location == f"/tasks/{task.id}#questions"
    assert "question needs" not in dana.client.get("/").text
    assert "The &lt;new&gt; one." in visitor.get(f"{path}/question")
    assert "what was answered" in visitor.get(path)


def test_staff_ask_first_and_a_fault_on_the_process_keeps_what_was_typed(
    app: Flask, visitor: Visitor, clock: Clock
) -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    path = visitor.enter(task)
    dana = at_the_desk(app, "dana")
    dana.page = f"/tasks/{task.id}"
    asked = dana.call("POST", f"/tasks/{task.id}/questions", {"text": "Sea Ltd?"})
    assert asked.status_code == 303
    assert "asks you something" in visitor.get(path)
    assert visitor.send(f"{path}/question", text="Yes.").status_code == 303
    [thread] = makers.rows(Question)
    assert thread.waits_on is None
    long = {"text": "y" * 4001, "_from": "process"}
    page = dana.call("POST", f"/questions/{thread.id}/answer", long)
    assert page.status_code == 422
    assert "y" * 4001 in page.text
    assert "at most 4,000 characters" in page.text


def test_a_closed_task_takes_no_question(visitor: Visitor, clock: Clock) -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    path = visitor.enter(task)
    hidden = hidden_in(visitor.get(f"{path}/question"))
    makers.fill(task.process_id, company="Sea")
    assert visitor.post(f"{path}/question", {**hidden, "text": "Late?"}).status_code == 409
    visitor.get(f"{path}/question", 409)


def test_whoever_writes_without_end_is_slowed_and_loses_nothing(
    visitor: Visitor, clock: Clock
) -> None:
    path = visitor.enter(makers.task(makers.start(makers.FORM), "details"))
    told = [visitor.send(f"{path}/question", text=f"No. {n}") for n in range(21)]
    assert [one.status_code for one in told] == [303] * 20 + [429]
    assert "No. 20" in told[-1].text
    assert int(told[-1].headers["Retry-After"]) > 0


def test_programs_ask_answer_and_let_it_rest(app: Flask, visitor: Visitor, clock: Clock) -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    visitor.send(f"{visitor.enter(task)}/question", text=TEXT)
    dana = by_token(app, "dana")
    listed = f"/api/v1/processes/{task.process_id}/questions"
    [found] = dana.call("GET", listed, {}).json["items"]
    assert (found["task"], found["waits_on"]) == (task.id, "staff")
    assert found["messages"][0]["text"] == TEXT
    where = f"/api/v1/questions/{found['id']}"
    assert dana.call("POST", f"{where}/close", {"json": {}}).json["waits_on"] is None
    told = dana.call("POST", f"{where}/answer", {"json": {"text": "One more thing."}}).json
    assert told["waits_on"] == "outside"
    asked = dana.call("POST", listed, {"json": {"task": task.id, "text": "And?"}})
    assert (asked.status_code, len(asked.json["messages"])) == (201, 3)
    elsewhere = makers.start_again()
    wrong = f"/api/v1/processes/{elsewhere}/questions"
    assert dana.call("POST", wrong, {"json": {"task": task.id, "text": "?"}}).status_code == 404


def test_what_keeps_a_person_from_it_is_said_shown_and_answered(
    app: Flask, visitor: Visitor, clock: Clock
) -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    path = visitor.enter(task)
    assert f'href="{path}/blocked"' in visitor.get(path)
    assert visitor.send(f"{path}/blocked", text="").status_code == 422
    assert visitor.send(f"{path}/blocked", text=TEXT).location == f"{path}?said=block"
    assert "what keeps you from it" in visitor.get(path)
    dana = at_the_desk(app, "dana")
    desk = dana.client.get("/").text
    assert "1 person can’t go on" in desk
    assert "Vera Vendor can’t go on with “Details”" in desk
    assert "question needs" not in desk
    page = dana.client.get(f"/processes/{task.process_id}").text
    assert f"<blockquote>{SHOWN}" in page
    assert "blocked since Mon 23 Nov." in page
    assert "has been blocked since" in dana.client.get(f"/tasks/{task.id}").text
    dana.page = f"/tasks/{task.id}"
    [thread] = makers.rows(Question)
    dana.call("POST", f"/questions/{thread.id}/answer", {"text": "The new one."})
    assert "The new one." in visitor.get(f"{path}/question")
    assert "go on with" not in dana.client.get("/").text

    assert visitor.send(f"{path}/blocked", text="Still.").status_code == 303
    program = by_token(app, "dana")
    where = f"/api/v1/tasks/{task.id}"
    assert program.call("GET", where, {}).json["blocked_since"]
    assert visitor.send(f"{path}/blocked", _go_on="yes").location == f"{path}?said=block"
    assert program.call("GET", where, {}).json["blocked_since"] is None
    assert "can go on." in visitor.get(f"{path}/question")
