"""Rough handling: whatever is thrown at the doors, the answer is a plain page and never a 500."""

import io
import itertools
from typing import Any

from tests import makers, people
from tests.web.participant.conftest import Visitor, hidden_in, link_to
from tests.web.participant.test_tasks import ANSWERS, DETAILS, PAPERS, REVIEW

ODD = ["", " ", "\x00", "a\x00b", "\ud7ff\ufffe", "‮txt.exe", "'; --", "{{ 7*7 }}", "<script>",
       "9" * 400, "1e999", "NaN", "-0", "½", "x" * 100_000, "\r\nSet-Cookie: a=b"]  # fmt: skip
PATHS = ["/t/", "/t/%00", "/t/" + "!" * 48, "/t/" + "A" * 4000, "/w/", "/w/x", "/w/x/receipt",
         "/w/x/files/y", "/w/x/again", "/w/x/renew", "/t/x/renew", "/w/%2e%2e/etc"]  # fmt: skip


def test_no_address_breaks_a_door(visitor: Visitor) -> None:
    methods = ("get", "head", "post", "put", "delete", "options")
    for path, method in itertools.product(PATHS, methods):
        answer = getattr(visitor.client, method)(path)
        assert answer.status_code < 500, (path, method, answer.text)
        assert "Traceback" not in answer.text


def test_no_answer_breaks_a_form(visitor: Visitor) -> None:
    for odd in ODD:
        answer_oddly(visitor, odd)


def answer_oddly(visitor: Visitor, odd: str) -> None:
    process = makers.start(DETAILS)
    place = visitor.enter(makers.task(process, "details"))
    hidden = hidden_in(visitor.get(place))
    every: dict[str, Any] = dict.fromkeys(ANSWERS, odd)
    for sent in (every, {**ANSWERS, "company": odd}, {**ANSWERS, "_rows-sites": odd, "_more": odd}):
        answer = visitor.client.post(place, data={**hidden, **sent})
        assert answer.status_code in (200, 303, 409, 413, 422), answer.text
        assert "<script>" not in answer.text
    assert visitor.client.get(place, follow_redirects=True).status_code == 200


def test_no_decision_and_no_file_breaks_a_page(visitor: Visitor) -> None:
    for odd in ODD:
        send_and_decide_oddly(visitor, odd)


def send_and_decide_oddly(visitor: Visitor, odd: str) -> None:
    process = makers.start(f"{DETAILS}\n{PAPERS}\n{REVIEW}", participants={"second": people.OTTO})
    place = visitor.enter(makers.task(process, "details"))
    visitor.client.post(place, data={**hidden_in(visitor.get(place)), **ANSWERS})
    place = visitor.enter(makers.task(process, "papers"))
    hidden = hidden_in(visitor.get(place))
    sent = {**hidden, "licence": (io.BytesIO(odd.encode()), odd or "x"), "_drop": odd}
    assert visitor.client.post(place, data=sent).status_code < 500
    assert visitor.client.post(place, data={**hidden, "licence": odd}).status_code < 500
    makers.send(process, "papers", makers.arrived("licence"))
    place = visitor.enter(makers.task(process, "review"))
    hidden = hidden_in(visitor.get(place))
    sent = {**hidden, "decision": odd, "comment": odd, "items": [odd, odd]}
    assert visitor.client.post(place, data=sent).status_code < 500
    sent["decision"] = "request_changes"
    assert visitor.client.post(place, data=sent).status_code < 500


def test_a_broken_upload_is_refused_plainly(visitor: Visitor) -> None:
    place = visitor.enter(makers.task(makers.start(PAPERS), "papers"))
    for body, kind, status in (
        (b"--x\r\nContent-Disp", "multipart/form-data; boundary=x", 422),
        (b"nothing", "multipart/form-data", 422),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 422),
        (b"{}", "application/json", 403),
    ):
        answer = visitor.client.post(place, data=body, content_type=kind)
        assert answer.status_code == status, answer.text


def test_a_link_is_entered_once_though_pressed_twice(visitor: Visitor) -> None:
    process = makers.start(PAPERS)
    link = link_to(makers.task(process, "papers"))
    hidden = hidden_in(visitor.get(link))
    for _ in range(2):
        assert visitor.client.post(link, data=hidden).status_code == 303
    assert makers.types(process).count("task.picked_up") == 1
