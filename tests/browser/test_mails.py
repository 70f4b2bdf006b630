"""A mail as its reader sees it: on a phone, by day and by night, however long its words are."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from portal.brand import Brand
from tasks import letterhead
from tests.structure import letters

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LONG = "Unternehmensbeteiligungsgesellschaftsvertragsunterlagen"
ADDRESS = f"https://example.com/{'x' * 70}"


def facts_of(letter: Any) -> dict[str, Any]:
    """The letter's facts, with names and addresses that find no room in a line."""
    facts = {**letter.facts, "comment": ADDRESS, "body": f"See {ADDRESS} and [it]({ADDRESS})."}
    if facts.get("task") is not None:
        facts["task"] = letters.task(name=f"{LONG} etc.", kind="upload")
    if facts.get("files"):
        facts["files"] = [letters.file(f"scan_{LONG}.pdf")]
    return facts


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_mail_is_wider_than_a_phone_and_each_can_be_read(
    site: str, browser: "Browser", scheme: str
) -> None:
    firsts = {one.template: one for one in reversed(list(letters.every()))}
    with browser.new_context(
        viewport={"width": 320, "height": 640}, color_scheme=scheme
    ) as context:
        page = context.new_page()
        for template, one in firsts.items():
            letter = replace(one, facts=facts_of(one))
            mail = letterhead.message(letter, "id", at=letters.NOW, brand=Brand("Sea Trading"))
            page.set_content(mail.html)
            width = page.evaluate("document.documentElement.scrollWidth")
            assert (template, width) == (template, 320)
            seen = page.locator("body").inner_text()
            assert seen.startswith("Sea Trading"), "what is for the inbox does not show"
            if template in ("invite", "receipt", "digest", "code"):
                found = Axe().run(page, options={"resultTypes": ["violations"]})
                names = {one["id"] for one in found.response["violations"]}
                assert names <= {"landmark-one-main", "region", "page-has-heading-one"}
