"""The page of a definition: how it fares, and saying whether it still matches reality."""

from collections.abc import Callable

from tests import makers
from tests.web.staff.conftest import Desk


def test_it_is_doubted_with_a_reason_shown_to_all_and_confirmed_again(
    desk: Callable[[str], Desk],
) -> None:
    makers.publish(makers.FORM, makers.HEAD + "review_every: 90 days\n")
    dana, page = desk("dana"), "/definitions/demo"
    assert "Nobody has started one in the last twelve months." in dana.get(page)
    makers.fill(makers.start_again(), company="Sea")
    shown = dana.get(page)
    assert "1 completed (100 %)" in shown
    assert "Nothing of it is stuck or late." in shown
    refused = dana.send(f"{page}/outdated", page=page, note=" ")
    assert refused.status_code == 422
    assert "Say in a sentence what no longer matches." in refused.text
    said = dana.send(f"{page}/outdated", page=page, note="Legal <looks> first.")
    assert said.status_code == 303
    assert "Out of date" in dana.get("/definitions")
    shown = desk("aud").get(page)
    assert "said that version 1 no longer matches: Legal &lt;looks&gt; first." in shown
    assert "It no longer matches" not in shown  # an auditor reads, and says nothing
    assert dana.send(f"{page}/confirm", page=page).status_code == 303
    assert "Dana Owner confirmed version 1." in dana.get(page)
    assert "Out of date" not in dana.get("/definitions")
