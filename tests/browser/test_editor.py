"""The editor in a real browser: what one types is judged, completed and published."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from portal.models import DefinitionRow
from tests import makers
from tests.browser.test_staff import place, sign_in

__all__ = ["place"]  # the fixture

pytestmark = pytest.mark.browser
COMPLAINTS: list[str] = []
TEXT = f"{makers.HEAD.replace('key: demo', 'key: fresh')}steps:\n{makers.FORM}\n"


@pytest.fixture(autouse=True)
def _no_complaints() -> Iterator[None]:
    """What the page's own rules refuse fails the test."""
    COMPLAINTS.clear()
    yield
    assert COMPLAINTS == []


def editor(browser: Browser, place: str, width: int = 1280) -> Page:
    # The page's own rules hold here: scripts and styles of the portal, and no others.
    page = browser.new_context(viewport={"width": width, "height": 800}).new_page()
    page.on("console", lambda said: COMPLAINTS.append(said.text) if "Policy" in said.text else None)
    sign_in(page, place)
    page.goto(f"{place}/definitions/publish")
    return page


def test_a_fault_shows_at_its_line_and_goes_with_it(browser: Browser, place: str) -> None:
    page = editor(browser, place)
    text = page.get_by_label("Or the text itself")
    text.fill(TEXT.replace("type: text", "type: txt"))
    becomes = page.get_by_role("region", name="What it becomes")
    expect(becomes.get_by_role("heading")).to_contain_text("One thing needs another look")
    line = TEXT.split("\n").index(makers.FORM.strip("\n")) + 1
    expect(page.locator(".lines .is-faulty")).to_have_text(str(line))
    expect(page.locator("[data-editor-told]")).to_contain_text("One thing needs another look")
    becomes.get_by_role("link", name=re.compile(f"Line {line}")).click()
    assert text.evaluate("one => one.value.slice(one.selectionStart, one.selectionEnd)") == (
        makers.FORM.replace("type: text", "type: txt")
    )
    text.fill(TEXT)
    expect(becomes.get_by_role("heading").first).to_contain_text("would become version 1 of fresh")
    expect(becomes.locator("svg.chart")).to_be_visible()
    expect(page.locator(".lines .is-faulty")).to_have_count(0)
    page.get_by_role("button", name="Publish the definition").click()
    expect(page.get_by_role("heading", name="Demo", exact=True)).to_be_visible()
    assert [row.version for row in makers.rows(DefinitionRow, key="fresh")] == [1]


@pytest.mark.parametrize("width", [360, 1280])
def test_keys_and_values_are_completed_by_keyboard(
    browser: Browser, place: str, width: int
) -> None:
    page = editor(browser, place, width)
    text = page.get_by_label("Or the text itself")
    text.fill(TEXT)
    text.press("Control+End")
    text.type("  - id: more\n")
    text.type("assi")
    offers = page.get_by_role("listbox", name="What may be written here")
    expect(offers.get_by_role("option").first).to_contain_text("assign")
    found = Axe().run(page, context="main")
    assert found.response["violations"] == [], found.generate_report()
    text.press("Enter")
    expect(offers).to_be_hidden()
    text.press("Control+Space")
    expect(offers.get_by_role("option").first).to_have_text("vendor")
    text.press("ArrowDown")
    text.press("ArrowDown")
    text.press("Tab")
    assert text.input_value().endswith("  - id: more\n    assign: buyer")
    text.press("Control+Space")
    text.press("Escape")
    text.press("Tab")
    expect(text).not_to_be_focused()


def test_nothing_runs_off_a_narrow_page(browser: Browser, place: str) -> None:
    page = editor(browser, place, 360)
    page.get_by_label("Or the text itself").fill(TEXT)
    expect(page.locator("svg.chart")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
