"""All that is mine: behind one link its process alone, after a code from the mailbox the rest."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from portal import db
from portal.access import codes
from portal.actions import links, preferences, processes
from portal.clock import Clock
from portal.ledger.tables import Outgoing
from portal.models import AddressCode, BookEntry, LostLink
from tests import makers, people
from tests.web.participant.conftest import UPLOAD, Visitor, hidden_in, link_to

DANA = people.staff("dana")


def other_task() -> Any:
    return makers.task(makers.start(UPLOAD), "papers")


def ask_for_code(visitor: Visitor) -> str:
    page = visitor.send("/w/code", "/w")
    assert page.status_code == 200, page.text
    assert 'name="code"' in page.text
    return codes.of(makers.rows(AddressCode)[-1].id)


def prove(visitor: Visitor) -> None:
    code = ask_for_code(visitor)
    assert visitor.send("/w/code", "/w", code=code).status_code == 303


def test_a_link_shows_its_own_process_alone(visitor: Visitor, task: Any) -> None:
    visitor.enter(task)
    other = other_task()
    page = visitor.get("/w")
    assert f"/w/{task.id}" in page
    assert other.id not in page


def test_after_a_code_everything_of_the_address_is_there_and_opens(
    visitor: Visitor, task: Any
) -> None:
    visitor.enter(task)
    other, ottos = other_task(), makers.task(makers.start(UPLOAD, vendor=people.OTTO), "papers")
    prove(visitor)
    page = visitor.get("/w")
    assert f"/w/{other.id}/open" in page
    assert ottos.id not in page
    opened = visitor.send(f"/w/{other.id}/open", "/w")
    assert (opened.status_code, opened.location) == (303, f"/w/{other.id}")
    assert "Send your tax form" in visitor.get(f"/w/{other.id}")
    [entered] = makers.events(other.process_id, "link.entered")
    assert entered["actor"]["kind"] == "participant"
    # The new session knows of the proof, and of the first link, too.
    assert f"/w/{task.id}" in visitor.get("/w")
    assert visitor.send(f"/w/{ottos.id}/open", "/w").status_code in (403, 404)
    assert "link.entered" not in makers.types(ottos.process_id)


def test_p04_after_a_code_somebody_takes_the_copy_of_their_own_and_it_is_written_down(
    visitor: Visitor, task: Any
) -> None:
    visitor.enter(task)
    other, ottos = other_task(), makers.task(makers.start(UPLOAD, vendor=people.OTTO), "papers")
    processes.comment(task.process_id, "She is slow.", actor=DANA)
    assert 'action="/w/copy"' not in visitor.get("/w")
    assert visitor.send("/w/copy", "/w").status_code == 404
    prove(visitor)
    page = visitor.get("/w")
    assert ("Download my data" in page, "is-faulty" in page) == (True, False)
    answer = visitor.send("/w/copy", "/w")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert answer.headers["Cache-Control"] == "no-store"
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    told = json.loads(archive.read("data.json"))
    assert told["about"] == people.VERA["email"]
    assert {one["process"] for one in told["processes"]} == {task.process_id, other.process_id}
    whole = archive.read("data.json").decode() + archive.read("summary.txt").decode()
    for others in (ottos.process_id, "otto", "Dana", "She is slow"):
        assert others not in whole
    [line] = [one for one in makers.rows(BookEntry) if one.kind == "copy-taken"]
    assert (line.told, line.ip, line.agent) == ({"count": 2}, None, None)
    assert "vera" not in str(line).lower()


def test_the_copy_is_told_in_the_language_of_whose_it_is(visitor: Visitor, task: Any) -> None:
    visitor.enter(task)
    prove(visitor)
    preferences.choose_language("de", email=people.VERA["email"])
    answer = visitor.send("/w/copy", "/w")
    words = zipfile.ZipFile(io.BytesIO(answer.data)).read("summary.txt").decode()
    assert words.startswith(f"Was zu {people.VERA['email']} gespeichert ist")


def test_what_packs_so_much_is_packed_ten_times_an_hour_and_the_page_says_so(
    visitor: Visitor, task: Any
) -> None:
    visitor.enter(task)
    prove(visitor)
    for _ in range(10):
        assert visitor.send("/w/copy", "/w").status_code == 200
    refused = visitor.send("/w/copy", "/w")
    assert refused.status_code == 429
    assert "Too many" in refused.text.split("Your data")[1]


def test_nothing_opens_without_the_code(visitor: Visitor, task: Any) -> None:
    visitor.enter(task)
    other = other_task()
    assert visitor.send(f"/w/{other.id}/open", "/w").status_code == 404
    assert "link.entered" not in makers.types(other.process_id)


def test_five_wrong_codes_and_none_is_right_any_more(visitor: Visitor, task: Any) -> None:
    visitor.enter(task)
    code = ask_for_code(visitor)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for left in ("4 tries are left", "3 tries are left", "2 tries are left", "One try is left"):
        answer = visitor.send("/w/code", "/w", code=wrong)
        assert (answer.status_code, left in answer.text) == (422, True)
    assert "no longer works" in visitor.send("/w/code", "/w", code=wrong).text
    assert visitor.send("/w/code", "/w", code=code).status_code == 422
    assert "Send me a code" in visitor.get("/w")


def test_a_code_is_good_once_for_ten_minutes_and_in_its_own_browser(
    visitor: Visitor, visitors: Callable[[], Visitor], task: Any, clock: Clock
) -> None:
    visitor.enter(task)
    code = ask_for_code(visitor)
    another = visitors()
    another.enter(other_task())
    assert another.send("/w/code", "/w", code=code).status_code == 422
    clock.advance(minutes=11)
    assert "no longer works" in visitor.send("/w/code", "/w", code=code).text
    code = ask_for_code(visitor)
    hidden = {"code": code}
    assert visitor.send("/w/code", "/w", **hidden).status_code == 303


def test_ten_codes_a_day_and_no_more(visitor: Visitor, task: Any) -> None:
    visitor.enter(task)
    for _ in range(10):
        ask_for_code(visitor)
    answer = visitor.send("/w/code", "/w")
    assert answer.status_code == 429
    assert "Ten codes" in answer.text


def test_a_form_of_another_site_asks_for_no_code(visitor: Visitor, task: Any) -> None:
    visitor.enter(task)
    assert visitor.post("/w/code", {}).status_code == 403
    assert makers.rows(AddressCode) == []


def test_a_withdrawn_link_opens_nothing_from_the_list(visitor: Visitor, task: Any) -> None:
    visitor.enter(task)
    other = other_task()
    prove(visitor)
    links.revoke(other.id, "Wrong mailbox.", actor=DANA)
    assert visitor.send(f"/w/{other.id}/open", "/w").status_code == 404


def test_what_was_closed_meanwhile_says_so(visitor: Visitor, task: Any) -> None:
    visitor.enter(task)
    other = other_task()
    prove(visitor)
    page = visitor.get("/w")
    processes.cancel(other.process_id, "Not needed.", actor=DANA)
    hidden = hidden_in(page)
    assert visitor.post(f"/w/{other.id}/open", hidden).status_code == 410


def test_what_is_done_stays_on_the_list_for_thirty_days(
    visitor: Visitor, task: Any, clock: Clock
) -> None:
    makers.send(task.process_id, "papers", makers.arrived("form"))
    visitor.enter(task)
    assert f"/w/{task.id}/receipt" in visitor.get("/w")


# By typing one's own address


def owed() -> list[Any]:
    return makers.rows(Outgoing, kind="mail.lost")


def test_the_answer_is_the_same_for_every_address(visitor: Visitor, task: Any) -> None:
    pages = []
    for email in ("vera@vendor.example", "nobody@else.example"):
        answer = visitor.send("/fresh", email=email)
        pages.append((answer.status_code, answer.text))
    assert pages[0] == pages[1]
    assert pages[0][0] == 200
    assert len(owed()) == 2
    assert not any("@" in str(one.ref) for one in owed())


def test_capitals_and_spaces_make_no_other_address(visitor: Visitor) -> None:
    visitor.send("/fresh", email=" Vera@Vendor.Example ")
    assert [one.email for one in makers.rows(LostLink)] == ["vera@vendor.example"]


@pytest.mark.parametrize("typed", ["", "vera", "a@b, c@d.example", "x" * 300 + "@d.example"])
def test_what_is_no_address_is_told_at_the_field_and_kept(visitor: Visitor, typed: str) -> None:
    answer = visitor.send("/fresh", email=typed)
    assert answer.status_code == 422
    assert "Enter an e-mail address" in answer.text
    assert f'value="{typed}"' in answer.text


def test_three_mails_an_hour_and_then_the_same_answer_without_one(visitor: Visitor) -> None:
    answers = {visitor.send("/fresh", email="vera@vendor.example").text for _ in range(5)}
    assert len(answers) == 1
    assert len(owed()) == 3


def test_no_mail_is_owed_for_a_form_of_another_site(visitor: Visitor) -> None:
    assert visitor.post("/fresh", {"email": "vera@vendor.example"}).status_code == 403
    assert owed() == []


def test_a_page_that_has_no_link_offers_the_way_back(visitor: Visitor, task: Any) -> None:
    assert 'href="/fresh"' in visitor.get(f"/w/{task.id}", 403)
    assert 'href="/fresh"' in visitor.get(f"{link_to(task)[:-3]}xxx", 404)
    with db.reading() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(LostLink)).scalar() == 0
