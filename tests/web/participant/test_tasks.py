"""Answering by a link: forms, documents, decisions, to-dos; receipts; and what comes too late."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portal import clock as house_clock
from portal.actions import uploads
from portal.models import FileRow, Task
from tests import makers, people
from tests.web.participant.conftest import Visitor, hidden_in, link_to

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
EXE = b"MZ" + b"\0" * 200
DETAILS = """\
  - id: details
    name: Tell us about your company
    assign: vendor
    due: 3 days
    instructions: "Write **exactly** what the register says, {{ participants.vendor.name }}."
    why: Without it we can't pay you.
    form:
      fields:
        - {id: company, type: text, label: Company, help: As registered, max_length: 40}
        - {id: contact, type: email, label: Contact}
        - {id: staff, type: number, label: People, min: 1}
        - {id: fee, type: money, label: Fee, currencies: [EUR, USD]}
        - {id: since, type: date, label: Trading since, max: today}
        - {id: insured, type: yes_no, label: Insured}
        - {id: policy, type: text, label: Policy, show_if: insured}
        - {id: size, type: choice, label: Size, options: [small, large]}
        - {id: fields, type: choices, label: Fields, options: [sea, land, air], min: 1}
        - {id: note, type: multiline, label: Note, required: false}
        - id: sites
          type: table
          label: Sites
          columns: [{id: town, type: text, label: Town}, {id: rooms, type: number, label: Rooms}]"""
PAPERS = """\
  - id: papers
    name: Send your papers
    assign: vendor
    upload:
      documents:
        - {id: licence, name: Trade licence, accept: [pdf], max_size: 1 MB}
        - {id: photos, name: Photos, accept: [png, jpg], required: false, max: 2}"""
REVIEW = """\
  - id: review
    name: Check the supplier
    assign: second
    approval: {question: Is everything right?, on_changes: {return_to: details}}"""
TODO = """\
  - {id: post, name: Post the contract, assign: vendor, task: {checklist: [Signed, Posted]}}"""
ANSWERS: dict[str, Any] = {
    "company": 'Sea & "Sons" <b>Ltd</b>',
    "contact": "ann@sea.example",
    "staff": "12",
    "fee-amount": "10.50",
    "fee-currency": "EUR",
    "since": "2001-02-03",
    "insured": "yes",
    "policy": "P-1",
    "size": "small",
    "fields": ["sea", "air"],
    "sites-1-town": "Kiel",
    "sites-1-rooms": "3",
}


def begin(visitor: Visitor, steps: str, step: str) -> tuple[str, str]:
    """A process at this step, and the address of its task for somebody who came in."""
    process = makers.start(steps, participants={"second": people.OTTO})
    return process, visitor.enter(makers.task(process, step))


def send(visitor: Visitor, place: str, **typed: Any) -> Any:
    """Send a form; lists are sent as several values."""
    hidden = hidden_in(visitor.get(place))
    return visitor.client.post(place, data={**hidden, **typed})


def file(content: bytes = PDF, name: str = "licence.pdf") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


# Forms


def test_a_form_says_who_asks_why_by_when_and_what_comes_next(visitor: Visitor) -> None:
    _, place = begin(visitor, f"{DETAILS}\n{REVIEW}", "details")
    page = visitor.get(place)
    for told in (
        "Step 1 of 2",
        "<h1>Tell us about your company</h1>",
        "<strong>Dana Owner</strong> of Sea Trading asks you",
        "Thu 26 Nov 2026, 09:00 (UTC)",
        "Without it we can&#39;t pay you.",
        "Write <strong>exactly</strong> what the register says, Vera Vendor.",
        "Next, Otto Other is asked to decide: “Check the supplier”.",
        f"{place}/promise",
    ):
        assert told in page
    assert 'name="sites-3-town"' in page
    assert page.count("<script") == 2  # for drafts and for rows; the page works without them


def test_a_right_form_is_recorded_once_and_receipted(visitor: Visitor) -> None:
    process, place = begin(visitor, DETAILS, "details")
    answer = send(visitor, place, **ANSWERS)
    assert (answer.status_code, answer.location) == (303, f"{place}/receipt")
    receipt = visitor.get(answer.location)
    done = makers.task(process, "details", state="done")
    for told in (process, done.done_hash, "Sea &amp; &#34;Sons&#34; &lt;b&gt;Ltd&lt;/b&gt;"):
        assert told in receipt
    assert "10.50 EUR" in receipt
    assert "Kiel" in receipt
    assert makers.types(process).count("form.submitted") == 1
    assert visitor.client.get(place).location == f"{place}/receipt"


def test_a_faulty_form_comes_back_with_everything_typed(visitor: Visitor) -> None:
    process, place = begin(visitor, DETAILS, "details")
    wrong = {**ANSWERS, "contact": "ann at sea", "staff": "0", "fee-amount": "ten",
             "since": "03.02.2001", "sites-1-rooms": "many"}  # fmt: skip
    answer = send(visitor, place, **wrong)
    assert answer.status_code == 422
    for kept in ("ann at sea", 'value="0"', 'value="ten"', "03.02.2001", 'value="many"'):
        assert kept in answer.text
    for at in ("contact", "staff", "since", "sites-1-rooms"):
        assert f'href="#{at}"' in answer.text
        assert f'id="{at}"' in answer.text
        assert f'id="{at}-fault"' in answer.text
    assert 'value="air" checked' in answer.text
    assert "form.submitted" not in makers.types(process)
    right = visitor.client.post(place, data={**hidden_in(answer.text), **ANSWERS})
    assert right.status_code == 303


def test_nothing_sent_at_all_names_every_field(visitor: Visitor) -> None:
    _, place = begin(visitor, DETAILS, "details")
    answer = send(visitor, place)
    assert answer.status_code == 422
    assert answer.text.count('class="fault"') == 9


def test_more_rows_are_shown_and_nothing_is_recorded(visitor: Visitor) -> None:
    process, place = begin(visitor, DETAILS, "details")
    page = visitor.get(place)
    typed = {**hidden_in(page), **ANSWERS, "_rows-sites": "3", "_more": "sites"}
    answer = visitor.client.post(place, data=typed)
    assert answer.status_code == 200
    assert 'name="sites-6-town"' in answer.text
    assert 'value="Kiel"' in answer.text
    assert "form.submitted" not in makers.types(process)


def test_the_same_answer_twice_ends_the_same(visitor: Visitor) -> None:
    process, place = begin(visitor, DETAILS, "details")
    data = {**hidden_in(visitor.get(place)), **ANSWERS}
    for _ in range(2):
        answer = visitor.client.post(place, data=data)
        assert (answer.status_code, answer.location) == (303, f"{place}/receipt")
    assert makers.types(process).count("form.submitted") == 1


def test_another_answer_of_the_same_page_is_too_late_and_told_what_stands(visitor: Visitor) -> None:
    """Send, back, and send again something else: the first answer is not made to look changed."""
    process, place = begin(visitor, DETAILS, "details")
    page = {**hidden_in(visitor.get(place)), **ANSWERS}
    assert visitor.client.post(place, data=page).status_code == 303
    answer = visitor.client.post(place, data={**page, "company": "Another Ltd"})
    assert answer.status_code == 409
    assert "<strong>Received</strong>" in answer.text
    assert makers.types(process).count("form.submitted") == 1


def test_another_page_of_a_done_task_is_too_late(visitor: Visitor) -> None:
    _, place = begin(visitor, DETAILS, "details")
    other = hidden_in(visitor.get(place))
    assert send(visitor, place, **ANSWERS).status_code == 303
    answer = visitor.client.post(place, data={**other, **ANSWERS})
    assert answer.status_code == 409
    assert f"{place}/receipt" in answer.text
    assert "already done" in answer.text


def test_a_form_from_elsewhere_is_refused_and_keeps_what_was_typed(visitor: Visitor) -> None:
    process, place = begin(visitor, DETAILS, "details")
    answer = visitor.client.post(place, data=ANSWERS)
    assert answer.status_code == 403
    assert "ann@sea.example" in answer.text
    hidden = hidden_in(visitor.get(place))
    evil = {"Origin": "https://evil.example"}
    answer = visitor.client.post(place, data={**hidden, **ANSWERS}, headers=evil)
    assert answer.status_code == 403
    assert "form.submitted" not in makers.types(process)


def test_a_session_that_is_over_keeps_what_was_typed_and_goes_on(
    visitor: Visitor, clock: house_clock.Clock
) -> None:
    process, place = begin(visitor, DETAILS, "details")
    data = {**hidden_in(visitor.get(place)), **ANSWERS}
    clock.advance(hours=9)
    answer = visitor.client.post(place, data=data)
    assert answer.status_code == 403
    assert "ann@sea.example" in answer.text
    assert answer.text.count("<button") == 1
    assert "form.submitted" not in makers.types(process)
    kept = {**hidden_in(answer.text), **ANSWERS}
    page = visitor.client.post(f"{place}/again", data=kept)
    assert page.status_code == 200
    assert 'value="ann@sea.example"' in page.text
    sent = visitor.client.post(place, data={**hidden_in(page.text), **ANSWERS})
    assert sent.status_code == 303
    assert makers.types(process).count("link.entered") == 2


def test_who_has_no_session_keeps_what_was_typed_and_may_ask_for_a_link(
    visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    process, place = begin(visitor, DETAILS, "details")
    answer = visitors().post(place, ANSWERS)
    assert answer.status_code == 403
    assert answer.text.count("<button") == 1
    assert "Fee, amount" in answer.text
    assert "Sites, row 1, Town" in answer.text
    assert "ann@sea.example" in answer.text
    asked = visitors().post(f"{place}/renew", hidden_in(answer.text))
    assert asked.status_code == 200
    assert "A fresh link is on its way" in asked.text
    assert len(makers.owed(process, "mail.renewal")) == 1


def test_a_stranger_is_told_the_same_of_a_task_that_is_not_there(
    visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    _, place = begin(visitor, DETAILS, "details")
    pages = []
    for path in (place, "/w/nothing"):
        stranger = visitors()
        refused = stranger.get(path, 403)
        answer = stranger.post(f"{path}/renew", hidden_in(refused))
        pages.append((answer.status_code, answer.text))
    assert pages[0] == pages[1]


def test_a_link_that_ends_meanwhile_keeps_what_was_typed(
    visitor: Visitor, clock: house_clock.Clock
) -> None:
    process, place = begin(visitor, DETAILS, "details")
    data = {**hidden_in(visitor.get(place)), **ANSWERS}
    clock.advance(days=31)
    answer = visitor.post(place, data)
    assert answer.status_code == 410
    assert "ann@sea.example" in answer.text
    assert "Send me a fresh link" in answer.text
    assert "form.submitted" not in makers.types(process)


def test_what_is_missing_is_named_with_its_row_and_in_the_order_of_the_page(
    visitor: Visitor,
) -> None:
    _, place = begin(visitor, DETAILS, "details")
    faulty = {**ANSWERS, "sites-1-rooms": "few", "company": "", "insured": ""}
    page = send(visitor, place, **faulty).text
    places = [page.index(f'<a href="#{one}">') for one in ("company", "insured", "sites-1-rooms")]
    assert places == sorted(places)
    assert "Sites, row 1, Rooms: Enter a number" in page
    assert "Insured: Choose yes or no." in page
    assert 'Policy <span class="optional if-applies">(if it applies)' in page


PART = b'Content-Disposition: form-data; name="licence"'
GARBLED = {
    "file name": b"--b\r\n" + PART + b'; filename="r\xe9.pdf"\r\n\r\nx\r\n--b--\r\n',
    "boundary": b"--other\r\n" + PART + b"\r\n\r\nx\r\n--other--\r\n",
}


@pytest.mark.parametrize("body", GARBLED.values(), ids=GARBLED)
def test_what_arrives_garbled_is_said_in_one_sentence(visitor: Visitor, body: bytes) -> None:
    _, place = begin(visitor, PAPERS, "papers")
    kind = "multipart/form-data; boundary=b"
    answer = visitor.client.post(place, data=body, content_type=kind)
    assert answer.status_code == 422
    assert "Go back, where all that you typed still stands" in answer.text


# Documents


def test_documents_are_stored_hashed_and_receipted(visitor: Visitor) -> None:
    process, place = begin(visitor, PAPERS, "papers")
    answer = visitor.send(place, licence=file(name='../../"x" <b>.pdf'))
    assert answer.status_code == 303, answer.text
    [row] = makers.rows(FileRow, process_id=process)
    assert (row.state, row.media_type, row.sha256) == (
        "received",
        "application/pdf",
        hashlib.sha256(PDF).hexdigest(),
    )
    assert "/" not in row.name
    receipt = visitor.get(f"{place}/receipt")
    assert row.sha256[:8] in receipt
    assert "<b>" not in receipt
    got = visitor.client.get(f"{place}/files/{row.id}")
    assert got.data == PDF
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["X-Content-Type-Options"] == "nosniff"


def test_a_bad_file_is_named_and_the_good_ones_stay(visitor: Visitor) -> None:
    process, place = begin(visitor, PAPERS, "papers")
    answer = visitor.send(place, licence=file(), photos=file(EXE, "photo.png"))
    assert answer.status_code == 422
    assert 'id="photos-fault"' in answer.text
    assert "kept until you send" in answer.text
    [row] = makers.rows(FileRow, process_id=process)
    assert (row.state, row.document) == ("staged", "licence")
    again = visitor.post(place, {**hidden_in(answer.text), "photos": (io.BytesIO(b""), "")})
    assert again.status_code == 303, again.text
    assert makers.types(process).count("file.received") == 1


def test_a_program_called_pdf_is_refused(visitor: Visitor) -> None:
    process, place = begin(visitor, PAPERS, "papers")
    for content, name in ((EXE, "licence.pdf"), (b"<html><script>", "a.pdf"), (b"", "b.pdf")):
        answer = visitor.send(place, licence=file(content, name))
        assert answer.status_code == 422
        assert 'id="licence-fault"' in answer.text
    assert not makers.rows(FileRow, process_id=process)


def test_too_large_is_said_at_the_document(visitor: Visitor, tmp_path: Any) -> None:
    process, place = begin(visitor, PAPERS, "papers")
    answer = visitor.send(place, licence=file(PDF + b"\0" * 1_000_000))
    assert answer.status_code == 413
    assert "Use a file up to 1 MB." in answer.text
    far = visitor.send(place, licence=file(b"\0" * 12_000_000))
    assert far.status_code == 413
    assert 'id="licence-fault"' in far.text
    assert not makers.rows(FileRow, process_id=process)
    stored = [p for p in (tmp_path / "data").rglob("*") if p.is_file() and "files" in str(p)]
    assert not stored


def test_a_task_without_room_says_so_and_keeps_nothing(visitor: Visitor, tmp_path: Any) -> None:
    process, place = begin(visitor, PAPERS, "papers")
    task = makers.task(process, "papers")
    full = replace(makers.arrived("photos"), size=4 * 51_000_000 - 10)
    uploads.stage(task.id, [full], actor=makers.actor_of(task))
    little = visitor.send(place, licence=file())
    assert (little.status_code, "no room for more just now" in little.text) == (422, True)
    assert 'id="licence-fault"' in little.text
    much = visitor.send(place, licence=file(PDF + b"\0" * 2_000_000))
    assert (much.status_code, "no room for more just now" in much.text) == (413, True)
    assert not [path for path in (tmp_path / "data" / "files").rglob("*") if path.is_file()]


def test_no_file_is_said_and_a_staged_one_can_be_taken_back(visitor: Visitor) -> None:
    process, place = begin(visitor, PAPERS, "papers")
    answer = visitor.post(place, hidden_in(visitor.get(place)))
    assert answer.status_code == 422
    assert "Choose a file to send." in answer.text
    answer = visitor.send(place, licence=file(), photos=file(EXE, "x.png"))
    [row] = makers.rows(FileRow, process_id=process)
    answer = visitor.post(place, {**hidden_in(answer.text), "_drop": row.id})
    assert answer.status_code == 200
    assert "arrived and kept" not in answer.text


def test_a_file_whose_bytes_changed_is_not_handed_out(visitor: Visitor, tmp_path: Any) -> None:
    process, place = begin(visitor, PAPERS, "papers")
    visitor.send(place, licence=file())
    [row] = makers.rows(FileRow, process_id=process)
    [path] = list((tmp_path / "data").rglob(row.storage_id))
    path.write_bytes(PDF[:-1] + b"x")
    visitor.get(f"{place}/files/{row.id}", 409)


# Deciding, and coming back


@pytest.fixture
def decided(visitors: Callable[[], Visitor]) -> tuple[str, Visitor, Visitor]:
    """A process whose form and papers were sent, and both people's browsers."""
    process = makers.start(f"{DETAILS}\n{PAPERS}\n{REVIEW}", participants={"second": people.OTTO})
    vera, otto = visitors(), visitors()
    place = vera.enter(makers.task(process, "details"))
    assert send(vera, place, **ANSWERS).status_code == 303
    papers = vera.enter(makers.task(process, "papers"))
    assert vera.send(papers, licence=file()).status_code == 303
    return process, vera, otto


