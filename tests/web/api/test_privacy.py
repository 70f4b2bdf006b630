"""Privacy by API: the dry run is what goes, holds forbid it, and a copy is of one person alone."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock as house_clock
from portal import db
from portal.actions import erasures as verbs
from portal.actions import processes
from portal.models import BookEntry, Erasure, ErasurePart, Hold, Participant
from tests import makers, people
from tests.web.api.conftest import Program

Programs = Callable[..., Program]
VERA = people.VERA["email"]
BOTH = f"{makers.FORM}\n" + """\
  - {id: word, assign: second, form: {fields: [{id: word, type: text, label: Word}]}}
"""  # fmt: skip
ERASE = {"basis": "request", "reference": "DSR 7", "confirm": "erase"}


def lived(*, is_over: bool = True) -> str:
    """A process in which Vera and Otto have answered."""
    process = makers.start(BOTH, participants={"second": people.OTTO})
    makers.fill(process, company="Vera and daughters")
    if is_over:
        makers.fill(process, "word", word="Otto’s own secret")
    return process


def parts(erasure: str) -> list[Any]:
    its = sa.select(ErasurePart.__table__).where(ErasurePart.erasure_id == erasure)
    with db.reading() as conn:
        return list(conn.execute(its))


def carried_out(erasure: str) -> None:
    for part in parts(erasure):
        verbs.carry_out(erasure, part.process_id)
    verbs.note_end(erasure)


def test_the_dry_run_of_a_process_is_just_what_goes(app: Flask, program: Programs) -> None:
    process, ada = lived(), program("ada")
    path = f"/processes/{process}/erasure"
    before = ada.get(path)
    assert (before["possible"], before["why_not"]) == (True, None)
    assert not makers.rows(Erasure)
    asked = ada.post(path, ERASE, 202)
    assert (asked["kind"], asked["reference"], asked["asked_by"]) == (
        "process", "DSR 7", "Ada Admin",
    )  # fmt: skip
    assert (asked["total"], asked["done"]) == (1, 0)
    carried_out(asked["id"])
    told = ada.get(f"/privacy/erasures/{asked['id']}")
    assert (told["done"], told["ended_at"] is None) == (1, False)
    [part] = parts(asked["id"])
    went = {kind: n for kind, n in part.counts.items() if kind in before["goes"]}
    assert went == before["goes"]
    assert ada.get(path)["goes"] == {}
    assert ada.get("/privacy/erasures")["items"][0] == told
    assert ada.get(f"/privacy/erasures?cursor={told['id']}")["items"] == []
    wrong = ada.get("/privacy/erasures?cursor=elsewhere", 422)
    assert [one["at"] for one in wrong["errors"]] == ["cursor"]


def test_one_person_is_looked_up_and_erased_and_what_runs_waits(
    app: Flask, program: Programs
) -> None:
    over, running = lived(), lived(is_over=False)
    ada, them = program("ada"), {"email": VERA.upper()}
    held = ada.post("/privacy/person", them)
    assert {one["process"]: one["erasing"]["possible"] for one in held["processes"]} == {
        over: True, running: False,
    }  # fmt: skip
    assert (held["has_account"], held["hold"], held["erased"]) == (False, None, [])
    asked = ada.post("/privacy/person/erasure", {**them, "basis": "request", "confirm": VERA}, 202)
    carried_out(asked["id"])
    told = ada.get(f"/privacy/erasures/{asked['id']}")
    assert (told["total"], told["done"], told["running"]) == (2, 1, 1)
    assert ada.post("/privacy/person", them)["erased"][0]["erasure"] == asked["id"]
    named = {row.process_id: row.email for row in makers.rows(Participant, role="vendor")}
    assert named == {over: None, running: VERA}
    kinds = [one.kind for one in makers.rows(BookEntry)]
    assert kinds.count("person-looked-up") == 2
    assert "vera" not in str(makers.rows(BookEntry)).lower()


def test_the_copy_by_api_is_that_of_the_page_and_of_nobody_else(
    app: Flask, program: Programs
) -> None:
    lived()
    answer = program("ada").ask("POST", "/privacy/person/copy", 200, json={"email": VERA})
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    whole = archive.read("data.json").decode()
    assert len(json.loads(whole)["processes"]) == 1
    assert "Vera and daughters" in whole
    assert "secret" not in whole
    assert "otto" not in whole
    [line] = [one for one in makers.rows(BookEntry) if one.kind == "person-exported"]
    assert line.told["count"] == 1


def test_a_hold_is_put_listed_and_lifted_and_forbids_meanwhile(
    app: Flask, program: Programs
) -> None:
    process = lived()
    dana, ada = program("dana"), program("ada")
    reason = {"reason": "Claim 12"}
    placed = [
        dana.post(f"/processes/{process}/holds", reason, 201),
        dana.post("/privacy/holds", {"definition": "demo", **reason}, 201),
        ada.post("/privacy/holds", {"email": " Vera@Vendor.example", **reason}, 201),
    ]
    assert [one["placed_by"] for one in placed] == ["Dana Owner", "Dana Owner", "Ada Admin"]
    assert placed[2]["email"] == VERA
    first = ada.get("/privacy/holds?limit=2")
    rest = ada.get(f"/privacy/holds?limit=2&cursor={first['next']}")
    assert [*first["items"], *rest["items"]] == placed[::-1]
    assert rest["next"] is None
    wrong = ada.get(f"/privacy/holds?cursor={process}", 422)
    assert [one["at"] for one in wrong["errors"]] == ["cursor"]
    assert dana.get(f"/processes/{process}/holds")["items"] == placed[:1]
    dana.post(f"/processes/{process}/holds", reason, 409)
    for one in placed:
        assert "Claim 12." in ada.get(f"/processes/{process}/erasure")["why_not"]
        assert "legal hold" in ada.post(f"/processes/{process}/erasure", ERASE, 409)["detail"]
        lift = f"/privacy/holds/{one['id']}/lift"
        assert ada.post(lift, {}, 422)["errors"][0]["at"] == "reason"
        assert ada.post(lift, {"reason": "Settled"}) == {"id": one["id"], "lifted": True}
        ada.post(lift, {"reason": "Settled"}, 409)
    assert ada.get(f"/processes/{process}/erasure")["possible"]
    assert all(one.lifted_at for one in makers.rows(Hold))


def test_the_dry_run_of_retention_comes_in_pages_and_says_what_stays(
    app: Flask, program: Programs, clock: house_clock.Clock
) -> None:
    head = makers.HEAD.replace("name: Demo\n", "name: Demo\nretention: 30 days\n", 1)
    ada = program("ada")
    made = [makers.start(makers.FORM, head=head), *(makers.start_again() for _ in range(3))]
    for process in made[:3]:
        processes.cancel(process, "Not needed.", actor=people.staff("dana"))
        clock.advance(minutes=1)
    assert ada.get("/privacy/due") == {"items": [], "next": None}
    ada.post(f"/processes/{made[1]}/holds", {"reason": "Claim 12"}, 201)
    clock.advance(days=31)
    [rule] = ada.get("/privacy/retention")["items"]
    assert (rule["keep"], rule["by"]) == ("30 days", "definition")
    assert [rule[name] for name in ("ended", "due", "held", "running")] == [3, 2, 1, 1]
    first = ada.get("/privacy/due?limit=2")
    rest = ada.get(f"/privacy/due?limit=2&cursor={first['next']}")
    assert [(one["process"], one["hold"]) for one in (*first["items"], *rest["items"])] == [
        (made[0], None), (made[1], "Claim 12."), (made[2], None),
    ]  # fmt: skip
    assert rest["next"] is None
    assert ada.get("/privacy/due?definition=other")["items"] == []
    wrong = ada.get("/privacy/due?cursor=elsewhere", 422)
    assert [one["at"] for one in wrong["errors"]] == ["cursor"], "and never the first page again"


@pytest.mark.parametrize(
    ("path", "sent", "at"),
    [
        ("/privacy/person", {"email": "vera"}, {"email"}),
        ("/privacy/person/copy", {}, {"email"}),
        ("/privacy/person/erasure", {"email": VERA, "confirm": "otto"}, {"basis", "confirm"}),
        ("/privacy/person/erasure", {"email": VERA, "reference": 7}, {"reference"}),
        ("/privacy/holds", {"reason": "x"}, {"definition"}),
        ("/privacy/holds", {"reason": "x", "definition": "demo", "email": VERA}, {"definition"}),
        ("/privacy/holds", {"reason": "x", "definition": "none"}, {"definition"}),
        ("/privacy/holds", {"email": VERA}, {"reason"}),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_at_its_place_and_nothing_happens(
    app: Flask, program: Programs, path: str, sent: dict[str, Any], at: set[str]
) -> None:
    refused = program("ada").post(path, sent, 422)
    assert {fault["at"] for fault in refused["errors"]} == at
    assert not makers.rows(Erasure)
    assert not makers.rows(Hold)
    assert not makers.rows(BookEntry)[1:]
