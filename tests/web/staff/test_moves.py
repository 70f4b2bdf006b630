"""Moving a process to another version at the desk, and what its pages show of the old one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from portal import db
from portal.actions import moves, trails
from portal.delivery import pdf_reading
from portal.delivery.seal import Seal
from portal.models import Task, Trail
from tests import makers, people, seals
from tests.actions.test_moves import FORM, LATE, LOOK
from tests.web.callers import by_link, by_token
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]


@pytest.fixture
def process(app: object) -> str:
    return makers.start(f"{FORM}\n{LOOK}")


def test_it_is_looked_at_first_and_then_moved(process: str, desk: Desks) -> None:
    dana, place = desk("dana"), f"/processes/{process}"
    assert "Move to another version" not in dana.get(place)
    makers.publish(f"{FORM}\n{LOOK}\n{LATE}")
    looked = dana.send(f"{place}/move", page=place, version="2", reason="New law.", _preview="yes")
    assert looked.status_code == 200
    assert "It can be moved to version 2." in looked.text
    assert "Nothing has been changed yet." in looked.text
    assert "New law." in looked.text
    assert makers.process(process).version == 1
    moved = dana.send(f"{place}/move", page=place, version="2", reason="New law.")
    assert moved.status_code == 303
    page = dana.get(place)
    assert "goes on under version 2" in page
    assert "moved the process from version 1 of its definition to version 2" in page


def test_a_reason_that_is_missing_is_told_at_its_place(process: str, desk: Desks) -> None:
    makers.publish(f"{FORM}\n{LOOK}\n{LATE}")
    place = f"/processes/{process}"
    answer = desk("dana").send(f"{place}/move", page=place, version="2", reason="")
    assert answer.status_code == 422
    assert "Say in a sentence why it is moved." in answer.text


def test_where_it_cannot_be_moved_the_reason_is_shown(process: str, desk: Desks) -> None:
    makers.publish(LOOK)
    place, dana = f"/processes/{process}", desk("dana")
    looked = dana.send(f"{place}/move", page=place, version="2", reason="", _preview="yes")
    assert "It can’t be moved to version 2." in looked.text
    assert "which version 2 does not have" in looked.text
    refused = dana.send(f"{place}/move", page=place, version="2", reason="Why not.")
    assert refused.status_code == 409
    assert "which version 2 does not have" in refused.text


def test_what_was_done_in_a_step_that_is_gone_can_still_be_read(
    app: Flask, process: str, desk: Desks, tmp_path: Path
) -> None:
    makers.fill(process, company="Sea & Sons")
    done = makers.rows(Task, process_id=process, step="details")[0]
    makers.publish(f"{LATE}\n{LOOK}")
    moves.migrate(process, 2, "Fewer questions.", actor=people.staff("dana"))
    dana = desk("dana")
    for path in (f"/processes/{process}", f"/tasks/{done.id}", "/", "/timeline", "/processes"):
        dana.get(path)
    guest = by_link(app, done)
    receipt = guest.client.get(f"/w/{done.id}/receipt")
    assert receipt.status_code == 200
    assert "Sea &amp; Sons" in receipt.text
    tool = by_token(app, "dana")
    for path in (f"/processes/{process}", f"/processes/{process}/events", f"/tasks/{done.id}"):
        assert tool.call("GET", f"/api/v1{path}", {}).status_code == 200
    seal = Seal.of(tmp_path)
    [row] = makers.rows(Trail, id=trails.ask(process, actor=people.staff("dana")))
    trails.anchor(process, seal, row.seq)
    with db.reading() as conn:
        pages = seals.trail(
            conn, process, row.seq, brand="Sea", tz="UTC", public_key=str(seal.public_key),

        )  # fmt: skip
    pdf = seals.sealed(pages, seal)
    (tmp_path / "trail.pdf").write_bytes(pdf)
    told = " ".join(pdf_reading.text(tmp_path / "trail.pdf").split())
    assert "Sea & Sons" in told
    assert "Fewer questions." in told
