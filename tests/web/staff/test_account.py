"""Your sign-in: sessions ended, a password changed, an app set up and asked for."""

import re
from collections.abc import Callable

import pyotp
import pytest
from flask import Flask

from portal import clock as house_clock
from portal.actions import people as verbs
from portal.actions import second_factor, sign_in
from portal.clock import Clock
from portal.errors import NotSignedIn
from tests import makers, people
from tests.web.staff.conftest import Desk

PASSWORD = "correct horse battery"
NEW = "a new long word"


@pytest.fixture
def dana(app: Flask) -> Desk:
    """A browser in which Dana has signed in by her password."""
    verbs.add_user("dana@example.com", "Dana Owner", "member", PASSWORD, actor=people.CLOCK)
    desk = Desk(app.test_client())
    desk.send("/login", email="dana@example.com", password=PASSWORD)
    return desk


def another(dana: Desk) -> Desk:
    desk = Desk(dana.client.application.test_client())
    desk.send("/login", email="dana@example.com", password=PASSWORD)
    return desk


def test_sessions_are_listed_and_ended_and_a_password_is_changed(dana: Desk) -> None:
    other = another(dana)
    page = dana.get("/me")
    assert page.count("by password") >= 2
    [theirs] = re.findall(r"/me/sessions/([0-9a-f-]{36})/end", page)
    dana.send(f"/me/sessions/{theirs}/end", page="/me")
    assert other.client.get("/").location == "/login"
    typed = {"new": NEW, "again": NEW}
    faulty = dana.send("/me/password", page="/me", old="wrong", **typed)
    assert faulty.status_code == 422
    assert "This is not your password." in faulty.text
    assert NEW not in faulty.text
    old = dana.client.get_cookie("portal_staff")
    dana.send("/me/password", page="/me", old=PASSWORD, **typed)
    assert "Dana Owner changed their own password." in dana.get("/me")
    assert old is not None
    other.client.set_cookie("portal_staff", old.value)
    assert other.client.get("/").location == "/login"


def test_an_app_is_set_up_by_a_picture_and_asked_for_at_the_door(dana: Desk, clock: Clock) -> None:
    clock.advance(minutes=11)
    assert dana.send("/me/second-factor/begin", page="/me").location == "/me/prove?next=/me"
    dana.send("/me/prove", password=PASSWORD, next="/me")
    dana.send("/me/second-factor/begin", page="/me")
    page = dana.get("/me/second-factor")
    assert "<svg" in page
    found = re.search(r'class="once">([A-Z2-7 ]+)<', page)
    assert found is not None
    app = pyotp.TOTP(found[1].replace(" ", ""))
    assert dana.send("/me/second-factor", code="12").status_code == 422
    codes = dana.send("/me/second-factor", code=app.at(house_clock.now())).text
    assert len(re.findall(r"<li><code>[a-z2-9-]{19}</code>", codes)) == 10
    assert "10 recovery codes left" in dana.get("/me")

    clock.advance(minutes=1)
    door = Desk(dana.client.application.test_client())
    half = door.send("/login", email="dana@example.com", password=PASSWORD, next="/tasks")
    assert half.location == "/login/code?next=/tasks"
    assert door.client.get("/tasks").status_code == 303
    assert door.send(half.location, code="000000").status_code == 401
    assert (
        door.send(half.location, code=app.at(house_clock.now()), next="/tasks").location == "/tasks"
    )
    assert "by password and code" in door.get("/me")


def test_whose_role_asks_for_an_app_is_led_to_it(dana: Desk, desk: Callable[[str], Desk]) -> None:
    ada = desk("ada")
    ada.send("/people/second-factor", page="/people", role="member")
    assert "asked of every member" in ada.get("/people")
    assert dana.client.get("/tasks").location == "/me/second-factor"
    assert dana.client.get("/me").location == "/me/second-factor"
    dana.get("/me/second-factor")
    second_factor.require_of([], actor=people.staff("ada"))
    dana.get("/tasks")


