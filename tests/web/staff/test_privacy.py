"""The pages of privacy: what is held of a person, their copy, holds, and erasing."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask

from portal import db
from portal.actions import erasures, processes
from portal.actions import people as verbs
from portal.clock import Clock
from portal.delivery.storage import Store
from portal.models import BookEntry, Erasure, ErasurePart, Hold
from tests import makers, people
from tests.web.callers import at_the_desk
from tests.web.staff.conftest import Desk
from tests.web.staff.test_account import PASSWORD

Desks = Callable[[str], Desk]
BOTH = """\
  - {id: details, assign: vendor, form: {fields: [{id: company, type: text, label: Company}]}}
  - {id: papers, assign: vendor, upload: {documents: [{id: licence, name: Licence}]}}
  - {id: word, assign: second, form: {fields: [{id: word, type: text, label: Word}]}}
"""
VERA = people.VERA["email"]


def lived(app: Flask) -> str:
    """A process in which Vera and Otto have answered, and Vera sent a file."""
    process = makers.start(BOTH, participants={"second": people.OTTO})
    makers.fill(process, company="Vera and daughters")
    store = Store(app.config["SETTINGS"].storage_dir)
    kept = store.put(io.BytesIO(b"%PDF her licence"), max_bytes=100)
    arrived = makers.arrived("licence")
    makers.send(process, "papers", type(arrived)(
        document="licence", name="licence.pdf", size=kept.size, sha256=kept.sha256,
        media_type="application/pdf", storage_id=kept.id,
    ))  # fmt: skip
    makers.fill(process, "word", word="Otto’s own secret")
    return process


def export(ada: Desk) -> tuple[dict[str, Any], zipfile.ZipFile]:
    answer = ada.send("/privacy/export", page="/privacy", email=VERA)
    assert answer.mimetype == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    return json.loads(archive.read("data.json")), archive


def test_p04_their_copy_holds_all_that_is_theirs_and_nothing_of_anybody_else(
    app: Flask, desk: Desks
) -> None:
    lived(app)
    processes.comment(lived(app), "She is slow.", actor=people.staff("dana"))
    told, archive = export(desk("ada"))
    assert len(told["processes"]) == 2
    gave = [event["gave"] for event in told["processes"][0]["events"]]
    assert {"company": "Vera and daughters"} in [one.get("answers") for one in gave]
    [file] = told["processes"][0]["files"]
    assert file["name"] == "licence.pdf"
    assert archive.read(file["path"]) == b"%PDF her licence"
    whole = archive.read("data.json").decode() + archive.read("summary.txt").decode()
    for others in ("secret", "Otto", "otto@", "Dana", "She is slow", "192.0.2.1"):
        assert others not in whole, others
    assert "licence.pdf (16 bytes)" in whole


def test_the_copy_of_somebody_unknown_is_empty_and_says_so(app: Flask, desk: Desks) -> None:
    answer = desk("ada").send("/privacy/export", page="/privacy", email="nobody@sea.example")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert json.loads(archive.read("data.json"))["processes"] == []
    assert "No process has this address" in archive.read("summary.txt").decode()


def test_looking_taking_and_erasing_are_in_the_book_and_say_of_nobody_whose(
    app: Flask, desk: Desks
) -> None:
    lived(app)
    ada = desk("ada")
    shown = ada.send("/privacy/person", page="/privacy", email=VERA).text
    assert "Takes part in 1 process" in shown
    export(ada)
    done = ada.send(
        "/privacy/erase", page="/privacy", email=VERA, basis="request", confirm=VERA
    )  # fmt: skip
    assert done.status_code == 303
    lines = makers.rows(BookEntry)
    assert {"person-looked-up", "person-exported", "erasure-asked"} <= {one.kind for one in lines}
    assert "vera" not in str(lines).lower()
    book = ada.get("/book?topic=privacy")
    assert "Ada Admin took all that is held of one person, from one process." in book
    assert "because the person asked for it" in book


def test_what_is_missing_stands_at_its_place_and_nothing_typed_is_lost(
    app: Flask, desk: Desks
) -> None:
    lived(app)
    ada = desk("ada")
    answer = ada.send("/privacy/erase", page="/privacy", email=VERA, reference="Ms. Vera’s",
                      confirm="vera")  # fmt: skip
    assert answer.status_code == 422
    for sentence in ("Choose why it is erased", "no name", "Type the address once more."):
        assert sentence in answer.text
    assert "Ms. Vera’s" in answer.text
    assert not makers.rows(Erasure)


def test_nobody_who_found_a_screen_open_erases_anything(
    app: Flask, desk: Desks, clock: Clock
) -> None:
    process = lived(app)
    verbs.add_user("ada@example.com", "Ada", "admin", PASSWORD, actor=people.CLOCK)
    ada = desk("ada")
    clock.advance(minutes=11)
    page = f"/processes/{process}/erase"
    typed = {"basis": "request", "reference": "DSR 7"}
    person = {"email": VERA, "confirm": VERA, **typed}
    for where, of, form in (("/privacy/erase", "/privacy", person),
                            (page, page, {"confirm": "erase", **typed})):  # fmt: skip
        sent = ada.send(where, page=of, **form)
        assert sent.location == f"/me/prove?next={of}"
        assert not makers.rows(Erasure)
        ada.send("/me/prove", password=PASSWORD, next=of)
        looks = len(makers.rows(BookEntry, kind="person-looked-up"))
        shown = ada.get(of)
        assert "Nothing was erased yet." in shown
        seen = len(makers.rows(BookEntry, kind="person-looked-up")) - looks
        assert seen == (of == "/privacy"), "what is held of somebody is shown, so it is noted"
        assert "DSR 7" in shown
        assert f'value="{form["confirm"]}"' in shown
        assert ada.send(where, page=of, **form).status_code == 303
        assert len(makers.rows(Erasure)) == 1
        with db.transaction() as tx:
            tx.execute(sa.delete(ErasurePart))
            tx.execute(sa.delete(Erasure))
        clock.advance(minutes=11)


def test_the_page_of_a_process_shows_what_goes_and_erases_it(app: Flask, desk: Desks) -> None:
    process = lived(app)
    ada = desk("ada")
    page = f"/processes/{process}/erase"
    assert "What goes" in ada.get(page)
    assert "Files <small>1</small>" in ada.get(page)
    assert ada.send(page, basis="purpose", confirm="Erase").status_code == 303
    assert "It is being erased" in ada.get(page)
    [part] = [row for row in erased_parts() if row.process_id == process]
    erasures.carry_out(part.erasure_id, process)
    after = ada.get(page)
    assert "Nothing personal is left" in after
    assert "it is no longer needed for what it was collected for" in after
    shown = ada.get(f"/processes/{process}")
    assert "Ada Admin erased the personal data" in shown
    assert "daughters" not in shown
    assert "None" not in shown.split("Who takes part")[1].split("Evidence")[0]


def erased_parts() -> list[Any]:
    with db.reading() as conn:
        return list(conn.execute(sa.select(ErasurePart.__table__)))


def test_a_hold_is_put_and_lifted_on_the_page_and_refuses_meanwhile(
    app: Flask, desk: Desks
) -> None:
    process = lived(app)
    dana, ada = desk("dana"), desk("ada")
    page = f"/processes/{process}/erase"
    assert dana.send(f"/processes/{process}/hold", page=page, reason="Claim 12").status_code == 303
    refused = ada.send(page, basis="request", confirm="erase")
    assert refused.status_code == 409
    assert "A legal hold stands on it: Claim 12." in refused.text
    [hold] = makers.rows(Hold)
    assert "Claim 12." in ada.get("/privacy")
    lift = f"/privacy/holds/{hold.id}/lift"
    assert ada.send(lift, page="/privacy", reason="").status_code == 422
    assert ada.send(lift, page="/privacy", reason="Settled").status_code == 303
    assert "Nothing is on hold" in ada.get("/privacy")


def test_the_overview_says_what_is_kept_how_long_and_what_is_due(
    app: Flask, desk: Desks, clock: Any
) -> None:
    head = makers.HEAD.replace("name: Demo\n", "name: Demo\nretention: 30 days\n", 1)
    process = makers.start(makers.FORM, head=head)
    ada = desk("ada")
    assert "30 days" in ada.get("/privacy")
    processes.cancel(process, "Not needed.", actor=people.staff("dana"))
    clock.advance(days=31)
    later = at_the_desk(app, "ada").client.get("/privacy/due").text
    assert f"/processes/{process}/erase" in later
    assert "Goes" in later
