"""A supplier's journey in a real browser, without scripts; looks by scanners; pages for all."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import makers, people
from tests.browser.pages import press
from tests.web.participant.conftest import link_to
from tests.web.participant.test_conditions import FORM as CONDITIONS
from tests.web.participant.test_tasks import DETAILS, EXE, PAPERS, PDF, REVIEW

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE, DESKTOP = {"width": 320, "height": 640}, {"width": 1280, "height": 900}


@pytest.fixture
def process(site: str) -> str:
    return makers.start(f"{DETAILS}\n{PAPERS}\n{REVIEW}", participants={"second": people.OTTO})


@pytest.fixture
def phone(browser: "Browser") -> "Iterator[Page]":
    """A small phone that runs no scripts."""
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture(params=["light", "dark"])
def page(browser: "Browser", request: pytest.FixtureRequest) -> "Iterator[Page]":
    """A desktop browser, by day and by night."""
    context = browser.new_context(viewport=DESKTOP, color_scheme=request.param)
    yield context.new_page()
    context.close()


def enter(page: "Page", site: str, task: Any) -> None:
    page.goto(site + link_to(task))
    press(page)


def fill(page: "Page") -> None:
    """Every required entry of the form."""
    typed = {
        "company": 'Sea "& Sons" <b>', "contact": "ann@sea.example", "staff": "12",
        "fee-amount": "10.50", "since": "2001-02-03", "policy": "P-1", "sites-1-town": "Kiel",
        "sites-1-rooms": "3",
    }  # fmt: skip
    for name, value in (("insured", "yes"), ("size", "small"), ("fields", "sea")):
        page.check(f"[name={name}][value={value}]")
    for name, value in typed.items():
        page.fill(f'[name="{name}"]', value)


def pdf(name: str = "licence.pdf", content: bytes = PDF) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/pdf", "buffer": content}


def test_a_supplier_sends_everything_from_a_phone_without_scripts(
    phone: "Page", site: str, process: str
) -> None:
    enter(phone, site, makers.task(process, "details"))
    assert phone.url == f"{site}/w/{makers.task(process, 'details').id}"
    phone.fill("#company", "Sea Ltd")
    press(phone, "Send the answers")
    assert phone.locator(".summary").is_visible()
    assert phone.input_value("#company") == "Sea Ltd"
    fill(phone)
    press(phone, "Show more rows")
    assert phone.input_value("#company") == 'Sea "& Sons" <b>'
    press(phone, "Send the answers")
    assert phone.url.endswith("/receipt")
    enter(phone, site, makers.task(process, "papers"))
    phone.set_input_files("#licence", [pdf()])
    phone.set_input_files("#photos", [pdf("photo.png", EXE)])
    press(phone, "Send the documents")
    assert "licence.pdf" in phone.locator(".here").inner_text()
    press(phone, "Send the documents")
    receipt = phone.locator("main").inner_text()
    assert makers.task(process, "papers", state="done").done_hash in receipt
    assert "licence.pdf" in receipt


def test_no_page_of_a_phone_scrolls_sideways(phone: "Page", site: str, process: str) -> None:
    def fits() -> bool:
        width = phone.locator("html").bounding_box()
        wide = phone.locator("main *:visible").all()
        boxes = [one.bounding_box() for one in wide if one.get_attribute("class") != "sr"]
        assert width is not None
        return all(box is None or box["x"] + box["width"] <= width["width"] + 1 for box in boxes)

    enter(phone, site, makers.task(process, "details"))
    assert fits()
    press(phone, "Send the answers")
    assert fits()
    fill(phone)
    press(phone, "Send the answers")
    assert fits()
    enter(phone, site, makers.task(process, "papers"))
    assert fits()


def test_a_scanner_that_runs_scripts_changes_nothing(
    browser: "Browser", site: str, process: str
) -> None:
    task = makers.task(process, "details")
    before = makers.types(process)
    context = browser.new_context()
    page = context.new_page()
    page.goto(site + link_to(task))
    page.wait_for_load_state("networkidle")
    assert "Tell us about your company" not in page.content()
    assert context.cookies() == []
    assert makers.types(process) == before
    context.close()


def test_pages_load_nothing_from_elsewhere_and_break_no_rule(
    page: "Page", site: str, process: str
) -> None:
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    enter(page, site, makers.task(process, "details"))
    assert all(url.startswith(site) for url in asked)
    assert not [text for text in said if "Content Security Policy" in text]


def test_what_is_typed_is_kept_by_itself(process: str, site: str, page: "Page") -> None:
    enter(page, site, makers.task(process, "details"))
    page.fill("[name=company]", "Sea")
    page.get_by_text("Kept as a draft. Nothing is sent yet.").wait_for()
    page.reload()
    assert page.input_value("[name=company]") == "Sea"
    assert page.get_by_text("is filled in. Nothing is sent yet.").count() == 1
    assert Axe().run(page).violations_count == 0


def test_fields_show_and_rows_come_and_go_at_once(site: str, page: "Page") -> None:
    task = makers.task(makers.start(CONDITIONS, inputs={"amount": "10"}), "details")
    enter(page, site, task)
    policy, berth = page.locator("#policy"), page.locator("#sites-1-berth")
    assert not policy.is_visible()
    assert page.get_by_text("(if it applies)").locator("visible=true").count() == 0
    page.check("[name=insured][value=yes]")
    policy.wait_for()
    page.fill("#sites-1-town", "Kiel")
    page.press("#sites-1-town", "Tab")
    berth.wait_for()
    page.get_by_role("button", name="Add a row").click()
    assert page.evaluate("document.activeElement.name") == "sites-4-town"
    page.fill("#sites-4-town", "Bonn")
    page.get_by_role("button", name="Remove row 2").click()
    assert page.input_value("#sites-3-town") == "Bonn"
    assert page.locator("#sites-4-town").count() == 0
    for _ in range(2):
        page.get_by_role("button", name="Add a row").click()
    assert page.get_by_role("button", name="Add a row").count() == 0, "five are the most"
    page.check("[name=insured][value=no]")
    policy.wait_for(state="hidden")
    page.fill("#sites-1-berth", "B 2")
    assert Axe().run(page).violations_count == 0
    press(page, "Send the answers")
    assert page.url.endswith("/receipt")
    [done] = makers.runs(task.process_id, "details")
    assert [row["town"] for row in done.answers["sites"]] == ["Kiel", "Bonn"]
    assert done.answers["sites"][0]["berth"] == "B 2"


def test_a_signature_is_drawn_with_the_mouse(site: str, page: "Page") -> None:
    sign = "sign: {statement: I agree., methods: [drawn]}"
    process = makers.start(f"  - {{id: ok, assign: vendor, verify: link, {sign}}}")
    enter(page, site, makers.task(process, "ok"))
    assert Axe().run(page).violations_count == 0
    page.fill("[name=signature]", "Vera Vendor")
    sheet = page.locator("canvas").bounding_box()
    assert sheet is not None
    page.mouse.move(sheet["x"] + 40, sheet["y"] + 60)
    page.mouse.down()
    page.mouse.move(sheet["x"] + 220, sheet["y"] + 120, steps=8)
    page.mouse.up()
    page.get_by_role("button", name="Undo the last stroke").click()
    assert page.input_value("[name=drawing]") == ""
    page.mouse.move(sheet["x"] + 40, sheet["y"] + 60)
    page.mouse.down()
    page.mouse.move(sheet["x"] + 220, sheet["y"] + 120, steps=8)
    page.mouse.up()
    page.check("[name=agree]")
    press(page, "Sign")
    assert page.get_by_role("img", name="Signature drawn by Vera Vendor").count() == 1
    assert makers.events(process, "signature.made")[0]["data"]["method"] == "drawn"


def test_two_devices_find_each_others_draft_and_neither_takes_it_from_the_other(
    process: str, site: str, page: "Page", browser: "Browser"
) -> None:
    task = makers.task(process, "details")
    enter(page, site, task)
    with browser.new_context(viewport=PHONE) as context:
        phone = context.new_page()
        enter(phone, site, task)
        page.fill("[name=company]", "Sea")
        page.get_by_text("Kept as a draft. Nothing is sent yet.").wait_for()
        phone.fill("[name=company]", "Lake")
        phone.get_by_text("This was filled in on another device meanwhile.").wait_for()
        assert Axe().run(phone).violations_count == 0
        phone.get_by_role("button", name="Keep what stands here").click()
        phone.get_by_text("Kept as a draft. Nothing is sent yet.").wait_for()
        phone.get_by_role("button", name="Keep what stands here").wait_for(state="hidden")
        page.fill("[name=contact]", "ann@sea.example")
        page.get_by_text("This was filled in on another device meanwhile.").wait_for()
        assert page.input_value("[name=company]") == "Sea"
        page.get_by_role("link", name="Show what was typed there").click()
        assert page.input_value("[name=company]") == "Lake"
        page.fill("[name=contact]", "bob@lake.example")
        page.get_by_text("Kept as a draft. Nothing is sent yet.").wait_for()