def test_a_cookie_alone_gives_nobody_a_key_that_outlives_it(
    app: Flask, desk: Callable[[str], Desk], clock: Clock
) -> None:
    ada = desk("ada")
    clock.advance(minutes=11)
    doors = {
        "/people/users": {"email": "ada@example.com", "name": "Ada", "role": "admin",
                          "password": NEW},
        "/people/tokens": {"name": "mine", "email": "ada@example.com", "scopes": "admin"},
        "/people/second-factor": {},
    }  # fmt: skip
    for place, typed in doors.items():
        sent = ada.send(place, page="/people", **typed)
        assert sent.location == "/me/prove?next=/people"
    with pytest.raises(NotSignedIn):
        sign_in.sign_in("ada@example.com", NEW, ip=None, agent=None)
    assert "mine" not in ada.get("/people")


def test_whoever_is_away_says_so_and_the_deputy_finds_their_tasks(
    app: Flask, desk: Callable[[str], Desk]
) -> None:
    steps = "  - {id: look, name: Look at it, assign: buyer, task: {}}"
    process = makers.start(steps, participants={"buyer": {"email": "olga@example.com"}})
    olga, finn, dana = desk("olga"), desk("finn"), desk("dana")
    days = {"from": "2026-11-23", "until": "2026-12-04"}
    faulty = olga.send("/me/absence", page="/me", **days, note="At sea")
    assert faulty.status_code == 422
    assert "Choose who stands in." in faulty.text
    assert "At sea" in faulty.text
    assert "Look at it" not in finn.get("/")
    olga.send("/me/absence", page="/me", **days, deputy="finn@example.com", note="At sea")
    assert "Away now, Mon 23 Nov until Fri 4 Dec. Finn Finance stands in." in olga.get("/me")
    for page in (finn.get("/"), finn.get("/tasks")):
        assert "<small>for Olga Other</small>" in page
    assert "You stand in for <strong>Olga Other</strong>" in finn.get("/")
    told = "away until Fri 4 Dec, Finn Finance stands in"
    task = f"/tasks/{makers.task(process, 'look').id}"
    for path in ("/processes", "/tasks?whose=all", f"/processes/{process}", task):
        assert told in dana.get(path), path
    assert "You do this for <strong>Olga Other</strong>" in finn.get(task)
    finn.send(task)
    assert "Finn Finance, in the assignee’s place," in finn.get(f"/processes/{process}")
    ada = desk("ada")
    ada.send("/people/olga/absence/end", page="/people/olga")
    assert "No absence is known." in ada.get("/people/olga")
    assert "Ada Admin ended Olga Other’s absence." in ada.get("/book")


def test_what_was_typed_before_proof_was_asked_stands_there_afterwards_and_no_password_does(
    app: Flask, desk: Callable[[str], Desk], clock: Clock
) -> None:
    verbs.add_user("ada@example.com", "Ada Admin", "admin", PASSWORD, actor=people.CLOCK)
    ada = desk("ada")
    clock.advance(minutes=11)
    typed = {"email": "ned@example.com", "name": "Ned New", "role": "auditor", "teams": "legal"}
    sent = ada.send("/people/users", page="/people", password=NEW, **typed)
    assert sent.location == "/me/prove?next=/people"
    assert "Ned New" not in ada.get("/people")
    assert ada.send("/me/prove", password="wrong", next="/people").status_code == 422
    assert "Ned New" not in ada.get("/people")
    assert ada.send("/me/prove", password=PASSWORD, next="/people").location == "/people"
    page = ada.get("/people")
    for shown in ('value="ned@example.com"', 'value="Ned New"', 'value="legal"', "once more"):
        assert shown in page
    assert '<option value="auditor" selected>' in page
    assert NEW not in page
    assert "Ned New" not in ada.get("/people")  # told once
    assert ada.send("/people/users", page="/people", password=NEW, **typed).status_code == 303
