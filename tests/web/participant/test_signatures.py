"""Signing by a link, without JavaScript: the page, the code, the receipt, and what is refused."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from portal import db
from portal.access import codes
from portal.clock import Clock
from portal.delivery.storage import Store
from portal.models import Code, FileRow
from tests import makers
from tests.web.participant.conftest import Visitor, hidden_in
from tests.web.participant.test_tasks import PAPERS, begin, file

PROMISE = """\
  - id: promise
    name: Keep our secret
    assign: vendor
    sign: {statement: "Whatever **{{ participants.vendor.name }}** hears stays secret."}"""
BY_LINK = PROMISE.replace("    sign:", "    verify: link\n    sign:")
SEAL = "  - {id: seal, name: Sign the licence, assign: vendor, verify: link, sign: {document: papers.licence}}"  # noqa: E501
FORM = """\
  - id: details
    assign: vendor
    verify: code
    form: {fields: [{id: city, type: text, label: City}, {id: mail, type: email, label: Mail}]}"""
SIGNED = {"signature": "Vera Vendor", "agree": "yes"}
_ALL_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def send(visitor: Visitor, place: str, page: str | None = None, **typed: Any) -> Any:
    """Send the form of a page with all its hidden controls."""
    hidden = dict(_ALL_HIDDEN.findall(page if page is not None else visitor.get(place)))
    return visitor.client.post(place, data={**hidden, **typed})


def code() -> str:
    """What the last mail with a code says."""
    return codes.of(makers.rows(Code)[-1].id)


def other_than(right: str) -> str:
    return f"{(int(right) + 1) % 10**8:08d}"


def auth_of(process: str, type_: str) -> str:
    [found] = makers.events(process, type_)
    return str(found["actor"]["auth"])


def test_the_page_shows_what_is_signed_and_asks_for_name_and_agreement(visitor: Visitor) -> None:
    _, place = begin(visitor, BY_LINK, "promise")
    page = visitor.get(place)
    assert "Whatever <strong>Vera Vendor</strong> hears stays secret." in page
    for control in ('name="signature"', 'name="agree"', 'name="_shown"', 'name="decline"'):
        assert control in page
    assert page.index(">Sign</button>") < page.index(">Decline to sign</button>")
    assert 'name="code"' not in page


def test_a_signature_by_link_alone_is_recorded_and_receipted(visitor: Visitor) -> None:
    process, place = begin(visitor, BY_LINK, "promise")
    answer = send(visitor, place, **SIGNED)
    assert (answer.status_code, answer.location) == (303, f"{place}/receipt")
    receipt = visitor.get(answer.location)
    sha256 = makers.runs(process, "promise")[0].answers["sha256"]
    for told in ("Signed", "Vera Vendor", "stays secret", sha256):
        assert told in receipt
    assert auth_of(process, "signature.made") == "link"


def test_faults_stand_beside_their_fields_and_the_name_is_kept(visitor: Visitor) -> None:
    process, place = begin(visitor, BY_LINK, "promise")
    answer = send(visitor, place, signature="Vera")
    assert answer.status_code == 422
    assert 'value="Vera"' in answer.text
    assert 'id="agree-fault"' in answer.text
    assert "signature.made" not in makers.types(process)


def test_declining_takes_a_reason_and_is_receipted_as_that(visitor: Visitor) -> None:
    process, place = begin(visitor, BY_LINK, "promise")
    assert send(visitor, place, decline="yes").status_code == 422
    answer = send(visitor, place, decline="yes", comment="The date is wrong.")
    assert answer.status_code == 303
    receipt = visitor.get(answer.location)
    assert "Declined" in receipt
    assert "The date is wrong." in receipt
    assert makers.types(process).count("signature.declined") == 1


# What one sees is what one signs (E12)


def test_e12_a_page_without_its_own_digest_is_not_ours(visitor: Visitor) -> None:
    process, place = begin(visitor, BY_LINK, "promise")
    hidden = dict(_ALL_HIDDEN.findall(visitor.get(place)))
    for shown in ("", "0" * 64):
        answer = visitor.client.post(place, data={**hidden, **SIGNED, "_shown": shown})
        assert answer.status_code == 403
    assert "signature.made" not in makers.types(process)


def test_e12_another_document_than_the_one_shown_is_refused_and_shown(visitor: Visitor) -> None:
    process, place = sealed(visitor)
    page = visitor.get(place)
    with db.transaction() as tx:
        tx.execute(sa.update(FileRow).values(name="other.pdf", sha256="d" * 64))
    answer = send(visitor, place, page, **SIGNED)
    assert answer.status_code == 409
    assert "signature.made" not in makers.types(process)


def test_e12_a_document_whose_bytes_were_swapped_is_refused(visitor: Visitor, app: Flask) -> None:
    process, place = sealed(visitor)
    page = visitor.get(place)
    [row] = makers.rows(FileRow)
    path = Path(Store(app.config["SETTINGS"].storage_dir).path(row.storage_id))
    path.chmod(0o600)
    path.write_bytes(b"%PDF-1.7 something else")
    answer = send(visitor, place, page, **SIGNED)
    assert answer.status_code == 409
    assert "no longer the one that was stored" in answer.text
    assert "signature.made" not in makers.types(process)


def test_a_statement_that_changed_comes_back_as_it_stands_now(visitor: Visitor) -> None:
    process, place = begin(visitor, BY_LINK, "promise")
    page = visitor.get(place)
    with db.transaction() as tx:
        tx.execute(sa.text("UPDATE participants SET name = 'Vera Newname' WHERE role = 'vendor'"))
    answer = send(visitor, place, page, **SIGNED)
    assert answer.status_code == 409
    assert "Vera Newname" in answer.text
    assert "has changed since you opened the page" in answer.text
    assert " checked" not in answer.text
    assert send(visitor, place, answer.text, **SIGNED).status_code == 303
    assert makers.types(process).count("signature.made") == 1


def sealed(visitor: Visitor) -> tuple[str, str]:
    """A process whose licence was sent and waits for a signature; where that is."""
    process, place = begin(visitor, f"{PAPERS}\n{SEAL}", "papers")
    hidden = hidden_in(visitor.get(place))
    sent = visitor.client.post(place, data={**hidden, "licence": file()})
    assert sent.status_code == 303, sent.text
    return process, visitor.enter(makers.task(process, "seal"))


def test_a_document_is_named_with_size_and_digest_and_can_be_saved(visitor: Visitor) -> None:
    process, place = sealed(visitor)
    page = visitor.get(place)
    [row] = makers.rows(FileRow)
    for told in ("licence.pdf", "bytes", row.sha256[:8], f"{place}/files/{row.id}"):
        assert told in page
    saved = visitor.client.get(f"{place}/files/{row.id}")
    assert saved.status_code == 200
    assert send(visitor, place, page, **SIGNED).status_code == 303
    assert makers.runs(process, "seal")[0].answers["sha256"] == row.sha256
    assert "licence.pdf" in visitor.get(f"{place}/receipt")


# With a code


def test_the_first_right_answer_asks_for_a_code_and_keeps_what_was_typed(visitor: Visitor) -> None:
    process, place = begin(visitor, PROMISE, "promise")
    answer = send(visitor, place, **SIGNED)
    assert answer.status_code == 200
    assert 'name="code"' in answer.text
    assert 'value="Vera Vendor"' in answer.text
    assert 'name="agree" value="yes" checked' in answer.text
    assert code() not in answer.text
    assert "signature.made" not in makers.types(process)
    done = send(visitor, place, answer.text, **SIGNED, code=code())
    assert (done.status_code, done.location) == (303, f"{place}/receipt")
    assert auth_of(process, "signature.made") == "link+code"


def test_a_wrong_code_is_told_beside_its_field_and_five_void_it(visitor: Visitor) -> None:
    process, place = begin(visitor, PROMISE, "promise")
    page = send(visitor, place, **SIGNED).text
    right = code()
    for left in ("4 tries are", "3 tries are", "2 tries are", "One try is", "no longer works"):
        answer = send(visitor, place, page, **SIGNED, code=other_than(right))
        assert answer.status_code == 422
        assert left in answer.text
        assert 'id="code-fault"' in answer.text
        page = answer.text
    assert send(visitor, place, page, **SIGNED, code=right).status_code == 422
    again = send(visitor, place, page, **SIGNED, code="", _resend="yes")
    assert again.status_code == 200
    assert send(visitor, place, again.text, **SIGNED, code=code()).status_code == 303
    assert makers.types(process).count("signature.made") == 1


def test_an_expired_code_is_told_so(visitor: Visitor, clock: Clock) -> None:
    _, place = begin(visitor, PROMISE, "promise")
    page = send(visitor, place, **SIGNED).text
    clock.advance(minutes=10)
    answer = send(visitor, place, page, **SIGNED, code=code())
    assert answer.status_code == 422
    assert "ten minutes are over" in answer.text


def test_l21_another_device_has_its_own_code_or_none(
    visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    process, place = begin(visitor, PROMISE, "promise")
    send(visitor, place, **SIGNED)
    theirs, other = code(), visitors()
    other.enter(makers.task(process, "promise"))
    answer = send(other, place, **SIGNED, code=theirs)
    assert answer.status_code == 422
    assert "No code was sent to this browser" in answer.text
    assert "signature.made" not in makers.types(process)


def test_what_was_changed_after_the_code_takes_a_new_one(visitor: Visitor) -> None:
    process, place = begin(visitor, FORM, "details")
    typed = {"city": "Kiel", "mail": "ann@sea.example"}
    assert send(visitor, place, city="Kiel", mail="ann").status_code == 422
    assert not makers.rows(Code)
    page = send(visitor, place, **typed).text
    assert 'value="Kiel"' in page
    answer = send(visitor, place, page, **{**typed, "city": "Bonn"}, code=code())
    assert answer.status_code == 422
    assert "has changed since the code was sent" in answer.text
    assert send(visitor, place, page, **typed, code=code()).status_code == 303
    assert auth_of(process, "form.submitted") == "link+code"


def test_after_ten_codes_the_page_says_so_and_keeps_what_was_typed(visitor: Visitor) -> None:
    _, place = begin(visitor, PROMISE, "promise")
    for _ in range(10):
        assert send(visitor, place, **SIGNED).status_code == 200
    answer = send(visitor, place, **SIGNED)
    assert answer.status_code == 429
    assert 'value="Vera Vendor"' in answer.text


def test_files_stay_while_their_code_is_entered(visitor: Visitor) -> None:
    steps = PAPERS.replace("    upload:", "    verify: code\n    upload:")
    process, place = begin(visitor, steps, "papers")
    page = send(visitor, place, licence=file()).text
    assert "licence.pdf" in page
    assert "file.received" not in makers.types(process)
    assert send(visitor, place, page, code=code()).status_code == 303
    assert auth_of(process, "upload.submitted") == "link+code"


def test_declining_takes_the_code_by_the_same_button(visitor: Visitor) -> None:
    process, place = begin(visitor, PROMISE, "promise")
    page = send(visitor, place, decline="yes", comment="Not “this” one.").text
    assert page.count("Decline to sign") == 1
    assert ">Sign<" not in page
    answer = send(visitor, place, page, decline="yes", code=code())
    assert answer.status_code == 303
    assert makers.types(process).count("signature.declined") == 1


def test_an_approval_shows_the_signature(visitor: Visitor) -> None:
    review = "  - {id: review, assign: second, approval: {question: Well?}}"
    process, place = begin(visitor, f"{BY_LINK}\n{review}", "promise")
    send(visitor, place, **SIGNED)
    page = visitor.get(visitor.enter(makers.task(process, "review")))
    assert "What was signed" in page
    assert "Whatever Vera Vendor hears stays secret." in page
