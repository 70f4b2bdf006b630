"""What tests in a browser do to a page."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def press(page: "Page", name: str | None = None) -> None:
    """Press the button of that name (the only one) and wait until the answer's page is there.

    Without the wait what is looked at next may still be the page before, or no page at all.
    """
    with page.expect_navigation(wait_until="load"):
        page.get_by_role("button", name=name).click()
