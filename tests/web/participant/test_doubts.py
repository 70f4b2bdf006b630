"""“This does not match reality”, from the task's page to the definition's and back."""

from flask import Flask

from portal.clock import Clock
from portal.models import Doubt
from tests import makers
from tests.web.callers import at_the_desk, by_token
from tests.web.participant.conftest import Visitor

TEXT = "There is no <such> form."
SHOWN = "There is no &lt;such&gt; form."


def test_it_is_said_on_a_page_and_answered_on_the_definitions(
    app: Flask, visitor: Visitor, clock: Clock
) -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    path = visitor.enter(task)
    assert f'href="{path}/doubt"' in visitor.get(path)
    faulty = visitor.send(f"{path}/doubt", text=" ")
    assert faulty.status_code == 422
    assert "Write what is different in reality." in faulty.text
    sent = visitor.send(f"{path}/doubt", text=TEXT)
    assert (sent.status_code, sent.location) == (303, f"{path}/doubt?told=yes")
    assert "You hear by e-\u2060mail what comes of it." in visitor.get(sent.location)

    [doubt] = makers.rows(Doubt)
    dana, place = at_the_desk(app, "dana"), "/definitions/demo"
    dana.page = place
    page = dana.client.get(place).text
    assert SHOWN in page
    assert "Answer and tick off" in page
    assert "Answer and tick off" not in at_the_desk(app, "finn").client.get(place).text
    empty = dana.call("POST", f"/doubts/{doubt.id}/settle", {"answer": ""})
    assert empty.status_code == 422
    assert "Say what was changed" in empty.text
    done = dana.call("POST", f"/doubts/{doubt.id}/settle", {"answer": "It is gone."})
    assert done.location == f"{place}#doubts"
    page = dana.client.get(place).text
    assert "It is gone." in page
    assert "Answer and tick off" not in page
    history = dana.client.get(f"/processes/{task.process_id}").text
    assert SHOWN in history
    assert "does not match reality" in history


def test_staff_and_programs_say_so(app: Flask, clock: Clock) -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    finn = at_the_desk(app, "finn")
    finn.page = f"/tasks/{task.id}"
    faulty = finn.call("POST", f"/tasks/{task.id}/doubts", {"text": ""})
    assert faulty.status_code == 422
    assert "Write what is different in reality." in faulty.text
    assert finn.call("POST", f"/tasks/{task.id}/doubts", {"text": TEXT}).status_code == 303
    dana = by_token(app, "dana")
    told = dana.call("POST", f"/api/v1/tasks/{task.id}/doubts", {"json": {"text": "So too."}})
    assert (told.status_code, told.json["step"], told.json["answer"]) == (201, "details", None)
    listed = dana.call("GET", "/api/v1/definitions/demo/doubts", {}).json["items"]
    assert {one["text"] for one in listed} == {TEXT, "So too."}
    place = f"/api/v1/doubts/{told.json['id']}/settle"
    settled = dana.call("POST", place, {"json": {"answer": "Changed."}})
    assert settled.json["answered_by"] == "Dana Owner"
    assert dana.call("POST", place, {"json": {"answer": "Again."}}).status_code == 409
    unknown = dana.call("POST", "/api/v1/doubts/x/settle", {"json": {"answer": "Again."}})
    assert unknown.status_code == 404
    assert dana.call("GET", "/api/v1/definitions/nope/doubts", {}).status_code == 404
