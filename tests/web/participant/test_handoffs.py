"""“Not me, ask somebody else”, from door to door: the page, the owner's word, the old link."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.clock import Clock
from portal.models import Link
from tests import makers, people
from tests.web.callers import at_the_desk, by_token
from tests.web.participant.conftest import Visitor, hidden_in, link_to

TO = {"email": "otto@other.example", "name": "Otto “O” Other", "reason": "He has <the> papers."}
ASKS = makers.FORM.replace("assign: vendor,", "assign: vendor, due: 4 days, delegate: ask,")
DUE = ASKS.replace(" delegate: ask,", "")
Visitors = Callable[[], Visitor]


def entered(visitor: Visitor, steps: str = DUE) -> tuple[Any, str]:
    """A task that a visitor came in to, and its address."""
    process = makers.start(steps)
    task = makers.task(process, "details")
    return task, visitor.enter(task)


def test_a_task_is_passed_on_from_its_page_and_done_by_the_other(
    app: Flask, visitor: Visitor, visitors: Visitors, clock: Clock
) -> None:
    task, path = entered(visitor)
    old = link_to(task)
    assert f'href="{path}/delegate"' in visitor.get(path)
    visitor.get(f"{path}/delegate")
    assert "task.delegated" not in makers.types(task.process_id), "a look passes nothing on"
    faulty = visitor.send(f"{path}/delegate", email="otto", name=TO["name"], reason="")
    assert faulty.status_code == 422
    assert 'value="otto"' in faulty.text
    assert faulty.text.count('aria-invalid="true"') == 2, "all that is wrong at once"
    clock.advance(hours=3)
    hidden = hidden_in(visitor.get(f"{path}/delegate"))
    for _ in range(2):  # two presses of one button
        sent = visitor.post(f"{path}/delegate", {**hidden, **TO})
        assert (sent.status_code, sent.location) == (303, f"{path}/delegate")
    receipt = visitor.get(f"{path}/delegate")
    assert "Otto “O” Other" in receipt
    assert "He has &lt;the&gt; papers." in receipt
    assert str(makers.events(task.process_id, "task.delegated")[0]["seq"]) in receipt
    for gone in (path, old):
        page = visitor.get(gone, 410)
        assert "You passed it on to <strong>Otto “O” Other</strong>." in page
        assert "otto@other.example" not in page
    late = {**hidden, **TO, "email": "ulla@third.example"}
    assert visitor.post(f"{path}/delegate", late).status_code == 410
    otto = visitors()
    path = otto.enter(makers.task(task.process_id, "details"))
    assert "Vera Vendor passed it on to you" in otto.get(path)
    clock.advance(hours=2)
    assert otto.send(path, company="Sea").status_code == 303
    _has_two_handoffs(app, task)


def _has_two_handoffs(app: Flask, task: Any) -> None:
    """As the desk and a program read them."""
    page = at_the_desk(app, "dana").client.get(f"/processes/{task.process_id}").text
    section = page.partition('id="handoffs"')[2].partition("</section>")[0]
    assert section.count("<tr>") == 3
    assert "passed on by Vera Vendor" in section
    tool = by_token(app, "dana").call("GET", f"/api/v1/processes/{task.process_id}", {})
    first, second = tool.json["handoffs"]
    assert (first["ended"], first["waited_seconds"], first["worked_seconds"]) == (
        "handed_on", 0, 3 * 3600,
    )  # fmt: skip
    assert (second["how"], second["from"]["email"], second["ended"]) == (
        "delegated", "vera@vendor.example", "done",
    )  # fmt: skip
    assert second["watched_by"] == "dana@example.com"
    assert second["worked_seconds"] == 2 * 3600


@pytest.mark.parametrize("answer", ["agree", "refuse"])
def test_where_the_owner_has_to_agree_it_stays_until_they_do(
    app: Flask, visitor: Visitor, answer: str
) -> None:
    task, path = entered(visitor, ASKS)
    sent = visitor.send(f"{path}/delegate", **TO)
    assert (sent.status_code, sent.location) == (303, f"{path}?said=delegate")
    assert "until then you can still do it" in visitor.get(path)
    assert "has not decided yet" in visitor.get(f"{path}/delegate")
    dana = at_the_desk(app, "dana")
    assert re.search("asks that Otto “O” Other does “[^”]+” instead", dana.client.get("/").text)
    desk = f"/tasks/{task.id}"
    assert "May Otto “O” Other do it instead?" in dana.client.get(desk).text
    refused = dana.call("POST", f"{desk}/delegation", {"answer": "refuse", "reason": ""})
    assert refused.status_code == 422
    assert "Say in a sentence why." in refused.text
    decided = dana.call("POST", f"{desk}/delegation", {"answer": answer, "reason": "Only you."})
    assert decided.status_code == 303
    again = dana.call("POST", f"{desk}/delegation", {"answer": answer, "reason": "Only you."})
    assert again.status_code == 409
    if answer == "refuse":
        assert visitor.send(path, company="Sea").status_code == 303
    else:
        assert "You passed it on to" in visitor.get(path, 410)


def test_where_it_may_not_be_passed_on_nothing_offers_it_and_a_crafted_post_is_refused(
    visitor: Visitor,
) -> None:
    task, path = entered(visitor, DUE.replace("due: 4 days,", "delegate: no,"))
    page = visitor.get(path)
    assert "/delegate" not in page
    assert "I won’t do this" in page
    assert "may not be passed on" in visitor.get(f"{path}/delegate", 403)
    assert visitor.post(f"{path}/delegate", TO).status_code == 403
    assert len(makers.rows(Link, task_id=task.id, revoked_at=None)) == 1


def test_a_program_passes_on_in_the_assignees_place_and_claims_for_its_user(app: Flask) -> None:
    process = makers.start(ASKS)
    task = makers.task(process, "details")
    dana = by_token(app, "dana")
    to, reason = people.OTTO, "She asked us to."
    path = f"/api/v1/tasks/{task.id}/delegate"
    assert dana.call("POST", path, {"json": {"to": to, "reason": reason}}).status_code == 403
    body = {"to": to, "reason": reason, "on_behalf": True}
    given = dana.call("POST", path, {"json": body})
    assert (given.status_code, given.json["assignee"]["email"]) == (200, "otto@other.example")
    faulty = dana.call("POST", path, {"json": {**body, "to": {"email": "x", "name": "X"}}})
    assert [one["at"] for one in faulty.json["errors"]] == ["to.email"]
