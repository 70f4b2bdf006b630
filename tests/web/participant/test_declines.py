"""“I won’t do this”, from door to door: the page, its receipt, the owner's way out."""

from flask import Flask

from portal.clock import Clock
from tests import makers, people
from tests.web.callers import at_the_desk, by_token
from tests.web.participant.conftest import Visitor, hidden_in

WHY = "We are <no> supplier."
SHOWN = "We are &lt;no&gt; supplier."


def test_a_person_declines_is_receipted_and_asked_again(
    app: Flask, visitor: Visitor, clock: Clock
) -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    path = visitor.enter(task)
    assert f'href="{path}/decline"' in visitor.get(path)
    faulty = visitor.send(f"{path}/decline", reason="")
    assert faulty.status_code == 422
    assert "Say in a sentence why." in faulty.text
    hidden = hidden_in(visitor.get(f"{path}/decline"))
    for _ in range(2):  # two presses of one button
        sent = visitor.post(f"{path}/decline", {**hidden, "reason": WHY})
        assert (sent.status_code, sent.location) == (303, f"{path}/decline")
    receipt = visitor.get(f"{path}/decline")
    [told] = makers.events(task.process_id, "task.declined")
    assert SHOWN in receipt
    assert f'<dd class="number">{told["seq"]}</dd>' in receipt
    assert "You said that you won’t do this" in visitor.get(path)
    dana = at_the_desk(app, "dana")
    page = dana.client.get(f"/processes/{task.process_id}").text
    assert "Ask them again" in page
    assert SHOWN in page
    [trouble] = makers.troubles(task.process_id)
    dana.page = f"/processes/{task.process_id}"
    where = f"/processes/{task.process_id}/exceptions/{trouble.id}"
    assert dana.call("POST", where, {"how": "retry", "reason": "You are."}).status_code == 303
    assert "You said that you won’t" not in visitor.get(path)
    assert "<textarea" in visitor.get(f"{path}/decline")


def test_an_approval_is_rejected_instead_and_a_program_reads_a_refusal(
    app: Flask, visitor: Visitor, clock: Clock
) -> None:
    steps = "  - {id: review, assign: vendor, approval: {question: Fine?}}"
    task = makers.task(makers.start(steps), "review")
    path = visitor.enter(task)
    assert f'href="{path}/decline"' not in visitor.get(path)
    assert visitor.client.get(f"{path}/decline").location == path
    look = makers.task(makers.start("  - {id: look, assign: buyer, task: {}}"), "look")
    program = by_token(app, "dana")
    where = f"/api/v1/tasks/{look.id}/decline"
    told = program.call("POST", where, {"json": {"reason": "Not mine."}})
    assert (told.status_code, told.json["state"]) == (200, "open")
    assert told.json["declined_at"]


def test_where_several_were_asked_nobody_is_told_that_it_was_they_who_declined(
    visitor: Visitor, clock: Clock
) -> None:
    steps = "  - {id: both, assign: [vendor, second], form: {fields: [{id: a, type: text}]}}"
    task = makers.task(makers.start(steps, participants={"second": people.OTTO}), "both")
    path = visitor.enter(task)
    assert visitor.send(f"{path}/decline", f"{path}/decline", reason=WHY).status_code == 303
    page = visitor.get(path)
    assert "One of those who were asked won’t do this." in page
    assert "You said that you won’t" not in page
