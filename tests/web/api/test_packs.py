"""Evidence packs by API: asked for, watched, fetched."""

from collections.abc import Callable
from typing import Any

from flask import Flask

from tasks import job, relay
from tests import makers


def test_a_pack_is_asked_for_built_and_fetched(app: Flask, program: Callable[..., Any]) -> None:
    job.open_house(app.config["SETTINGS"])
    ids = [makers.start(makers.FORM), makers.start_again()]
    dana = program("dana")
    told = dana.post("/packs", {"definition": "demo", "states": ["running"]}, 202)
    assert (told["state"], told["total"], told["through"], told["url"]) == ("running", 2, 0, None)
    dana.ask("GET", f"/packs/{told['id']}/file", 409)
    while relay.carry_out_here([route for route in relay.ROUTES if "pack" in route.kinds[0]]):
        pass
    told = dana.get(f"/packs/{told['id']}")
    assert (told["state"], told["through"], told["failed"]) == ("done", 2, [])
    answer = dana.ask("GET", f"/packs/{told['id']}/file", 200)
    assert len(answer.data) == told["size"]
    assert answer.data[:2] == b"PK"
    one = dana.post("/packs", {"processes": ids[:1], "files": False}, 202)
    assert one["total"] == 1
    program("finn").get(f"/packs/{told['id']}", 404)
    program("aud").get(f"/packs/{told['id']}", 200)


def test_what_is_faulty_is_told_at_its_place(app: Flask, program: Callable[..., Any]) -> None:
    process = makers.start(makers.FORM)
    dana = program("dana")
    for body, at in (
        ({"processes": "x"}, "processes"),
        ({"files": "yes"}, "files"),
        ({"since": "soon"}, "since"),
        ({"states": ["asleep"]}, "state"),
        ({"until": 3}, "until"),
        ({"language": "xx"}, "language"),
        ({"processes": []}, "processes"),
    ):
        assert dana.post("/packs", body, 422)["errors"][0]["at"] == at
    dana.post("/packs", {"processes": ["nothing"]}, 404)
    program("finn").post("/packs", {"processes": [process]}, 403)
