"""The editor: what a text would become while it is written, and what is different afterwards."""

import html
from typing import Any

from portal.models import DefinitionRow
from tests import makers
from tests.web.staff.test_looked import TEXT
from tests.web.staff.test_start import Desks

PAGE = "/definitions/publish"


def test_a_look_tells_faults_at_their_line_and_changes_nothing(desk: Desks) -> None:
    dana = desk("dana")
    wrong = dana.send("/definitions/look", page=PAGE, text=TEXT.replace("type: text", "type: txt"))
    assert wrong.status_code == 200
    line = TEXT.split("\n").index(makers.FORM.strip("\n")) + 1
    assert f'data-line="{line}"' in wrong.text
    sound = dana.send("/definitions/look", page=PAGE, text=TEXT).text
    for said in ("would become version 1 of demo", "<svg", "If one started now", "undone for ever"):
        assert said in sound, said
    assert "shown here while it is written" in dana.send("/definitions/look", page=PAGE).text
    assert not makers.rows(DefinitionRow)


def test_a_look_at_the_next_version_tells_what_changes_and_for_whom(desk: Desks) -> None:
    safe = makers.FORM.replace("assign: vendor", "assign: vendor, control: true")
    makers.start(safe)
    told = (
        desk("dana")
        .send("/definitions/look", page=PAGE, text=TEXT.replace("name: Demo", "name: Show"))
        .text
    )
    for said in ("version 2 of demo", "Its name changed from “Demo” to “Show”.",
                 "A safeguard would go",
                 "1 process runs on earlier versions and stays there."):  # fmt: skip
        assert said in told, said


def test_what_may_stand_at_the_caret_is_offered(desk: Desks) -> None:
    dana = desk("dana")
    place: dict[str, Any] = {"line": "0", "column": "2"}
    found = dana.send("/definitions/complete", page=PAGE, text="ow", **place).json
    [owner] = found["items"]
    assert (owner["label"], owner["insert"]) == ("owner", "owner: ")
    assert "answers for the outcome" in owner["detail"]
    assert dana.send("/definitions/complete", page=PAGE, text="ow", line="x").status_code == 422
    large = dana.send("/definitions/complete", page=PAGE, text="a" * 600_000, **place)
    assert large.status_code == 422


def test_whoever_writes_their_first_begins_with_an_example_that_holds(desk: Desks) -> None:
    dana = desk("dana")
    assert 'href="/definitions/publish?example=yes"' in dana.get("/definitions")
    page = dana.get("/definitions/publish?example=yes")
    text = html.unescape(page.split('name="text"')[1].split(">", 1)[1].split("</textarea>")[0])
    assert "owner: dana@example.com" in text
    told = dana.send("/definitions/look", page=PAGE, text=text).text
    assert "It is sound and would become version 1 of papers" in told
    assert "In use this may hurt" not in told
    assert dana.send("/definitions/publish", page=PAGE, text=text).status_code == 303


def test_two_versions_are_told_apart(desk: Desks) -> None:
    makers.publish(makers.FORM)
    dana = desk("dana")
    alone = dana.get("/definitions/demo/differences")
    assert "Nothing to compare yet" in alone
    assert "<select" not in alone
    makers.publish(makers.FORM.replace("label: Company", "label: <Firm>"))
    page = dana.get("/definitions/demo/differences")
    assert "“Details”: fields changed: “&lt;Firm&gt;” is otherwise." in page
    assert "label: &lt;Firm&gt;" in page
    assert 'class="gone"' in page
    assert "From version 2 to version 1" in dana.get("/definitions/demo/differences?from=2&to=1")
    assert "From version 1 to version 2" in dana.get("/definitions/demo/differences?from=x&to=99")
    assert "/definitions/demo/differences" in dana.get("/definitions/demo")
