"""“Ask someone for something”: at the desk, and by programs."""

from collections.abc import Callable

from flask import Flask

from portal.models import Process
from tests import makers, people
from tests.web.callers import by_link, by_token
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]
WORDS = {
    "email": "otto@lake.example", "name": "Otto Lake", "ask": "Your <tax> papers",
    "wanted": "files", "by": "2999-12-24", "approver_email": "", "approver_name": "",
    "reference": "",
}  # fmt: skip


def test_it_is_asked_from_the_desk_and_read_by_whoever_is_asked(app: Flask, desk: Desks) -> None:
    dana, place = desk("dana"), "/requests/new"
    assert f'href="{place}"' in dana.get("/")
    empty = dana.send(place, page=place, **{**WORDS, "email": "otto", "ask": "", "by": ""})
    assert empty.status_code == 422
    for sentence in ("Write an e-mail address such as", "Say what is asked.", "Name the day"):
        assert sentence in empty.text
    assert "Otto Lake" in empty.text
    assert makers.rows(Process) == []
    same = {**WORDS, "approver_email": "otto@lake.example"}
    assert "Name somebody else" in dana.send(place, page=place, **same).text
    done = dana.send(place, page=place, **{**WORDS, "approver_email": "finn@example.com"})
    assert done.status_code == 303
    [row] = makers.rows(Process)
    assert done.location == f"/processes/{row.id}"
    page = dana.get(done.location)
    assert "Your &lt;tax&gt; papers" in page
    assert "Approve: Your &lt;tax&gt; papers" in page
    assert "Request: files" not in dana.get("/definitions")
    task = makers.task(row.id, "ask")
    asked = by_link(app, task).client.get(f"/w/{task.id}").text
    assert "Your &lt;tax&gt; papers" in asked
    assert "Step 1 of 2" in asked


def test_programs_ask_and_may_repeat_it(app: Flask) -> None:
    dana, place = by_token(app, "dana"), "/api/v1/requests"
    body = {"to": people.OTTO, "ask": "Is it so?", "wanted": "answer", "by": "2999-12-24"}
    for sent, at in (
        ({**body, "wanted": "gold"}, "wanted"), ({**body, "to": {}}, "to"),
        ({**body, "by": "x"}, "by"), ({**body, "ask": ""}, "ask"), ({**body, "to": 3}, "to"),
        ({**body, "reference": 3}, "reference"),
    ):  # fmt: skip
        refused = dana.call("POST", place, {"json": sent})
        assert (refused.status_code, refused.json["errors"][0]["at"]) == (422, at)
    headers = {"Authorization": f"Bearer {dana.bearer}", "Idempotency-Key": "once"}
    told = [dana.client.post(place, json=body, headers=headers) for _ in range(2)]
    assert [one.status_code for one in told] == [201, 201]
    assert told[0].json["id"] == told[1].json["id"]
    assert told[0].json["waiting_for"][0]["who"]["email"] == people.OTTO["email"]
    three = {"to": people.OTTO, "ask": "Your papers", "by": "2999-12-24"}
    asked = dana.call("POST", place, {"json": three}).json
    assert makers.task(asked["id"], "ask").kind == "upload"  # files, where nothing else is said
    assert dana.call("GET", "/api/v1/definitions", {}).json["items"] == []
