"""“By Friday”, from door to door: the page, the desk, and by API."""

from flask import Flask

from portal.clock import Clock
from tests import makers
from tests.web.callers import at_the_desk, by_token
from tests.web.participant.conftest import Visitor, hidden_in


def test_a_day_is_named_on_the_page_and_seen_at_the_desk(
    app: Flask, visitor: Visitor, clock: Clock
) -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    path = visitor.enter(task)
    assert f'href="{path}/promise"' in visitor.get(path)
    faulty = visitor.send(f"{path}/promise", day="next week")
    assert faulty.status_code == 422
    assert 'value="next week"' in faulty.text
    hidden = hidden_in(visitor.get(f"{path}/promise"))
    for _ in range(2):  # two presses of one button
        assert (
            visitor.post(f"{path}/promise", {**hidden, "day": "2026-12-04"}).location
            == f"{path}?said=promise"
        )
    told = 'role="status" tabindex="-1" autofocus>You said: by Fri 4 Dec 2026.'
    assert told in visitor.get(f"{path}?said=promise"), "whoever said so is led to what came of it"
    assert "You said: by Fri 4 Dec 2026." in visitor.get(path)
    assert 'value="2026-12-04"' in visitor.get(f"{path}/promise")
    dana = at_the_desk(app, "dana").client
    for place in (f"/tasks/{task.id}", f"/processes/{task.process_id}"):
        assert "by <strong>Fri 4 Dec 2026</strong>" in dana.get(place).text
    assert "; they say by Fri 4 Dec." in dana.get("/processes").text


def test_staff_name_a_day_for_their_own_task_and_programs_read_it(app: Flask, clock: Clock) -> None:
    task = makers.task(makers.start("  - {id: look, assign: buyer, task: {}}"), "look")
    dana = at_the_desk(app, "dana")
    dana.page = f"/tasks/{task.id}"
    faulty = dana.call("POST", f"/tasks/{task.id}/promise", {"day": "2020-01-01"})
    assert faulty.status_code == 422
    assert "This day is over." in faulty.text
    assert dana.call("POST", f"/tasks/{task.id}/promise", {"day": "2026-12-01"}).status_code == 303
    assert "You say: by <strong>Tue 1 Dec 2026" in dana.client.get(f"/tasks/{task.id}").text
    program = by_token(app, "dana")
    where = f"/api/v1/tasks/{task.id}"
    assert program.call("GET", where, {}).json["promised_on"] == "2026-12-01"
    told = program.call("POST", f"{where}/promise", {"json": {"day": "2026-12-02"}})
    assert told.json["promised_on"] == "2026-12-02"
    process = program.call("GET", f"/api/v1/processes/{task.process_id}", {}).json
    assert process["waiting_for"][0]["promised_on"] == "2026-12-02"
