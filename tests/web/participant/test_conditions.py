"""Fields that hang on others, and the rows of tables: what a page asks as it stands."""

from typing import Any

from flask import Flask

from tests import makers
from tests.web.callers import at_the_desk
from tests.web.participant.conftest import Visitor, hidden_in

FORM = """\
  - id: details
    assign: vendor
    form:
      fields:
        - {id: insured, type: yes_no, label: Insured}
        - {id: policy, type: text, label: Policy, show_if: insured}
        - {id: until, type: date, label: Until, show_if: policy != ""}
        - {id: big, type: text, label: Why so much, show_if: inputs.amount > 100}
        - id: sites
          type: table
          label: Sites
          max: 5
          columns:
            - {id: town, type: text, label: Town}
            - {id: berth, type: text, label: Berth, show_if: town == "Kiel"}"""


def begun(visitor: Visitor, amount: str = "10") -> tuple[Any, str, dict[str, str]]:
    task = makers.task(makers.start(FORM, inputs={"amount": amount}), "details")
    path = visitor.enter(task)
    return task, path, hidden_in(visitor.get(path))


def test_the_page_knows_what_is_hidden_as_it_stands_and_each_draft_tells_it_anew(
    visitor: Visitor,
) -> None:
    _task, path, own = begun(visitor)
    off = "policy until big sites-1-berth sites-2-berth sites-3-berth"
    page = visitor.get(path)
    assert f'data-hidden="{off}"' in page
    assert 'name="policy"' in page, "without scripts it is shown and judged by what is sent"
    typed = {"insured": "yes", "policy": "P-1", "sites-2-town": "Kiel", "sites-1-town": "Ulm"}
    rows = {"_rows-sites": "3"}
    told = visitor.post(f"{path}/draft", {**own, **rows, **typed})
    assert (told.status_code, told.json) == (
        200,
        {"hidden": ["big", "sites-1-berth", "sites-3-berth"]},
    )
    assert 'data-hidden="big sites-1-berth sites-3-berth"' in (kept := visitor.get(path))
    assert 'value="P-1"' in kept
    _dear, place, own = begun(visitor, "1000")
    told = visitor.post(f"{place}/draft", {**own, "insured": "no", "_rows-sites": "0"})
    assert told.json == {"hidden": ["policy", "until", "sites-1-berth"]}


def test_a_form_without_conditions_says_nothing_of_them(visitor: Visitor) -> None:
    path = visitor.enter(makers.task(makers.start(makers.FORM), "details"))
    page = visitor.get(path)
    assert "data-hidden" not in page
    told = visitor.post(f"{path}/draft", {**hidden_in(page), "company": "Sea"})
    assert (told.status_code, told.text) == (204, "")


def test_without_scripts_a_button_takes_a_row_away_and_the_others_move_up(
    app: Flask, visitor: Visitor
) -> None:
    task, path, own = begun(visitor)
    typed = {
        **own, "_rows-sites": "3", "sites-1-town": "Ulm", "sites-2-town": "Kiel",
        "sites-2-berth": "B 2", "sites-3-town": "Bonn", "insured": "no",
    }  # fmt: skip
    page = visitor.post(path, {**typed, "_less": "sites-2"}).text
    assert 'name="sites-1-town" type="text" value="Ulm"' in page
    assert 'name="sites-2-town" type="text" value="Bonn"' in page
    assert 'name="sites-3-town"' not in page
    assert "Kiel" not in page
    assert 'aria-label="Remove row 2"' in page
    for odd in ("sites", "sites-0", "sites-x", "-1", "other-1", "sites-99999", "sites-²"):
        assert visitor.post(path, {**typed, "_less": odd}).status_code == 200
    assert visitor.post(path, {**typed, "_rows-sites": "1", "_less": "sites-1"}).status_code == 200
    assert "form.submitted" not in makers.types(task.process_id)
    dana = at_the_desk(app, "dana")
    dana.page = f"/tasks/{task.id}"
    kept = dana.call("POST", f"/tasks/{task.id}", {**typed, "_less": "sites-1", "_csrf": hidden_in(
        dana.client.get(f"/tasks/{task.id}").text)["_csrf"]})  # fmt: skip
    assert kept.status_code == 200
    assert 'value="Kiel"' in kept.text
    assert 'value="Ulm"' not in kept.text
