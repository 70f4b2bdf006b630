"""The pages of settings in a real browser: an admin changes the house, and the letter wears it."""

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect

from tests.browser.pages import press
from tests.browser.test_everyone import EVERY_RULE
from tests.browser.test_staff import place, sign_in
from tests.web.staff.test_house import picture

__all__ = ["place"]  # the fixture

pytestmark = pytest.mark.browser
PAGES = ("", "/sender", "/brand?brand_colour=%23ffd54a", "/calendar?holidays=DE", "/keeping")


def at_the_desk(browser: Browser, place: str, width: int, scheme: Literal["light", "dark"]) -> Page:
    size = ViewportSize(width=width, height=900)
    page = browser.new_context(viewport=size, color_scheme=scheme, bypass_csp=True).new_page()
    sign_in(page, place)
    return page


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_settings_are_sound_and_fit(
    browser: Browser, place: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = at_the_desk(browser, place, width, scheme)
    for path in PAGES:
        answer = page.goto(f"{place}/settings{path}")
        assert answer is not None
        assert len(answer.body()) < 100_000
        found = Axe().run(page, options=EVERY_RULE).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == [], path
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), path


def test_a_brand_is_seen_while_it_is_typed_and_worn_once_it_is_saved(
    browser: Browser, place: str
) -> None:
    page = at_the_desk(browser, place, 1280, "light")
    page.goto(f"{place}/settings/brand")
    page.locator("#b-name").fill("Sea & Sons")
    page.locator("#b-colour").fill("#7a1f4e")
    look = page.locator("[data-looked]")
    expect(look.get_by_text("Sea & Sons").first).to_be_visible()
    pressed = look.locator(".light .press").first
    expect(pressed).to_have_css("background-color", re.compile(r"rgb\(1\d\d, \d\d, \d\d\)"))
    logo = FilePayload(name="l.png", mimeType="image/png", buffer=picture().getvalue())
    page.set_input_files("input[type=file]", logo)
    press(page, "Save the brand")
    expect(page.get_by_text("Saved. It holds everywhere")).to_be_visible()
    expect(page.locator(".rail .brand")).to_have_text("Sea & Sons")
    page.goto(f"{place}/fresh")
    picture_shown = page.locator("img.logo")
    expect(picture_shown).to_be_visible()
    assert picture_shown.evaluate("one => one.naturalWidth") == 640


def test_without_scripts_a_fault_stands_at_its_place_and_what_was_typed_beside_it(
    browser: Browser, place: str
) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, place)
    page.goto(f"{place}/settings/calendar")
    page.get_by_label("Working hours").fill("Mon-Fri 08:00-16:00")
    page.get_by_label("Holidays of").fill("Narnia")
    press(page, "Save the calendar")
    expect(page.locator("#c-days-fault")).to_contain_text("not a country")
    expect(page.get_by_label("Working hours")).to_have_value("Mon-Fri 08:00-16:00")
    page.get_by_label("Holidays of").fill("DE-BE")
    press(page, "Save the calendar")
    expect(page.get_by_text("Saved. It holds everywhere")).to_be_visible()
    expect(page.get_by_text("Women").first).to_be_visible()
