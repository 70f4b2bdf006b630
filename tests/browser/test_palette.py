"""The palette and keys: found, gone to and done without a mouse, and without a script as well."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.pages import press
from tests.browser.test_staff import place, problems, sign_in, visitor

__all__ = ["place"]
pytestmark = pytest.mark.browser


def test_whoever_types_finds_goes_and_does(browser: Browser, place: str) -> None:
    page = visitor(browser, 1280, scripts=True).new_page()
    sign_in(page, place)
    page.goto(f"{place}/definitions")
    page.get_by_role("link", name="Demo").first.focus()
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Find, go or do")
    expect(box).to_be_focused()
    assert problems(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Demo").first).to_be_focused()

    page.keyboard.press("Control+k")
    page.keyboard.type("vera vend")
    option = page.get_by_role("option", name="Demo Waiting for")
    expect(option).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="found")).to_have_text("One was found.")
    assert problems(page) == []
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "false")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/processes/[0-9a-f-]{36}$"))
    page.wait_for_load_state()  # until then no script hears the keys

    page.keyboard.press("Control+k")
    page.keyboard.type("cancel")
    page.get_by_role("option", name="Cancel the process On this page").first.click()
    expect(page.locator("#cancel-reason")).to_be_focused()


def test_single_keys_go_and_step_and_can_be_switched_off(browser: Browser, place: str) -> None:
    page = visitor(browser, 1280, scripts=True).new_page()
    sign_in(page, place)
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page).to_have_url(f"{place}/processes")
    page.wait_for_load_state()
    row = page.locator(".rows tbody th a").first
    page.keyboard.press("j")
    expect(row).to_be_focused()
    page.keyboard.press("/")
    field = page.get_by_role("searchbox", name="Find a process, a person, a file")
    expect(field).to_be_focused()
    page.keyboard.type("gp?")
    expect(field).to_have_value("gp?")

    row.focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert problems(page) == []
    page.get_by_label("Single keys do this").uncheck()
    page.get_by_role("button", name="Close").click()
    expect(row).to_be_focused()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(row).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_field_finds_without_a_script(browser: Browser, place: str) -> None:
    page = visitor(browser, 360).new_page()
    sign_in(page, place)
    page.get_by_role("searchbox", name="Find a process, a person, a file").fill("vera")
    page.keyboard.press("Enter")
    expect(page.locator("mark").first).to_have_text("Vera")
    page.get_by_role("searchbox", name="Words of").fill("nobody")
    press(page, "Find")
    expect(page.get_by_text("No process holds all of these words.")).to_be_visible()