def test_an_approval_shows_what_is_decided_on(decided: tuple[str, Visitor, Visitor]) -> None:
    process, vera, otto = decided
    place = otto.enter(makers.task(process, "review"))
    page = otto.get(place)
    for told in ("Is everything right?", "10.50 EUR", "Kiel", "licence.pdf", "Vera Vendor"):
        assert told in page
    assert page.count('name="items"') == 11 + 2
    [row] = makers.rows(FileRow, process_id=process)
    assert otto.client.get(f"{place}/files/{row.id}").data == PDF
    assert vera.client.get(f"{place}/files/{row.id}").status_code == 404


def test_a_decision_is_recorded_and_faults_are_named(
    decided: tuple[str, Visitor, Visitor],
) -> None:
    process, _, otto = decided
    place = otto.enter(makers.task(process, "review"))
    assert 'id="decision-fault"' in send(otto, place).text
    without = send(otto, place, decision="reject")
    assert without.status_code == 422
    assert 'id="comment-fault"' in without.text
    assert 'value="reject" checked' in without.text
    assert send(otto, place, decision="approve").status_code == 303
    assert "Approved" in otto.get(f"{place}/receipt")
    assert makers.process(process).state == "completed"


def test_who_approves_and_then_goes_back_to_reject_is_told_that_it_is_approved(
    decided: tuple[str, Visitor, Visitor],
) -> None:
    process, _, otto = decided
    place = otto.enter(makers.task(process, "review"))
    page = hidden_in(otto.get(place))
    approved = {**page, "decision": "approve", "comment": ""}
    for _ in range(2):
        assert otto.post(place, approved).status_code == 303
    answer = otto.post(place, {**page, "decision": "reject", "comment": "No."})
    assert answer.status_code == 409
    assert "<strong>Approved</strong>" in answer.text
    assert "approval.rejected" not in makers.types(process)


