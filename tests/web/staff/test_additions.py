"""A step is added at the desk, from a few words or as a definition has it; and by programs."""

from collections.abc import Callable

from flask import Flask

from tests import makers
from tests.actions.test_additions import FORM, LOOK
from tests.web.callers import by_token
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]

WORDS = {
    "ask": "Send us <proof> of your {{ address }}",
    "wanted": "files",
    "who": "*",
    "email": "otto@lake.example",
    "person": "Otto Lake",
    "due": "3 days",
    "place": "after@details",
    "reason": "The bank wants it.",
    "text": "",
}


def test_a_few_words_at_the_desk_are_a_step_of_the_process(app: Flask, desk: Desks) -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    dana, place = desk("dana"), f"/processes/{process}"
    page = dana.get(place)
    assert "Add a step" in page
    assert 'value="before@details"' not in page
    assert 'value="after@details"' in page
    assert "Add a step" not in desk("finn").get(place)

    empty = dana.send(f"{place}/steps", page=place, **{**WORDS, "ask": "", "email": "otto"})
    assert empty.status_code == 422
    assert "Say what is asked" in empty.text
    assert "Write an e-mail address such as" in empty.text
    assert "The bank wants it." in empty.text
    late = dana.send(f"{place}/steps", page=place, **{**WORDS, "due": "soon"})
    assert late.status_code == 422
    assert 'id="add-due-fault"' in late.text
    assert "Otto Lake" in late.text
    done = dana.send(f"{place}/steps", page=place, **WORDS)
    assert done.status_code == 303
    page = dana.get(place)
    assert "Added to this process" in page
    assert "Send us &lt;proof&gt; of your {{ address }}" in page
    assert "The bank wants it." in page
    assert "to this process alone" in page
    makers.fill(process, company="Sea")
    assert makers.task(process, "added_1").name == WORDS["ask"]

    passed = dana.send(f"{place}/steps", page=place, **WORDS)
    assert passed.status_code == 409
    assert "can’t be added after “Details” any more" in passed.text


def test_what_is_written_at_the_desk_keeps_its_faults_with_their_lines(desk: Desks) -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    dana, place = desk("dana"), f"/processes/{process}"
    written = "assign: buyer\ntask: {checklist: []}"
    told = dana.send(f"{place}/steps", page=place, **{**WORDS, "text": written})
    assert told.status_code == 422
    assert "Line 2, checklist: is an empty list" in told.text
    assert "task: {checklist: []}" in told.text
    fine = written.replace("[]", "[One, Two]")
    assert dana.send(f"{place}/steps", page=place, **{**WORDS, "text": fine}).status_code == 303
    makers.fill(process, company="Sea")
    assert makers.task(process, "added_1").kind == "task"


def test_programs_add_a_step_and_read_what_was_added(app: Flask) -> None:
    process = makers.start(f"{FORM}\n{LOOK}")
    dana, place = by_token(app, "dana"), f"/api/v1/processes/{process}/steps"
    step = {"id": "proof", "name": "Proof", "assign": "vendor", "task": {"checklist": []}}
    body = {"step": step, "after": "details", "reason": "The bank wants it."}
    wrong = dana.call("POST", place, {"json": body})
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["at"] == "6: checklist"
    told = dana.call("POST", place, {"json": {**body, "step": {**step, "task": {}}}})
    assert (told.status_code, told.json["step"]) == (201, "proof")
    [added] = told.json["process"]["added"]
    assert {added[key] for key in ("step", "name", "after", "by", "reason")} == {
        "proof", "Proof", "details", "Dana Owner", "The bank wants it.",
    }  # fmt: skip
    again = dana.call("POST", place, {"json": {**body, "step": "assign: vendor\ntask: {}"}})
    assert again.json["step"] == "added_1"
    for sent, at in (
        ({**body, "step": 4}, "step"), ({**body, "reason": ""}, "reason"),
        ({**body, "after": "nope", "step": {**step, "id": "x"}}, "after"),
        ({**body, "after": 7}, "after"),
    ):  # fmt: skip
        refused = dana.call("POST", place, {"json": sent})
        assert (refused.status_code, refused.json["errors"][0]["at"]) == (422, at)
    makers.fill(process, company="Sea")
    passed = dana.call("POST", place, {"json": {**body, "before": "details", "after": None}})
    assert passed.status_code == 422
    del body["after"]
    passed = dana.call("POST", place, {"json": {**body, "before": "details"}})
    assert passed.status_code == 409
