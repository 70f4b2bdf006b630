"""A07: a sign-in from outside opens the door to whoever it names, and to nobody else."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from portal import clock as house_clock
from portal import db
from portal.actions import people as staffing
from portal.models import OutsideIdentity
from portal.readings import seats
from portal.settings import Settings, SettingsError
from tests import people
from tests.provider import CLIENT, SECRET, Provider
from tests.web.callers import at_the_desk
from tests.web.staff.conftest import Desk

DANA = {"sub": "d-1", "email": "Dana@example.com", "email_verified": True}


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    yield found
    found.close()


@pytest.fixture
def app(
    database: db.Database, clock: house_clock.Clock, tmp_path: Path, provider: Provider
) -> Iterator[Flask]:
    """A portal that knows the provider."""
    made = create_app(Settings.load(told(database, tmp_path, provider)))
    people.settle()
    yield made
    db.current().close()


def told(database: db.Database, folder: Path, provider: Provider) -> dict[str, str]:
    return {
        "PORTAL_DATA_DIR": str(folder / "data"),
        "PORTAL_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "PORTAL_OIDC_ISSUER": provider.issuer,
        "PORTAL_OIDC_CLIENT_ID": CLIENT,
        "PORTAL_OIDC_CLIENT_SECRET": SECRET,
        "PORTAL_OIDC_NAME": "Sea Login",
        "PORTAL_OUTBOUND_ALLOW": provider.host,
    }


def go(desk: Desk, place: str = "/tasks") -> str:
    """Where the sign-in page sends the browser."""
    page = desk.send("/login/outside", page="/login", next=place).text
    found = re.search(r'class="button" href="([^"]+)"', page)
    assert found is not None, page
    return html.unescape(found[1])


def come(app: Flask, provider: Provider, person: dict[str, Any]) -> tuple[int, str]:
    """Sign in by the provider in a new browser; status and page, or where it leads."""
    desk = Desk(app.test_client())
    answer = desk.client.get(f"/login/outside/back?{provider.sign_in(go(desk), **person)}")
    return answer.status_code, answer.location or answer.text


def test_a07_whoever_was_added_is_known_by_address_once_and_then_by_subject(
    app: Flask, provider: Provider
) -> None:
    desk = Desk(app.test_client())
    assert "Sign in by Sea Login" in desk.get("/login")
    back = provider.sign_in(go(desk), **DANA)
    assert desk.client.get(f"/login/outside/back?{back}").location == "/tasks"
    page = desk.get("/me")
    assert "by Sea Login" in page
    assert "for the first time, and is known by it now" in page
    assert desk.client.get(f"/login/outside/back?{back}").status_code == 401

    assert "signed in by Sea Login" in page
    of_dana = at_the_desk(app, "ada").call("GET", "/people/dana", {}).text
    assert "They sign in by Sea Login." in of_dana
    assert seats.by_what("oidc:https://old.example/x") == "by old.example", "one of before"

    # The address moved on at the provider: the subject stays Dana, and nobody becomes Olga.
    moved = {**DANA, "email": "olga@example.com"}
    assert come(app, provider, moved)[0] == 303
    assert {row.user_id for row in rows()} == {"dana"}
    # Somebody else was given Dana’s address there.
    status, text = come(app, provider, {**DANA, "sub": "d-2"})
    assert (status, "belongs to somebody who signs in another way" in text) == (401, True)


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "x", "email": "nobody@example.com", "email_verified": True},
        {"sub": "x", "email": "dana@example.com", "email_verified": False},
        {"sub": "x", "email": "dana@example.com", "email_verified": "true"},
        {"sub": "x", "email": "dana@example.com"},
        {"sub": "x"},
    ],
)
def test_a07_an_address_that_is_unknown_or_not_verified_opens_nothing(
    app: Flask, provider: Provider, person: dict[str, Any]
) -> None:
    status, text = come(app, provider, person)
    assert (status, "Nobody here is known" in text) == (401, True)
    assert rows() == []


def test_a07_an_answer_that_does_not_hold_lets_nobody_in(
    app: Flask, provider: Provider, clock: house_clock.Clock
) -> None:
    spoilt = [
        {"nonce": "another"}, {"aud": "another"}, {"aud": ["another", CLIENT]},
        {"aud": [CLIENT, "another"], "azp": "another"}, {"iss": "https://evil.example"},
        {"exp": 1}, {"sub": ""}, {"sub": 7}, {"nonce": None},
    ]  # fmt: skip
    for change in spoilt:
        provider.change = lambda claims, change=change: claims.update(change)  # type: ignore[misc]
        assert come(app, provider, DANA)[0] == 401, change
    provider.change = lambda claims: None
    for alg in ("none", "HS256"):
        provider.alg = alg
        assert come(app, provider, DANA)[0] == 401, alg
    provider.alg = "RS256"
    mine, theirs = Desk(app.test_client()), Desk(app.test_client())
    back = provider.sign_in(go(theirs), **DANA)
    go(mine)
    for wrong in (back, "code=x&state=y", "error=access_denied", ""):
        assert mine.client.get(f"/login/outside/back?{wrong}").status_code == 401
    late = provider.sign_in(go(mine), **DANA)
    clock.advance(minutes=11)
    assert mine.client.get(f"/login/outside/back?{late}").status_code == 401
    assert rows() == []


def test_a_sign_in_from_outside_ends_with_the_account_or_when_an_admin_takes_it_away(
    app: Flask, provider: Provider
) -> None:
    staffing.add_user("ada@example.com", "Ada", "admin", "a long enough word", actor=people.CLOCK)
    come(app, provider, DANA)
    ada = Desk(app.test_client())
    ada.send("/login", email="ada@example.com", password="a long enough word")
    assert "They sign in by Sea Login." in ada.get("/people/dana")
    ada.send("/people/dana/outside/remove", page="/people/dana")
    assert rows() == []
    assert come(app, provider, {**DANA, "sub": "d-2"})[0] == 303


def test_a_provider_inside_the_house_is_called_only_where_a_setting_admits_it(
    sqlite: db.Database, tmp_path: Path, provider: Provider, clock: house_clock.Clock
) -> None:
    settings = told(sqlite, tmp_path, provider)
    del settings["PORTAL_OUTBOUND_ALLOW"]
    with pytest.raises(SettingsError, match="not a safe address"):
        Settings.load(settings)
    settings["PORTAL_OIDC_ISSUER"] = f"https://{provider.host}"
    app = create_app(Settings.load(settings))
    answer = Desk(app.test_client()).send("/login/outside", page="/login")
    assert (answer.status_code, "not on the public net" in answer.text) == (502, True)
    assert provider.calls == 0
    with pytest.raises(SettingsError, match="PORTAL_OIDC_CLIENT_ID: it is missing"):
        Settings.load({**settings, "PORTAL_OIDC_CLIENT_ID": ""})
    db.current().close()


def rows() -> list[Any]:
    with db.reading() as conn:
        return list(conn.execute(OutsideIdentity.__table__.select()))