def test_marked_items_alone_are_asked_again_with_the_comment_beside(
    decided: tuple[str, Visitor, Visitor],
) -> None:
    process, vera, otto = decided
    place = otto.enter(makers.task(process, "review"))
    first = makers.task(process, "details", state="done")
    answer = send(
        otto, place, decision="request_changes", comment="The fee is <too> low.",
        items=["details.fee"],
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    again = makers.task(process, "details")
    old = vera.get(f"/w/{first.id}/receipt")
    assert f"/w/{again.id}" in old
    assert "Now Vera Vendor is asked to do the next step" in otto.get(f"{place}/receipt")
    page = vera.get(vera.enter(again))
    assert "Next, Otto Other is asked to decide" in page
    assert "The fee is &lt;too&gt; low." in page
    assert "Accepted as it is" in page
    assert 'name="fee-amount"' in page
    assert 'value="10.50"' in page
    assert 'name="company"' not in page
    answer = send(vera, f"/w/{again.id}", **{"fee-amount": "12", "fee-currency": "EUR"})
    assert answer.status_code == 303
    assert "12 EUR" in otto.get(otto.enter(makers.task(process, "review")))
    assert makers.rows(Task, process_id=process, step="papers")[-1].round == 1


def test_documents_of_a_later_round_stand_unless_replaced(
    decided: tuple[str, Visitor, Visitor],
) -> None:
    process, vera, otto = decided
    place = otto.enter(makers.task(process, "review"))
    send(otto, place, decision="request_changes", comment="Blurred.", items=["papers.licence"])
    again = makers.task(process, "papers")
    page = vera.get(vera.enter(again))
    assert "It stays unless you choose another." in page
    kept = vera.post(f"/w/{again.id}", hidden_in(page))
    assert kept.status_code == 303, kept.text
    assert "licence.pdf" in vera.get(f"/w/{again.id}/receipt")


# To-dos


def test_a_to_do_wants_every_tick(visitor: Visitor) -> None:
    _, place = begin(visitor, TODO, "post")
    answer = send(visitor, place, **{"item-1": "yes", "done": "yes", "note": "By courier"})
    assert answer.status_code == 422
    assert 'id="item-2-fault"' in answer.text
    assert "By courier" in answer.text
    ticks = {"item-1": "yes", "item-2": "yes", "done": "yes", "note": "By courier"}
    assert send(visitor, place, **ticks).status_code == 303
    assert "By courier" in visitor.get(f"{place}/receipt")


# What it costs


def test_pages_stay_below_their_statements(visitor: Visitor, statements: list[str]) -> None:
    _, place = begin(visitor, f"{DETAILS}\n{PAPERS}", "details")
    hidden = hidden_in(visitor.get(place))
    statements.clear()
    visitor.get(place)
    assert len(statements) <= 5, statements
    statements.clear()
    answer = visitor.client.post(place, data={**hidden, **ANSWERS})
    assert answer.status_code == 303
    assert len(statements) <= 16, statements
    statements.clear()
    visitor.get(answer.location)
    assert len(statements) <= 5, statements


def test_the_link_of_a_done_task_leads_to_its_receipt(
    visitor: Visitor, visitors: Callable[[], Visitor], clock: house_clock.Clock
) -> None:
    process, place = begin(visitor, TODO, "post")
    send(visitor, place, **{"item-1": "yes", "item-2": "yes", "done": "yes"})
    link = link_to(makers.task(process, "post", state="done"))
    fresh = visitors()
    assert "Show the receipt" in fresh.get(link)
    came = fresh.client.post(link, data=hidden_in(fresh.get(link)), follow_redirects=True)
    assert "Proof" in came.text
    clock.advance(days=31)
    fresh.get(link, 410)
