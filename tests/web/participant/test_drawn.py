"""A drawn signature: kept with the form, recorded as points, shown wherever the signature is."""

import json
from typing import Any

import pytest
from flask import Flask

from portal import db
from portal.ledger.tables import Disclosure
from tests import makers
from tests.web.callers import at_the_desk, by_token
from tests.web.participant.conftest import Visitor
from tests.web.participant.test_signatures import send

LINE = [[[10, 10], [400, 300], [900, 20]]]
SIGNED = {"signature": "Vera Vendor", "agree": "yes"}


def asked(methods: str) -> Any:
    sign = f"sign: {{statement: I agree., methods: {methods}}}"
    step = f"  - {{id: promise, assign: vendor, verify: link, {sign}}}"
    return makers.task(makers.start(step), "promise")


def test_the_drawing_is_recorded_and_shown_on_the_receipt_and_at_the_desk(
    visitor: Visitor, app: Flask
) -> None:
    task = asked("[typed, drawn]")
    place = visitor.enter(task)
    assert "data-drawing" in visitor.get(place)
    sent = send(visitor, place, drawing=json.dumps(LINE), **SIGNED)
    assert sent.status_code == 303
    path = 'd="M10 10 L400 300 L900 20"'
    assert path in visitor.get(f"{place}/receipt")
    assert path in at_the_desk(app, "dana").client.get(f"/processes/{task.process_id}").text
    [made] = makers.events(task.process_id, "signature.made")
    assert made["data"]["method"] == "drawn"
    kept = [row for row in _disclosed(task.process_id) if row.field == "drawing"]
    assert [json.loads(row.value) for row in kept] == [LINE]


def _disclosed(process: str) -> list[Any]:
    with db.reading() as conn:
        table = Disclosure.__table__
        return list(conn.execute(table.select().where(table.c.log == process)))


def test_a_typed_name_counts_the_same(visitor: Visitor) -> None:
    task = asked("[typed, drawn]")
    place = visitor.enter(task)
    assert send(visitor, place, drawing="", **SIGNED).status_code == 303
    [made] = makers.events(task.process_id, "signature.made")
    assert made["data"]["method"] == "typed"


@pytest.mark.parametrize(
    ("methods", "drawing", "told"),
    [
        ("[drawn]", "", "Draw your signature in the field."),
        ("[drawn]", "[[[1,1]]]", "Draw your signature in the field."),
        ("[typed, drawn]", "<svg/>", "The drawing could not be read."),
        ("[typed]", json.dumps(LINE), "takes a typed name"),
    ],
)
def test_a_wrong_drawing_is_told_and_the_name_is_kept(
    visitor: Visitor, methods: str, drawing: str, told: str
) -> None:
    task = asked(methods)
    answer = send(visitor, visitor.enter(task), drawing=drawing, **SIGNED)
    assert answer.status_code == 422
    assert told in answer.text
    assert 'value="Vera Vendor"' in answer.text
    assert "signature.made" not in makers.types(task.process_id)


def test_a_drawing_is_kept_while_another_entry_is_looked_at_again(visitor: Visitor) -> None:
    place = visitor.enter(asked("[drawn]"))
    answer = send(visitor, place, drawing=json.dumps(LINE), signature="Vera")
    assert answer.status_code == 422
    assert 'name="drawing" value="[[[10, 10], [400, 300], [900, 20]]]"' in answer.text


def test_by_api_the_strokes_come_as_lists(app: Flask) -> None:
    step = "  - {id: ok, assign: buyer, sign: {statement: I agree., methods: [drawn]}}"
    task = makers.task(makers.start(step), "ok")
    tool, place = by_token(app, "dana"), f"/api/v1/tasks/{task.id}/complete"
    body = {"signature": "Dana", "agree": True}
    refused = tool.call("POST", place, {"json": body})
    assert (refused.status_code, refused.json["errors"][0]["at"]) == (422, "drawing")
    assert tool.call("POST", place, {"json": {**body, "drawing": LINE}}).status_code == 200
