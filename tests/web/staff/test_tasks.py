"""Doing a task at the desk: mine, my team's, and another's in their place."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests import makers
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]
HEAD = makers.HEAD
FORM = """\
  - id: terms
    name: Set the terms
    assign: buyer
    instructions: "Ask **{{ participants.vendor.name }}** first."
    form:
      fields:
        - {id: price, type: money, label: Price, currencies: [EUR, USD]}
        - {id: signed, type: yes_no, label: Signed}
        - {id: sites, type: table, label: Sites, columns: [{id: town, type: text, label: Town}]}"""
PAPERS = """\
  - id: papers
    assign: buyer
    upload: {documents: [{id: draft, name: Draft, accept: [pdf]}, {id: plan, name: Plan,
      accept: [pdf], required: false}]}"""
REVIEW = """\
  - {id: details, assign: vendor, form: {fields: [{id: company, type: text, label: Company}]}}
  - id: review
    name: Review it
    assign: buyer
    approval: {question: Fine?, on_changes: {return_to: details}}"""
TEAM = """\
  - {id: pay, name: Pay them, assign: finance, task: {instructions: Pay., checklist: [One, Two]}}"""
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def of(process: str, step: str) -> str:
    return f"/tasks/{makers.task(process, step).id}"


def test_a_form_is_done_and_its_faults_stand_beside_their_fields(desk: Desks) -> None:
    process = makers.start(FORM)
    dana, page = desk("dana"), of(process, "terms")
    assert "Ask <strong>Vera Vendor</strong> first." in dana.get(page)
    sent: dict[str, Any] = {"price-amount": "ten", "price-currency": "EUR", "sites-1-town": "Kiel"}
    wrong = dana.send(page, **sent)
    assert wrong.status_code == 422
    assert 'value="ten"' in wrong.text
    assert 'value="Kiel"' in wrong.text
    assert 'href="#signed"' in wrong.text
    right = dana.send(page, **{**sent, "price-amount": "10.50", "signed": "yes"})
    assert (right.status_code, right.location) == (303, page)
    shown = dana.get(page)
    assert "is done and recorded" in shown
    assert "10.50 EUR" in shown
    assert "Recorded as event" in shown
    assert "form.submitted" in makers.types(process)


def test_the_same_answer_twice_is_one_and_another_is_too_late(desk: Desks) -> None:
    process = makers.start(TEAM)
    finn, page = desk("finn"), of(process, "pay")
    shown = finn.get(page)
    hidden = {name: shown.split(f'name="{name}" value="')[1].split('"')[0]
              for name in ("_csrf", "_nonce")}  # fmt: skip
    sent = {**hidden, "item-1": "yes", "item-2": "yes", "done": "true"}
    assert finn.client.post(page, data=sent).status_code == 303
    assert finn.client.post(page, data=sent).status_code == 303
    assert finn.client.post(page, data={**sent, "_nonce": "0" * 32}).status_code == 409
    other = finn.client.post(page, data={**sent, "note": "Paid twice"})
    assert other.status_code == 409
    assert "Recorded as event" in other.text
    assert "Paid twice" not in other.text
    assert makers.types(process).count("task.done") == 1


def test_more_rows_record_nothing(desk: Desks) -> None:
    process = makers.start(FORM)
    dana, page = desk("dana"), of(process, "terms")
    more = dana.send(page, _more="sites", **{"_rows-sites": "3", "sites-1-town": "Kiel"})
    assert more.status_code == 200
    assert 'name="sites-6-town"' in more.text
    assert 'value="Kiel"' in more.text
    assert "form.submitted" not in makers.types(process)


def test_papers_are_judged_by_content_and_the_good_ones_stay(desk: Desks) -> None:
    process = makers.start(PAPERS)
    dana, page = desk("dana"), of(process, "papers")
    wrong = dana.send(
        page,
        draft=(io.BytesIO(b"MZ\x90\x00" * 50), "draft.pdf"),
        plan=(io.BytesIO(PDF), '../..\\pl"an<b>.pdf'),
    )
    assert wrong.status_code == 422
    assert 'href="#draft"' in wrong.text
    assert "kept until you send" in wrong.text
    assert "<b>" not in wrong.text
    assert dana.send(page, draft=(io.BytesIO(PDF), "draft.pdf")).status_code == 303
    shown = dana.get(page)
    assert "draft.pdf" in shown
    file = shown.split(f'href="{page}/files/')[1].split('"')[0]
    answer = dana.client.get(f"{page}/files/{file}")
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert dana.client.get(f"{page}/files/other").status_code == 404


@pytest.mark.parametrize(
    ("sent", "at"),
    [
        ({}, "decision"),
        ({"decision": "reject"}, "comment"),
        ({"decision": "request_changes", "items": "nothing.here", "comment": "No."}, "items"),
    ],
)
def test_a_decision_says_what_is_missing(desk: Desks, sent: dict[str, str], at: str) -> None:
    process = makers.start(REVIEW)
    makers.fill(process, company="Sea")
    answer = desk("dana").send(of(process, "review"), **sent)
    assert answer.status_code == 422
    assert f'href="#{at}"' in answer.text


def test_changes_go_back_with_what_was_marked(desk: Desks) -> None:
    process = makers.start(REVIEW)
    makers.fill(process, company="<i>Sea</i>")
    dana, page = desk("dana"), of(process, "review")
    shown = dana.get(page)
    assert "&lt;i&gt;Sea&lt;/i&gt;" in shown
    assert 'value="details.company"' in shown
    sent = {"decision": "request_changes", "items": "details.company", "comment": "Full name."}
    assert dana.send(page, **sent).status_code == 303
    assert "Full name." in dana.get(page)
    assert makers.task(process, "details").round == 2


def test_a_team_task_is_taken_and_then_somebody_elses(desk: Desks) -> None:
    process = makers.start(TEAM)
    page, finn, fay = of(process, "pay"), desk("finn"), desk("fay")
    assert "Take this task" in fay.get(page)
    assert finn.send(f"{page}/claim", page=page).status_code == 303
    taken = finn.get(page)
    assert "Take this task" not in taken
    assert "With you since" in taken
    shown = fay.get(page)
    assert "With Finn Finance since" in shown
    assert f'<form method="post" action="{page}"' not in shown
    assert "somebody else" in shown
    answer = fay.send(page, **{"item-1": "yes", "item-2": "yes"})
    assert answer.status_code == 403
    assert "task.done" not in makers.types(process)


def test_the_owner_does_it_in_their_place_with_a_reason(desk: Desks) -> None:
    process = makers.start(REVIEW)
    dana, page = desk("dana"), of(process, "details")
    shown = dana.get(page)
    assert "In Vera Vendor’s place" in shown
    without = dana.send(page, company="Sea")
    assert without.status_code == 422
    assert 'value="Sea"' in without.text
    assert "Say why you do this" in without.text
    assert dana.send(page, company="Sea", _reason="She called.").status_code == 303
    [event] = makers.events(process, "form.submitted")
    assert event["actor"]["on_behalf"] is True
    history = dana.get(f"/processes/{process}")
    assert "Dana Owner, in the assignee’s place, sent" in history
    assert "She called." in history


def test_others_are_shown_it_and_refused(desk: Desks) -> None:
    process = makers.start(REVIEW)
    olga, page = desk("olga"), of(process, "details")
    assert f'action="{page}"' not in olga.get(page)
    answer = olga.send(page, page="/", company="Sea", _reason="Because", _nonce="0" * 32)
    assert answer.status_code == 403
    assert "form.submitted" not in makers.types(process)


def test_unknown_tasks_are_a_plain_404(desk: Desks) -> None:
    dana = desk("dana")
    assert "no such task" in dana.get("/tasks/nothing", status=404)
    assert dana.send("/tasks/nothing", page="/").status_code == 404


def test_far_too_large_is_said_on_the_page_itself(desk: Desks) -> None:
    steps = PAPERS.replace(
        "accept: [pdf]}, {id: plan", "accept: [pdf], max_size: 10 kB}, {id: plan"
    )
    steps = steps.replace("required: false", "required: false, max_size: 10 kB")
    dana, page = desk("dana"), of(makers.start(steps), "papers")
    answer = dana.send(page, draft=(io.BytesIO(PDF + b"\0" * 2_000_000), "draft.pdf"))
    assert answer.status_code == 413
    assert "That is more than is taken here: a file may have up to 10 kB." in answer.text
    assert 'name="draft"' in answer.text


@pytest.mark.parametrize(("steps", "step"), [(FORM, "terms"), (PAPERS, "papers"), (TEAM, "pay")])
def test_a_task_page_stays_under_the_ceiling(
    desk: Desks, statements: list[str], steps: str, step: str
) -> None:
    process = makers.start(steps)
    dana, page = desk("dana"), of(process, step)
    dana.get(page)
    statements.clear()
    dana.get(page)
    assert len(statements) <= 8


SIGN = "  - {id: promise, name: Keep it, assign: buyer, sign: {statement: I keep **it** secret.}}"


def test_the_desk_signs_with_a_name_and_no_code(desk: Desks) -> None:
    process = makers.start(SIGN)
    dana, page = desk("dana"), of(process, "promise")
    shown = dana.get(page)
    assert "I keep <strong>it</strong> secret." in shown
    digest = re.search(r'name="_shown" value="([0-9a-f]{64})"', shown)
    assert digest
    wrong = dana.send(page, signature="Dana", _shown=digest[1])
    assert wrong.status_code == 422
    assert 'id="agree-fault"' in wrong.text
    signed = dana.send(page, signature="Dana Owner", agree="yes", _shown=digest[1])
    assert signed.status_code == 303
    assert "Dana Owner" in dana.get(page)
    assert "Dana Owner" in dana.get(f"/processes/{process}")


def test_nobody_is_offered_to_sign_in_anothers_place(desk: Desks) -> None:
    process = makers.start(SIGN)
    ada, page = desk("ada"), of(process, "promise")
    assert "Nobody signs in another person’s place." in ada.get(page)
    sent = ada.send(page, signature="Dana", agree="yes", _reason="She is away.")
    assert sent.status_code == 403
    assert "signature.made" not in makers.types(process)


def test_a_block_pressed_twice_is_told_once(desk: Desks) -> None:
    process = makers.start("  - {id: look, assign: buyer, task: {}}")
    place, dana = f"/tasks/{makers.task(process, 'look').id}", desk("dana")
    nonce = re.findall(r'name="_nonce" value="([0-9a-f]{32})"', dana.get(place))[0]
    for _ in range(2):
        sent = dana.send(f"{place}/block", page=place, text="My access is shut.", _nonce=nonce)
        assert sent.location == place
    assert len(makers.events(process, "task.blocked")) == 1
    assert len(makers.owed(process, "mail.question")) == 1
