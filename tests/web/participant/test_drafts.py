"""What was typed and not sent: kept for days and on every device, and no part of any record."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from portal import db
from portal.actions import processes, upkeep
from portal.clock import Clock
from portal.models import Draft
from tests import makers, people
from tests.web.participant.conftest import Visitor, hidden_in

STEPS = """\
  - id: details
    assign: vendor
    form:
      fields:
        - {id: company, type: text, label: Company}
        - {id: tags, type: choices, label: Tags, options: [red, blue, green], required: false}
        - {id: staff, type: number, label: Staff, min: 1}
  - id: look
    assign: vendor
    approval: {question: "Is it right?"}
  - id: name
    assign: vendor
    verify: link
    sign: {statement: I agree.}"""


def kept() -> list[Any]:
    with db.reading() as conn:
        return list(conn.execute(sa.select(Draft.__table__)))


@pytest.fixture
def details(visitor: Visitor) -> Any:
    return makers.task(makers.start(STEPS), "details")


def test_what_was_typed_is_there_on_another_device_days_later(
    visitor: Visitor, visitors: Callable[[], Visitor], details: Any, clock: Clock
) -> None:
    place = visitor.enter(details)
    answer = visitor.send(f"{place}/draft", place, company='Sea "& Sons"', tags=["red", "green"])
    assert (answer.status_code, answer.text) == (204, "")
    clock.advance(days=6)
    phone = visitors()
    page = phone.get(phone.enter(details))
    assert "Sea &#34;&amp; Sons&#34;" in page
    assert page.count(" checked") == 2
    assert "What you typed on Mon 23 Nov 2026, 09:00 (UTC) is filled in." in page


def test_of_two_devices_neither_loses_what_is_typed_without_being_told(
    visitor: Visitor, visitors: Callable[[], Visitor], details: Any
) -> None:
    place, phone = visitor.enter(details), visitors()
    phone.enter(details)
    here = {**hidden_in(visitor.get(place)), "_base": ""}
    there = {**hidden_in(phone.get(place)), "_base": ""}
    for company in ("S", "Sea"):
        assert visitor.post(f"{place}/draft", {**here, "company": company}).status_code == 204
    late = phone.post(f"{place}/draft", {**there, "company": "Lake"})
    assert (late.status_code, late.headers["Portal-Refusal"]) == (409, "kept-elsewhere")
    assert "Not kept: This was filled in on another device meanwhile." in late.text
    assert kept()[0].typed == {"company": ["Sea"]}
    same = phone.post(f"{place}/draft", {**there, "company": "Sea"})
    assert same.status_code == 204, "what is the same takes nothing away"
    visitor.post(f"{place}/draft", {**here, "company": "Seas", "_over": "yes"})
    button = phone.post(place, {**there, "company": "Lake", "_draft": "yes"})
    assert (button.status_code, "This is not kept as a draft" in button.text) == (409, True)
    assert 'value="Lake"' in button.text
    own = {**hidden_in(button.text), "_base": base_in(button.text), "company": "Lake"}
    chosen = phone.post(place, {**own, "_draft": "over"})
    assert kept()[0].typed == {"company": ["Lake"]}
    own = {**hidden_in(chosen.text), "_base": base_in(chosen.text), "company": "Lake 2"}
    faulty = phone.post(place, {**own, "staff": "many"})
    own = {**hidden_in(faulty.text), "_base": base_in(faulty.text), "company": "Lake 3"}
    assert phone.post(f"{place}/draft", own).status_code == 204, "it goes on from its own"
    again = visitor.get(place)
    assert 'value="Lake 3"' in again
    assert base_in(again) == own["_nonce"]


def test_whoever_comes_in_again_goes_on_from_their_own_draft(
    visitor: Visitor, details: Any, clock: Clock
) -> None:
    place = visitor.enter(details)
    own = {**hidden_in(visitor.get(place)), "_base": "", "company": "Sea"}
    visitor.post(f"{place}/draft", own)
    clock.advance(hours=9)
    over = visitor.post(place, own)
    assert over.status_code == 403
    again = {**hidden_in(over.text), "_base": base_in(over.text), "company": "Sea"}
    page = visitor.post(f"{place}/again", again)
    assert page.status_code == 200
    own = {**hidden_in(page.text), "_base": base_in(page.text), "company": "Sea Ltd"}
    assert visitor.post(f"{place}/draft", own).status_code == 204


def test_a_number_typed_in_one_language_means_the_same_in_another(
    visitor: Visitor, details: Any
) -> None:
    place = visitor.enter(details)
    visitor.client.set_cookie("portal_language", "de")
    visitor.send(f"{place}/draft", place, company="1,2", staff="1,234")
    assert 'value="1,234"' in visitor.get(place)
    visitor.client.set_cookie("portal_language", "en")
    page = visitor.get(place)
    assert 'value="1.234"' in page
    assert 'value="1,2"' in page, "what is no number stays"


def base_in(page: str) -> str:
    """The draft that a page goes on from."""
    return page.partition('name="_base" value="')[2].partition('"')[0]


def test_a_button_keeps_it_without_a_script(visitor: Visitor, details: Any) -> None:
    place = visitor.enter(details)
    answer = visitor.send(place, company="Sea", staff="many", _draft="yes")
    assert answer.status_code == 200
    assert "Kept as a draft. Nothing is sent yet" in answer.text
    assert 'value="many"' in answer.text  # half an answer is no fault yet
    assert "form.submitted" not in makers.types(details.process_id)
    assert visitor.send(place, company="Sea", staff="3").status_code == 303


def test_nothing_of_a_draft_is_on_the_record(visitor: Visitor, details: Any) -> None:
    place = visitor.enter(details)
    before = makers.types(details.process_id)
    visitor.send(f"{place}/draft", place, company="Sea")
    assert makers.types(details.process_id) == before


def test_codes_and_the_pages_own_controls_are_not_kept(visitor: Visitor, details: Any) -> None:
    place = visitor.enter(details)
    visitor.send(f"{place}/draft", place, company="Sea", code="12345678")
    [draft] = kept()
    assert draft.typed == {"company": ["Sea"]}


def test_a_decision_is_kept_and_not_made(visitor: Visitor, details: Any) -> None:
    makers.fill(details.process_id, company="Sea", staff="3")
    look = makers.task(details.process_id, "look")
    place = visitor.enter(look)
    visitor.send(f"{place}/draft", place, decision="reject", comment="Not yet.")
    page = visitor.get(place)
    assert "Not yet." in page
    assert 'value="reject" checked' in page
    assert makers.task(details.process_id, "look").state == "open"


def test_a_signature_is_never_half_given(visitor: Visitor, details: Any) -> None:
    process = makers.start("  - id: name" + STEPS.split("  - id: name")[1])
    place = visitor.enter(makers.task(process, "name"))
    assert "data-draft" not in visitor.get(place)
    hidden = hidden_in(visitor.get(place))
    assert visitor.post(f"{place}/draft", {**hidden, "signature": "V"}).status_code in (403, 409)
    assert kept() == []


def test_too_late_says_so_to_the_script(visitor: Visitor, details: Any) -> None:
    place = visitor.enter(details)
    hidden = hidden_in(visitor.get(place))
    processes.cancel(details.process_id, "Not needed.", actor=people.staff("dana"))
    answer = visitor.post(f"{place}/draft", {**hidden, "company": "Sea"})
    assert answer.status_code == 410
    assert answer.text.startswith("Not kept: ")
    assert "<" not in answer.text


def test_a_page_of_another_site_keeps_nothing(visitor: Visitor, details: Any) -> None:
    place = visitor.enter(details)
    assert visitor.post(f"{place}/draft", {"company": "Sea"}).status_code == 403
    assert kept() == []


def test_a_book_is_no_draft(visitor: Visitor, details: Any) -> None:
    place = visitor.enter(details)
    visitor.send(f"{place}/draft", place, company="Sea")
    answer = visitor.send(f"{place}/draft", place, company="x" * 1_000_001)
    assert answer.status_code == 413
    assert kept()[0].typed == {"company": ["Sea"]}


@pytest.mark.parametrize("how", ["sent", "old"])
def test_a_draft_goes_once_it_is_sent_and_after_two_weeks(
    visitor: Visitor, details: Any, clock: Clock, how: str
) -> None:
    place = visitor.enter(details)
    visitor.send(f"{place}/draft", place, company="Sea")
    if how == "sent":
        visitor.send(place, company="Sea", staff="3")
    upkeep.prune()
    assert len(kept()) == (how == "old")
    clock.advance(days=15)
    upkeep.prune()
    assert kept() == []
