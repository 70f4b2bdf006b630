"""A passkey in a real browser, with a virtual authenticator in the place of a finger."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from app import create_app
from portal import clock as house_clock
from portal import db
from portal.actions import people as verbs
from portal.settings import Settings
from tests import people
from tests.browser.conftest import _nothing
from tests.browser.pages import press
from tests.browser.test_staff import PASSWORD, problems, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def place(sqlite: db.Database, clock: house_clock.Clock, tmp_path: Path) -> Iterator[str]:
    """A portal that is reached by a name, as passkeys need."""
    server = make_server("127.0.0.1", 0, _nothing, threaded=True)
    address = f"http://localhost:{server.server_port}"
    url = sqlite.url.render_as_string(hide_password=False)
    told = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": url, "BASE_URL": address}
    server.app = create_app(Settings.load({f"PORTAL_{name}": at for name, at in told.items()}))
    people.settle()
    verbs.add_user("dana@example.com", "Dana Owner", "admin", PASSWORD, actor=people.CLOCK)
    running = threading.Thread(target=server.serve_forever, daemon=True)
    running.start()
    yield address
    server.shutdown()
    running.join()
    server.server_close()
    db.current().close()


def test_a08_a_passkey_is_added_opens_the_door_shows_who_sits_there_and_is_removed(
    browser: Browser, place: str, clock: house_clock.Clock
) -> None:
    page = browser.new_context(viewport={"width": 360, "height": 800}).new_page()
    finger = page.context.new_cdp_session(page)
    finger.send("WebAuthn.enable")
    finger.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    sign_in(page, place)
    expect(page.get_by_role("heading", name="Your desk")).to_be_visible()
    page.goto(f"{place}/me")
    press(page, "Add a passkey")
    expect(page.get_by_text("Give it a name")).to_be_visible()
    page.get_by_label("Where it is kept").fill("work laptop")
    press(page, "Add a passkey")
    expect(page.get_by_text("you can sign in by this passkey alone")).to_be_visible()
    expect(page.get_by_role("rowheader", name="work laptop")).to_be_visible()

    press(page, "Sign out")
    press(page, "Use a passkey")
    expect(page.get_by_role("heading", name="Your desk")).to_be_visible()
    page.goto(f"{place}/me")
    expect(page.get_by_text("by passkey", exact=True)).to_be_visible()
    assert problems_of(browser, page.context.cookies(), place) == []

    clock.advance(minutes=11)
    press(page, "Remove")
    expect(page).to_have_url(re.compile(r"/me/prove"))
    press(page, "Use a passkey")
    press(page, "Remove")
    expect(page.get_by_text("opens the door no more")).to_be_visible()
    press(page, "Sign out")
    press(page, "Use a passkey")
    expect(page.get_by_role("alert").filter(has_text="not known here")).to_be_visible()


def problems_of(browser: Browser, cookies: object, place: str) -> list[str]:
    """What is wrong with the page for assistive software, at both widths."""
    told = []
    for width in (360, 1280):
        context = browser.new_context(viewport={"width": width, "height": 800}, bypass_csp=True)
        context.add_cookies(cookies)  # type: ignore[arg-type]
        page = context.new_page()
        for path in ("/me", "/me/prove", "/me/second-factor", "/book", "/people/dana", "/people"):
            page.goto(f"{place}{path}")
            told += [f"{path}: {one}" for one in problems(page)]
    return told
