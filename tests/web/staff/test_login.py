"""Signing in: one answer for every wrong pair, no way on to another site, an end that holds."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal import clock as house_clock
from portal.actions import people as verbs
from tests import makers, people
from tests.web.staff.conftest import Desk

PASSWORD = "correct horse battery"


@pytest.fixture
def stranger(app: Flask) -> Desk:
    verbs.add_user("dana@example.com", "Dana Owner", "member", PASSWORD, actor=people.CLOCK)
    return Desk(app.test_client())


def test_one_types_at_once(stranger: Desk) -> None:
    [field] = [one for one in stranger.get("/login").split("<input") if "autofocus" in one]
    assert 'name="email"' in field


def test_the_right_pair_opens_the_desk(stranger: Desk) -> None:
    answer = stranger.send("/login", email="Dana@Example.com ", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Dana Owner" in stranger.get("/")


@pytest.mark.parametrize("email", ["dana@example.com", "nobody@example.com", "olga@example.com"])
def test_every_wrong_pair_gets_the_same_answer(stranger: Desk, email: str) -> None:
    answer = stranger.send("/login", email=email, password="guess")
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    assert f'value="{email}"' in answer.text
    assert "guess" not in answer.text


def test_guessing_is_slowed(stranger: Desk) -> None:
    found = {stranger.send("/login", email="dana@example.com", password="x").status_code
             for _ in range(12)}  # fmt: skip
    assert found == {401, 429}


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("/processes?state=any", "/processes?state=any"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/%0d%0aX: y", "/%0d%0aX: y"),
        ("/a\r\nX: y", "/"),
    ],
)
def test_signing_in_leads_nowhere_else(stranger: Desk, wanted: str, place: str) -> None:
    answer = stranger.send("/login", email="dana@example.com", password=PASSWORD, next=wanted)
    assert answer.status_code == 303
    assert answer.location == place.replace(" ", "%20")


def test_the_session_is_new_after_signing_in(stranger: Desk) -> None:
    stranger.get("/login")
    before = stranger.client.get_cookie("portal_staff")
    stranger.send("/login", email="dana@example.com", password=PASSWORD)
    after = stranger.client.get_cookie("portal_staff")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert after.http_only
    assert after.same_site == "Lax"


def test_signing_out_ends_the_session_and_not_only_the_cookie(stranger: Desk) -> None:
    stranger.send("/login", email="dana@example.com", password=PASSWORD)
    stolen = stranger.client.get_cookie("portal_staff")
    assert stolen is not None
    assert stranger.send("/logout", page="/").status_code == 303
    stranger.client.set_cookie("portal_staff", stolen.value)
    assert stranger.client.get("/").location == "/login"


def test_pages_ask_to_sign_in_and_lead_back(stranger: Desk) -> None:
    answer = stranger.client.get("/processes?state=any")
    assert (answer.status_code, answer.location) == (303, "/login?next=/processes%3Fstate%3Dany")


def test_an_idle_session_ends_and_what_was_typed_stays_on_the_page(
    desk: Callable[[str], Desk], clock: house_clock.Clock
) -> None:
    process = makers.start(makers.FORM)
    dana = desk("dana")
    page = f"/processes/{process}"
    dana.get(page)
    token = dana.client.get(page).text.split('name="_csrf" value="')[1].split('"')[0]
    clock.advance(minutes=31)
    answer = dana.client.post(f"{page}/comments", data={"_csrf": token, "text": "Long <words>"})
    assert answer.status_code == 403
    assert "Long &lt;words&gt;" in answer.text
    assert "comment.added" not in makers.types(process)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused(
    desk: Callable[[str], Desk], headers: dict[str, str]
) -> None:
    process = makers.start(makers.FORM)
    dana = desk("dana")
    page = f"/processes/{process}"
    token = dana.get(page).split('name="_csrf" value="')[1].split('"')[0]
    data = {"_csrf": token, "text": "Hello"}
    answer = dana.client.post(f"{page}/comments", data=data, headers=headers)
    assert answer.status_code == 403
    assert "comment.added" not in makers.types(process)


@pytest.mark.parametrize("token", [None, "", "made-up"])
def test_a_form_without_the_token_is_refused(
    desk: Callable[[str], Desk], token: str | None
) -> None:
    process = makers.start(makers.FORM)
    data = {"text": "Hello"} | ({"_csrf": token} if token is not None else {})
    answer = desk("dana").client.post(f"/processes/{process}/comments", data=data)
    assert answer.status_code == 403
    assert "comment.added" not in makers.types(process)
