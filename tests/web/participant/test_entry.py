"""A link: looked at, entered by, withdrawn, expired, asked for anew."""

import re
import secrets
from typing import Any

import sqlalchemy as sa
from flask import Flask

from portal import clock as house_clock
from portal import db
from portal.access import links
from portal.actions import links as verbs
from portal.models import Attempt, BrowserSession
from tests import makers, people
from tests.web.participant.conftest import UPLOAD, Visitor, hidden_in, link_of, link_to


def test_a_look_shows_the_kind_of_thing_and_does_nothing(
    visitor: Visitor, task: Any, statements: list[str]
) -> None:
    before = makers.types(task.process_id)
    for method in ("get", "head"):
        answer = getattr(visitor.client, method)(link_to(task))
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    page = visitor.get(link_to(task))
    assert "Sea Trading asks you for documents" in page
    assert page.count("<button") == 1
    for private in ("Vera", "vera@", "tax form", "Dana", "Demo"):
        assert private not in page
    assert makers.types(task.process_id) == before
    assert makers.task(task.process_id, "papers").picked_up_at is None
    assert not makers.rows(BrowserSession)
    assert not [one for one in statements if one.lstrip().upper().startswith("UPDATE")]


def test_the_press_opens_a_session_at_an_address_without_the_token(
    visitor: Visitor, task: Any
) -> None:
    link = link_to(task)
    answer = visitor.send(link)
    assert (answer.status_code, answer.location) == (303, f"/w/{task.id}")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("portal=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    page = visitor.client.get(answer.location)
    assert "Send your tax form" in page.text
    assert link[3:] not in page.text
    for name, value in {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }.items():
        assert page.headers[name] == value
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert makers.types(task.process_id)[-2:] == ["link.entered", "task.picked_up"]


def test_what_mail_programs_add_to_a_link_does_no_harm(visitor: Visitor, task: Any) -> None:
    link = link_to(task)
    for end in (".", ")", "%3E", "?utm_source=mail", "&amp;"):
        assert "Continue" in visitor.get(link + end)


def test_a_link_broken_over_two_lines_is_mended(visitor: Visitor, task: Any) -> None:
    link = link_to(task)
    for end in ("%0A", "%0D%0A", "=%0A", "="):
        assert "Continue" in visitor.get(link + end)
    for soft in ("=%0A", "=%0D%0A", "%0A"):
        broken = link[:20] + soft + link[20:]
        answer = visitor.client.post(broken, data=hidden_in(visitor.get(broken)))
        assert answer.status_code == 303


def test_unknown_links_are_all_the_same_refusal(visitor: Visitor, task: Any) -> None:
    good = link_to(task)
    wrong = ["/t/x", good[:-1], good[:-1] + ("A" if good[-1] != "A" else "B"), "/t/" + "A" * 48]
    wrong += [wrong[-1] + "%0A", wrong[-1] + "=%0A", wrong[-1][:20] + "=%0A" + wrong[-1][20:]]
    pages = {visitor.get(path, 404) for path in wrong}
    assert len(pages) == 1


def test_wrong_links_are_counted_up_to_thirty_and_a_true_one_never_is(
    visitor: Visitor, task: Any, statements: list[str]
) -> None:
    pages = {visitor.get(f"/t/{n:048d}", 404) for n in range(30)}
    assert counted() == [30]
    statements.clear()
    pages |= {visitor.get(f"/t/{n:048d}", 404) for n in range(30)}
    assert len(pages) == 1
    assert all(one.startswith("SELECT") for one in statements)
    visitor.enter(task)
    assert counted() == [30]


def counted() -> list[int]:
    with db.reading() as conn:
        return list(conn.execute(sa.select(Attempt.n)).scalars())


def test_an_entry_needs_the_page_and_our_own_site(visitor: Visitor, task: Any) -> None:
    link = link_to(task)
    assert visitor.post(link, {}).status_code == 403
    hidden = hidden_in(visitor.get(link))
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert visitor.client.post(link, data=hidden, headers=headers).status_code == 403
    answer = visitor.client.post(link, data=hidden, headers={"Origin": "null"})
    assert answer.status_code == 303
    assert makers.types(task.process_id).count("link.entered") == 1


def test_a_revoked_link_is_gone_and_so_are_its_sessions(visitor: Visitor, task: Any) -> None:
    place = visitor.enter(task)
    link = link_to(task)
    verbs.revoke(task.id, "Sent to the wrong address.", actor=people.staff("dana"))
    assert "withdrawn" in visitor.get(link, 410)
    assert "withdrawn" in visitor.get(place, 410)
    assert visitor.post(place, {"x": "y"}).status_code == 410


def test_l07_an_expired_link_offers_a_fresh_one_and_answers_the_same_however_often(
    visitor: Visitor, task: Any, clock: house_clock.Clock
) -> None:
    link = link_to(task)
    clock.advance(days=31)
    page = visitor.get(link, 410)
    assert "Send me a fresh link" in page
    assert "mailto:dana@example.com" in page
    renewal = re.search(r'action="(/t/[^"]+/renew)"', page)
    assert renewal is not None
    answers = [visitor.post(renewal[1], hidden_in(page)) for _ in range(5)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert "A fresh link is on its way" in answers[0].text
    assert "vera@" not in answers[0].text
    assert len(makers.owed(task.process_id, "mail.renewal")) == 3
    fresh = link_of(task)
    assert fresh.generation == 2
    assert "Continue" in visitor.get(link_to(task))
    visitor.get(link, 410)


def test_l14_neither_the_database_nor_the_keys_alone_make_a_link(
    app: Flask, visitor: Visitor, task: Any
) -> None:
    settings, row, true = app.config["SETTINGS"], link_of(task), link_to(task)
    with db.reading() as conn:
        dump = str([conn.execute(sa.select(one)).all() for one in db.Base.metadata.sorted_tables])
    assert row.id in dump
    assert not [secret for secret in (true[3:], *settings.secret_keys) if secret in dump]
    links.configure(("a key of somebody who has the dump alone",), settings.base_url)
    forged = links.mint(row.id, row.generation)
    links.configure(settings.secret_keys, settings.base_url)
    guessed = links.mint(secrets.token_hex(16), 1)
    assert visitor.get(f"/t/{forged}", 404) == visitor.get(f"/t/{guessed}", 404)
    assert "Continue" in visitor.get(true)


def test_a_withdrawn_task_says_so(visitor: Visitor, task: Any) -> None:
    from portal.actions import processes

    place = visitor.enter(task)
    processes.cancel(task.process_id, "Not needed.", actor=people.staff("dana"))
    for path in (place, link_to(task)):
        page = visitor.get(path, 410)
        assert "no longer needed" in page
        assert "mailto:dana@example.com" in page
    answer = visitor.post(place, {})
    assert answer.status_code in (403, 410)


def test_a_link_to_something_withdrawn_says_what_kind_of_thing_and_nothing_personal(
    visitor: Visitor,
) -> None:
    from portal.actions import processes

    personal = UPLOAD.replace("your tax form", "what {{ participants.vendor.name }} owes")
    process = makers.start(personal)
    link = link_to(makers.task(process, "papers"))
    hidden = hidden_in(visitor.get(link))
    processes.cancel(process, "Not needed.", actor=people.staff("dana"))
    for page in (visitor.get(link, 410), visitor.post(link, hidden).text):
        assert "The upload you were asked for is no longer needed from you." in page
        assert "Vera" not in page


def test_a_session_holds_several_links_of_one_person_and_no_others(
    visitor: Visitor, task: Any
) -> None:
    other = makers.task(makers.start(UPLOAD), "papers")
    first = visitor.enter(task)
    visitor.get(f"/w/{other.id}", 404)
    second = visitor.enter(other)
    assert "Send your tax form" in visitor.get(first)
    assert "Send your tax form" in visitor.get(second)
    listed = visitor.get("/w")
    assert first in listed
    assert second in listed
    ottos = makers.task(makers.start(UPLOAD, vendor=people.OTTO), "papers")
    visitor.enter(ottos)
    visitor.get(first, 404)


def test_a_planted_cookie_is_replaced_on_entry(visitor: Visitor, task: Any) -> None:
    visitor.client.set_cookie("portal", "planted")
    answer = visitor.send(link_to(task))
    assert "planted" not in answer.headers["Set-Cookie"]


def test_without_a_session_nothing_is_shown(visitor: Visitor, task: Any) -> None:
    page = visitor.get(f"/w/{task.id}", 403)
    assert "Open the link in your e-\u2060mail" in page
    assert "tax form" not in page
    visitor.get("/w", 403)


def test_with_nothing_open_the_page_says_how_the_process_stands(visitor: Visitor) -> None:
    from portal.actions import processes

    process = makers.start(UPLOAD + "\n  - {id: look, assign: buyer, task: {}}")
    visitor.enter(makers.task(process, "papers"))
    makers.send(process, "papers", makers.arrived("form"))
    assert "Under way; it is with others now." in visitor.get("/w")
    processes.cancel(process, "Not needed.", actor=people.staff("dana"))
    assert "Cancelled on" in visitor.get("/w")
