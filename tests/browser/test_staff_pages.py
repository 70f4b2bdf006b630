"""Pages of staff that no day at the desk leads to: sound by axe, light, and quiet."""

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize

from portal import db
from portal.models import Process, User
from tests.browser.pages import press
from tests.browser.test_everyone import EVERY_RULE
from tests.browser.test_staff import place, sign_in

__all__ = ["place"]  # the fixture

pytestmark = pytest.mark.browser
MOST_BYTES = 100_000
SHEET = "vendor.email,vendor.name\nann@sea.example,Ann\nnone,Bob\n"


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_every_other_page_is_sound_fits_and_is_light(
    browser: Browser, place: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    size = ViewportSize(width=width, height=800)
    page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    sign_in(page, place)
    for path in [*_addresses(), _draft(page, place)]:
        answer = page.goto(f"{place}{path}")
        assert answer is not None, path
        assert answer.ok, path
        complaints += [f"{path}: {one}" for one in _problems(page, len(answer.body()))]
    assert complaints == []


def _addresses() -> list[str]:
    with db.reading() as conn:
        user = conn.execute(User.__table__.select()).first()
        process = conn.execute(Process.__table__.select()).first()
    assert user is not None
    assert process is not None
    return ["/insights", "/me", "/me/prove", "/me/second-factor", "/book", "/automations",
            "/batches", "/processes?state=all&q=demo", "/processes/new/demo/many",
            "/requests/new", "/definitions/demo/sheet", "/definitions/demo/differences",
            "/definitions/demo/move", f"/people/{user.id}", "/people", "/search?q=demo",
            "/exceptions", "/timeline", "/timeline?state=all&zoom=year", "/timeline/feed",
            f"/timeline/{process.id}", "/settings"]  # fmt: skip


def _draft(page: Page, place: str) -> str:
    """The address of a draft of starts, with a row that is ready and one that is not."""
    page.goto(f"{place}/processes/new/demo/many")
    sheet = FilePayload(name="vendors.csv", mimeType="text/csv", buffer=SHEET.encode())
    page.set_input_files("input[type=file]", sheet)
    press(page, "Look at the rows")
    found = re.search("/batches/.+$", page.url)
    assert found is not None, page.url
    return found[0]


def _problems(page: Page, n_bytes: int) -> list[str]:
    """What axe finds with every rule of WCAG 2.2 AA; what is too wide or too heavy."""
    found = Axe().run(page, options=EVERY_RULE).response["violations"]
    told = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        told.append("wider than the window")
    if n_bytes > MOST_BYTES:
        told.append(f"{n_bytes:,} bytes")
    return told
