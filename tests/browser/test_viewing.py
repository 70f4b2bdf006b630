"""A file looked at in a real browser: on a small phone without our scripts, by axe and by eye."""

from pathlib import Path
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

from portal import db
from portal.delivery.renditions import Shelf
from portal.delivery.storage import Store
from portal.models import FileRow
from portal.settings import Settings
from tests import documents, makers
from tests.browser.pages import press
from tests.browser.test_everyone import EVERY_RULE, LOOKED_AT, WHOLE, _page
from tests.browser.test_participant import enter, pdf
from tests.web.participant.test_signatures import SEAL
from tests.web.participant.test_tasks import PAPERS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def paint(folder: Path) -> None:
    """Make the pictures of the files that are here."""
    url = db.current().url.render_as_string(hide_password=False)
    told = {"PORTAL_DATA_DIR": str(folder), "PORTAL_DATABASE_URL": url}
    settings = Settings.load(told)
    shelf = Shelf(Store(settings.storage_dir), settings.secret_keys)
    for row in makers.rows(FileRow):
        shelf.build(row.storage_id, row.media_type, row.sha256)


def judge(page: "Page") -> None:
    judged = Axe().run(page, options=EVERY_RULE)
    assert not judged.violations_count, judged.generate_report()
    assert page.evaluate(LOOKED_AT) == WHOLE


def test_a_document_is_looked_at_before_it_is_signed(
    browser: "Browser", site: str, tmp_path: Path
) -> None:
    page = _page(browser, scripted=False)
    process = makers.start(f"{PAPERS}\n{SEAL}")
    enter(page, site, makers.task(process, "papers"))
    page.set_input_files("#licence", pdf(content=documents.pdf(4)))
    press(page, "Send the documents")
    page.get_by_role("link", name="Look at it").click()
    page.get_by_text("This file is being prepared to be shown here.").wait_for()
    judge(page)
    paint(tmp_path / "data")
    page.get_by_role("link", name="Look again").click()
    judge(page)
    last = page.get_by_role("img", name="Page 4 of 4 of licence.pdf")
    last.scroll_into_view_if_needed()
    page.wait_for_function("() => [...document.images].at(-1).naturalWidth > 0")
    last.click()  # the picture by itself, in full; the browser's own way back leads back
    page.wait_for_url("**/pages/4?full")
    page.go_back()
    enter(page, site, makers.task(process, "seal"))
    assert page.get_by_role("img", name="of licence.pdf").count() == 3
    judge(page)
    page.get_by_role("link", name="Look at all 4 pages").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="licence.pdf").wait_for()
    page.context.close()
