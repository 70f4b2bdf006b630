"""The desk in a real browser: without scripts, narrow and wide, sound for assistive software."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from app import create_app
from portal import db
from portal.actions import people as verbs
from portal.settings import Settings
from tests import makers, people
from tests.browser.pages import press

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
STEPS = """\
  - id: terms
    name: Set the terms
    assign: buyer
    due: 2 days
    form:
      fields:
        - {id: price, type: money, label: Price, currencies: [EUR, USD]}
        - {id: signed, type: yes_no, label: Signed}
        - {id: sites, type: table, label: Sites, columns: [{id: town, type: text, label: Town}]}
  - id: review
    name: Review the terms
    assign: buyer
    approval: {question: Are the terms right?, on_changes: {return_to: terms}}
  - {id: pay, name: Pay them, assign: finance, task: {instructions: Pay., checklist: [One, Two]}}"""
WIDTHS = (360, 1280)


@pytest.fixture
def place(sqlite: db.Database, tmp_path: Path) -> Iterator[str]:
    """The address of a portal with the cast, a definition and a process or two."""
    url = sqlite.url.render_as_string(hide_password=False)
    app = create_app(
        Settings.load({"PORTAL_DATA_DIR": str(tmp_path / "data"), "PORTAL_DATABASE_URL": url})
    )
    people.settle()
    verbs.add_user("dana@example.com", "Dana Owner", "admin", PASSWORD, actor=people.CLOCK)
    makers.start(STEPS)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


def visitor(browser: Browser, width: int, *, scripts: bool = False) -> BrowserContext:
    return browser.new_context(
        viewport={"width": width, "height": 800}, java_script_enabled=scripts, bypass_csp=scripts
    )


def sign_in(page: Page, place: str) -> None:
    page.goto(f"{place}/login")
    page.get_by_label("E-mail address").fill("dana@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_day_at_the_desk_without_scripts(browser: Browser, place: str, width: int) -> None:
    page = visitor(browser, width).new_page()
    sign_in(page, place)
    expect(page.get_by_role("heading", name="Your desk")).to_be_visible()

    page.get_by_role("link", name="Start a process").click()
    page.get_by_role("link", name="Demo").click()
    press(page, "Start the process")
    expect(page.get_by_role("alert")).to_contain_text("Say who it is, by e-mail address.")
    page.get_by_role("group", name="Vendor outside").first.get_by_label("E-mail").fill(
        "v@b.example"
    )
    page.get_by_label("Reference").fill("R-77")
    press(page, "Start the process")
    expect(page.get_by_text("The process is started.")).to_be_visible()

    page.get_by_role("link", name="Set the terms").last.click()
    page.get_by_label("Price: amount").fill("ten")
    page.get_by_label("Town, row 1").fill("Kiel")
    press(page, "Send the answers")
    expect(page.get_by_label("Price: amount")).to_have_value("ten")
    page.get_by_label("Price: amount").fill("10.50")
    page.get_by_label("Yes").check()
    press(page, "Send the answers")
    expect(page.get_by_text("is done and recorded")).to_be_visible()

    page.get_by_role("link", name="Open the process").click()
    page.get_by_role("link", name="Review the terms").last.click()
    page.get_by_label("Ask for changes").check()
    page.get_by_label("Needs a change: Price").check()
    page.get_by_label("Comment").fill("A little less.")
    press(page, "Send the decision")
    page.get_by_role("link", name="Open the process").click()
    expect(page.get_by_text("Dana Owner asked for changes to Price")).to_be_visible()

    page.get_by_text("Cancel the process").first.click()
    page.locator("#cancel-reason").fill("Enough seen.")
    press(page, "Cancel the process")
    expect(page.locator(".status")).to_contain_text("Cancelled on")


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_sound_and_fits(browser: Browser, place: str, width: int) -> None:
    page = visitor(browser, width, scripts=True).new_page()
    told = [page.goto(f"{place}/login") and problems(page)]
    sign_in(page, place)
    for path in addresses(page, place):
        page.goto(f"{place}{path}")
        told.append([f"{path}: {one}" for one in problems(page)])
    assert [one for some in told for one in some or []] == []


def addresses(page: Page, place: str) -> list[str]:
    """The pages of the rail, and one of each that they lead to."""
    paths = ["/", "/timeline", "/timeline?state=all&overdue=1", "/timeline/feed",
             "/processes", "/tasks", "/definitions", "/people", "/exceptions",
             "/search?q=vera", "/search", "/processes/new", "/processes/new/demo",
             "/definitions/demo", "/definitions/publish",
             "/processes/nothing"]  # fmt: skip
    page.goto(f"{place}/tasks")
    links = re.findall(r'href="(/(?:tasks|processes)/[0-9a-f-]{36})"', page.content())
    process = next(one for one in links if one.startswith("/processes/"))
    return [*paths, *sorted(set(links)), process.replace("processes", "timeline")]


def problems(page: Page) -> list[str]:
    """What assistive software would stumble over, and whether the page is wider than the window."""
    found = Axe().run(page).response
    assert len(found["passes"]) > 5
    told = [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        told.append("wider than the window")
    return told


def test_the_first_tab_skips_to_the_page(browser: Browser, place: str) -> None:
    page = visitor(browser, 1280).new_page()
    sign_in(page, place)
    page.goto(f"{place}/processes")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))


def test_a_row_opens_in_its_place_by_the_keyboard_and_news_come_by_themselves(
    browser: Browser, place: str
) -> None:
    makers.start_again()
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    sign_in(page, place)
    page.goto(f"{place}/timeline")
    rows = page.locator(".plane > .spans > li")
    expect(rows).to_have_count(2)
    first = rows.first.get_by_role("link")
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(rows.last.get_by_role("link").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(first.first).to_have_attribute("aria-expanded", "true")
    expect(rows.first.get_by_role("button", name="Remind Dana Owner")).to_be_visible()
    expect(rows.first.locator(".lanes .what")).to_have_text(["Dana Owner"])
    page.keyboard.press("Escape")
    expect(rows.first.locator(".opened")).to_have_count(0)
    # A look at what is new, as one comes back to the page.
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    with page.expect_response(re.compile("part=rows")):
        page.evaluate(look)
    makers.start_again()
    with page.expect_response(re.compile("part=rows")):
        page.evaluate(look)
    expect(rows).to_have_count(3)
    expect(page.get_by_role("status").last).to_have_text("One row has changed.")
    with page.expect_response(re.compile("part=rows")) as answer:
        page.evaluate(look)
    assert answer.value.status == 304
    assert not faults
