"""Sending files in a real browser: chosen, dropped, cut off midway, gone on with elsewhere."""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from portal.models import FileRow, Upload
from tests import makers
from tests.browser.pages import press
from tests.browser.test_participant import enter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Request, Route

PAPERS = """\
  - id: papers
    name: Send your papers
    assign: vendor
    upload:
      documents:
        - {id: licence, name: Trade licence, accept: [pdf], max_size: 40 MB}
        - {id: photos, name: Photos, accept: [png, jpg], required: false, max: 3}"""
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
LARGE = PDF + os.urandom(3_000_000)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0" * 400


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "licence.pdf"
    path.write_bytes(LARGE)
    return path


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """A phone with scripts."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(browser: "Browser") -> "Iterator[Page]":
    """Another device of the same person."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    yield context.new_page()
    context.close()


def chosen(name: str, content: bytes) -> Any:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def violations(page: "Page") -> int:
    return int(Axe().run(page).violations_count)


def at(request: "Request") -> int | None:
    """Where a piece begins; ``None`` for what is no piece."""
    is_piece = request.method == "PATCH"
    return int(request.headers["upload-offset"]) if is_piece else None


def cut_after(page: "Page", pieces: int) -> list[int]:
    """Lose the connection for good when so many pieces have passed; where each began."""
    seen: list[int] = []

    def meet(route: "Route") -> None:
        start = at(route.request)
        if len(seen) >= pieces:
            route.abort("internetdisconnected")
            return
        seen.extend([] if start is None else [start])
        route.continue_()

    page.route("**/uploads/**", meet)
    return seen


def test_u07_an_upload_cut_in_the_middle_goes_on_where_it_stopped(
    page: "Page", site: str, large: Path
) -> None:
    enter(page, site, makers.task(makers.start(PAPERS), "papers"))
    seen = cut_after(page, 2)
    page.set_input_files("#licence", large)
    row = page.locator("[data-going] li")
    row.get_by_text("No connection. It goes on by itself").wait_for()
    assert 0 < row.locator("progress").evaluate("one => one.position") < 1
    assert violations(page) == 0
    page.get_by_role("button", name="Send the documents").click()
    page.get_by_text("Some files are still on their way.").wait_for()
    page.unroute("**/uploads/**")
    page.on("request", lambda one: seen.extend([] if at(one) is None else [at(one)]))
    page.evaluate("dispatchEvent(new Event('online'))")
    page.get_by_text("What was received").wait_for()  # sent by itself, for the button was pressed
    assert seen == sorted(set(seen))  # nothing that had arrived was sent again
    digest = hashlib.sha256(LARGE).hexdigest()
    assert [one.sha256 for one in makers.rows(FileRow, state="received")] == [digest]


def test_u07_what_arrived_in_part_goes_on_on_another_device(
    page: "Page", desk: "Page", site: str, large: Path, tmp_path: Path
) -> None:
    task = makers.task(makers.start(PAPERS), "papers")
    enter(page, site, task)
    cut_after(page, 2)
    page.set_input_files("#licence", large)
    page.locator("[data-going]").get_by_text("No connection.").wait_for()
    [half] = makers.rows(Upload)
    another = tmp_path / "other" / "licence.pdf"
    another.parent.mkdir()
    another.write_bytes(PDF + os.urandom(3_000_000))
    enter(desk, site, task)
    desk.get_by_text("Choose the same file again").wait_for()
    assert violations(desk) == 0
    seen: list[int] = []
    desk.on("request", lambda one: seen.extend([] if at(one) is None else [at(one)]))
    desk.set_input_files("#licence", another)
    desk.get_by_text("licence.pdf has arrived.").wait_for()
    assert seen[0] == 0  # another file of the same name and size
    seen.clear()
    desk.set_input_files("#licence", large)
    expect(desk.locator("[data-part]")).to_have_count(0)
    desk.get_by_text("licence.pdf has arrived.").wait_for()
    expect(desk.locator("[data-going] li")).to_have_count(0)
    assert seen[0] == half.reached > 0
    [row] = makers.rows(FileRow, state="staged")
    assert row.sha256 == hashlib.sha256(LARGE).hexdigest()


DROP = """([field, files]) => {
    const brought = new DataTransfer();
    for (const [name, text] of files) {
        brought.items.add(new File([Uint8Array.from(text, (one) => one.charCodeAt(0))], name));
    }
    document.querySelector(`[data-document=${field}]`).dispatchEvent(
        new DragEvent("drop", {dataTransfer: brought, bubbles: true, cancelable: true}));
}"""


def test_several_at_once_each_for_itself(desk: "Page", site: str) -> None:
    enter(desk, site, makers.task(makers.start(PAPERS), "papers"))
    png, exe = PNG.decode("latin-1"), "MZ" + "\0" * 300
    files = [["one.png", png], ["two.png", exe], ["three.jpg", png]]
    desk.evaluate(DROP, ["photos", files])
    fault = desk.locator("[data-going] .is-faulty")
    expect(fault).to_have_count(1)
    expect(desk.locator("[data-going] li")).to_have_count(1)
    assert "two.png" in fault.inner_text()
    photos = desk.locator("[data-document=photos]")
    expect(photos.locator("[data-file]").first).to_contain_text("one.png")
    assert violations(desk) == 0
    # By keyboard: let go of what is not taken, the focus stays at the place.
    fault.get_by_role("button", name="Remove").press("Enter")
    assert desk.evaluate("document.activeElement.id") == "photos"
    desk.set_input_files("#photos", [chosen("copy.png", PNG)])
    desk.get_by_text("copy.png is here already, so it is kept once.").wait_for()
    desk.set_input_files("#photos", [chosen(f"{n}.png", PNG + b"%d" % n) for n in range(3)])
    desk.get_by_text("Send at most 3 files here. Take one back first.").wait_for()
    photos.get_by_role("button", name="Take back").press("Enter")
    expect(photos.locator("[data-file]")).to_have_count(0)
    assert desk.evaluate("document.activeElement.id") == "photos"
    desk.set_input_files("#licence", [chosen("licence.pdf", PDF)])
    desk.get_by_text("licence.pdf has arrived.").wait_for()
    digest = hashlib.sha256(PDF).hexdigest()
    arrived = desk.locator("[data-document=licence] [data-here]")
    expect(arrived).to_contain_text(f"{digest[:8]} {digest[8:16]}")
    assert violations(desk) == 0
    press(desk, "Send the documents")
    assert [one.name for one in makers.rows(FileRow, state="received")] == ["licence.pdf"]
