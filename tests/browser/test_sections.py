"""A long form in parts, in a real browser: how far it is, told as it is filled in."""

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests import makers
from tests.browser.pages import press
from tests.browser.test_everyone import EVERY_RULE, LOOKED_AT, WHOLE
from tests.browser.test_participant import enter
from tests.web.participant.conftest import link_to

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LONG = """\
  - id: long
    name: Tell us about your company
    assign: vendor
    due: 5 days
    form:
      fields:
        - {id: company, type: text, label: Company name, section: Your company}
        - {id: number, type: text, label: Registration number}
        - {id: country, type: choice, label: Country, options: [NO, SE, DK]}
        - {id: web, type: url, label: Website, required: false}
        - {id: bank, type: text, label: Bank, section: Bank details}
        - {id: iban, type: text, label: IBAN, pattern: "[A-Z]{2}[0-9]+", help: As on a statement.}
        - {id: limit, type: money, label: Credit limit, currencies: [EUR, USD]}
        - {id: insured, type: yes_no, label: Insured, section: Insurance and everything that belongs to it}
        - {id: policy, type: text, label: Policy number, show_if: insured}
        - {id: until, type: date, label: Insured until, show_if: insured}
        - {id: quay, type: text, label: Which quay, show_if: insured, section: Quays}
        - {id: sites, type: table, label: Sites, section: Sites, columns: [{id: town, type: text, label: Town}, {id: rent, type: money, label: Rent, currencies: [EUR, USD]}]}
        - {id: first, type: text, label: First contact, section: Contacts}
        - {id: second, type: text, label: Second contact, required: false}
        - {id: note, type: multiline, label: Remarks, required: false, section: Remarks}"""  # noqa: E501

# Whether nothing lies over what has the focus, WCAG 2.4.11.
IS_FREE = """() => {
  const one = document.activeElement;
  const at = one.getBoundingClientRect();
  const middle = at.top + Math.min(at.height, 20) / 2;
  const top = document.elementFromPoint(at.left + at.width / 2, middle);
  return at.top >= 0 && (one === top || one.contains(top) || top.contains(one));
}"""


@pytest.mark.parametrize(("width", "language"), [(320, "en"), (1280, "ar")])
def test_it_counts_as_it_is_filled_in_and_its_list_leads_to_each_part(
    site: str, browser: "Browser", width: int, language: str
) -> None:
    task = makers.task(makers.start(LONG), "long")
    scheme = "dark" if language == "ar" else "light"
    with browser.new_context(
        viewport={"width": width, "height": 700}, locale=language, color_scheme=scheme
    ) as context:
        page = context.new_page()
        page.goto(site + link_to(task))
        press(page)
        total, insurance = page.locator('[data-count=""]'), page.locator("[data-to=_part-3]")
        quays = page.get_by_role("heading", name="Quays")
        page.fill("#company", "Sea")
        expect(total.first).to_contain_text("1")
        page.locator("[name=limit-currency]").select_option("USD")
        expect(page.locator("[data-to=_part-2]")).to_contain_text("0")
        expect(quays).to_be_hidden()
        page.check("[name=insured][value=yes]")
        expect(quays).to_be_visible()
        expect(insurance).to_contain_text("3")
        page.fill("#policy", "P")
        page.fill("#until", "2027-01-01")
        expect(insurance.locator("[data-done]")).to_have_count(1)
        page.locator("[data-to=_part-6] a").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "_part-6"
        assert page.evaluate(IS_FREE)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "first"
        assert page.evaluate(IS_FREE)
        assert page.evaluate(LOOKED_AT) == WHOLE
        assert Axe().run(page, options=EVERY_RULE).response["violations"] == []
        press(page, page.locator(".answer .send button").first.inner_text())
        assert page.evaluate("document.activeElement.id") == "summary"
        for at in ("limit", "sites", "_part-2"):
            page.locator(f'.summary a[href="#{at}"]').click()
            assert page.evaluate("document.activeElement.id") == at
            assert page.evaluate(IS_FREE)
        assert page.evaluate(LOOKED_AT) == WHOLE
        assert Axe().run(page, options=EVERY_RULE).response["violations"] == []


def test_without_scripts_it_tells_how_far_the_draft_is(site: str, browser: "Browser") -> None:
    task = makers.task(makers.start(LONG), "long")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        enter(page, site, task)
        page.fill("#company", "Sea")
        page.check("[name=insured][value=yes]")
        expect(page.get_by_text("0 of 9 answered").first).to_be_visible()
        press(page, "Keep as a draft")
        expect(page.get_by_text("2 of 12 answered").first).to_be_visible()
        page.get_by_role("navigation").get_by_role("link", name="Contacts").click()
        assert page.url.endswith("#_part-6")
