"""The API as programs know it: shapes, refusals, repeats, paging."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, request_finished

from portal import db
from portal.actions import processes
from portal.delivery.seal import Seal
from portal.delivery.storage import Store
from portal.ledger import ed25519
from portal.ledger.findings import SOUND
from portal.ledger.tables import Disclosure
from portal.ledger.verify import verify
from portal.models import Trail
from portal.web.api.entry import CALLS, OPEN
from tests import makers, people
from tests.web.api.conftest import Program

Make = Callable[..., Program]

FORM = (
    "  - {id: details, assign: vendor, form: {fields: [{id: company, type: text, label: Company},"
    " {id: pay, type: money, label: Pay, currencies: [EUR]}, {id: ok, type: yes_no, label: OK}]}}"
)
LOOK = (
    "  - {id: look, assign: buyer, approval: {question: Good?, on_changes: {return_to: details}}}"
)
VERA = {"email": "vera@vendor.example", "name": 'Vera "V" <b>'}
DANA = {"email": "dana@example.com", "name": "Dana Owner"}
ANSWER = {"company": "Sea", "pay": {"amount": "10.50", "currency": "EUR"}, "ok": True}


def body(**more: Any) -> dict[str, Any]:
    people = {"vendor": VERA, "buyer": DANA}
    return {"definition": "demo", "inputs": {"amount": "10.50"}, "participants": people, **more}


@pytest.fixture
def dana(program: Make) -> Program:
    """Dana's program, with the demo definition published."""
    made = program("dana")
    source = f"{makers.HEAD}steps:\n{FORM}\n{LOOK}\n"
    made.ask("POST", "/definitions", 201, data=source.encode(), content_type="application/yaml")
    return made


def started(dana: Program, **more: Any) -> Any:
    return dana.post("/processes", body(**more), 201)


def open_task(dana: Program, process: str) -> Any:
    (task,) = dana.get(f"/tasks?state=open&process={process}")["items"]
    return task


def do(dana: Program, process: str, answer: dict[str, Any], status: int = 200) -> Any:
    task = open_task(dana, process)
    return dana.post(f"/tasks/{task['id']}/complete", answer, status)


def test_a_version_without_a_safeguard_says_so_before_and_when_it_is_published(
    dana: Program,
) -> None:
    plain = f"{makers.HEAD}steps:\n{makers.FORM}\n"
    guarded = plain.replace("assign:", "control: true, assign:")
    told = dana.ask("POST", "/definitions", 201, data=guarded.encode())
    assert told.json == {"key": "demo", "version": 2}
    for query, status in (("?dry_run=true", 200), ("", 201)):
        told = dana.ask("POST", f"/definitions{query}", status, data=plain.encode()).json
        assert told["version"] == 3
        assert "safeguard" in told["remarks"][0]
        assert ("warnings" in told) == bool(query)


def test_what_happens_while_the_ledger_is_handed_out_does_not_make_it_incomplete(
    app: Flask, dana: Program
) -> None:
    process = started(dana)["id"]

    def meanwhile(*_: object, **__: object) -> None:
        processes.comment(process, "One moment later.", actor=people.staff("dana"))
        with db.transaction() as tx:  # as an erasure does; whoever reads slowly has all of it
            tx.execute(sa.delete(Disclosure).where(Disclosure.log == process))

    before = makers.types(process)
    with request_finished.connected_to(meanwhile, app):
        lines = dana.ask("GET", f"/processes/{process}/ledger", 200).data.splitlines(keepends=True)
    key = Seal.of(app.config["SETTINGS"].data_dir).public_key
    report = verify(lines, key=ed25519.public_key(str(key)))
    assert report.verdict == SOUND, list(report.told())
    assert report.events == len(before) < len(makers.types(process))


ON_BEHALF = {"on_behalf": True, "reason": "on the phone"}


def test_the_same_content_is_no_new_version_and_a_fault_names_its_line(dana: Program) -> None:
    source = f"{makers.HEAD}steps:\n{FORM}\n{LOOK}\n"
    again = dana.ask("POST", "/definitions", 200, data=source.encode())
    assert again.json == {"key": "demo", "version": 1}
    wrong = source.replace("kind: external, name: Vendor}", "kind: alien, name: Vendor}")
    problem = dana.ask("POST", "/definitions", 422, data=wrong.encode())
    assert problem.content_type == "application/problem+json"
    (fault,) = problem.json["errors"]
    assert fault["at"].endswith(": kind")
    assert int(fault["at"].split(":")[0]) == 5
    # Whoever reads the sentence alone learns the place, too.
    assert "line 5: kind: is 'alien'" in problem.json["detail"]


def test_a_process_has_the_promised_shape(dana: Program) -> None:
    made = started(dana, reference="PO 7")
    shape = dana.get(f"/processes/{made['id']}")
    assert shape["participants"]["vendor"] == VERA
    assert shape["inputs"] == {"amount": "10.50"}
    assert shape["state"] == "running"
    assert shape["reference"] == "PO 7"
    assert shape["steps"]["details"] == {"outcome": None, "company": None, "pay": None, "ok": None}
    (held,) = shape["waiting_for"]
    assert held["step"] == "details"
    assert held["who"]["email"] == VERA["email"]
    assert shape["exceptions"] == []


def test_answers_come_back_as_they_were_given(dana: Program) -> None:
    process = started(dana)["id"]
    done = do(dana, process, {**ANSWER, **ON_BEHALF})
    assert done["state"] == "done"
    assert dana.get(f"/processes/{process}")["steps"]["details"] == {
        "outcome": "completed", **ANSWER,
    }  # fmt: skip
    do(dana, process, {"decision": "approve"})
    assert dana.get(f"/processes/{process}")["state"] == "completed"


def test_a_start_may_be_sent_twice(dana: Program) -> None:
    key = {"Idempotency-Key": "order-7"}
    first = dana.post("/processes", body(), 201, headers=key)
    assert dana.post("/processes", body(), 201, headers=key)["id"] == first["id"]
    dana.post("/processes", body(reference="x"), 409, headers=key)
    assert len(dana.get("/processes")["items"]) == 1


@pytest.mark.parametrize(
    ("sent", "at"),
    [
        ({"definition": "nope"}, "definition"),
        ({"definition": 7}, "definition"),
        ({"inputs": {"amount": "many"}}, "amount"),
        ({"inputs": []}, "inputs"),
        ({"participants": {}}, "participants.vendor"),
        ({"participants": {"vendor": {"email": "no address"}}}, "participants.vendor"),
        (
            {"participants": {"vendor": VERA, "buyer": {"email": "x@y.example"}}},
            "participants.buyer",
        ),
        ({"participants": {"vendor": VERA, "ghost": VERA}}, "participants.ghost"),
        ({"reference": 7}, "reference"),
        ({"reference": "a\0"}, "reference"),
        ({"participants": {"vendor": {"email": "\ud800@x.example"}}}, "participants.vendor.email"),
        ({"participants": {"vendor": {"email": "a\u202eb@x.example"}}}, "participants.vendor"),
        ({"inputs": {"\ud800": 1}}, "inputs"),
    ],
)
def test_a_faulty_start_names_the_place(dana: Program, sent: dict[str, Any], at: str) -> None:
    problem = dana.post("/processes", body(**sent), 422)
    assert any(fault["at"].startswith(at) for fault in problem["errors"]), problem
    assert dana.get("/processes")["items"] == []


@pytest.mark.parametrize("raw", [b"{", b"[]", b'"x"', b"\xff\xfe", b"{" * 5000, b"nul\0l"])
def test_a_body_that_is_no_object_is_refused_in_one_sentence(dana: Program, raw: bytes) -> None:
    problem = dana.ask("POST", "/processes", 422, data=raw, content_type="application/json").json
    assert problem["errors"][0]["at"] == "body"


def test_lists_go_on_where_they_stopped_until_null(dana: Program) -> None:
    ids = [started(dana)["id"] for _ in range(5)]
    found, cursor = [], ""
    for _ in range(5):
        page = dana.get(f"/processes?limit=2{cursor}")
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert sorted(found) == sorted(ids)
    assert len(found) == 5


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=-1", "limit=x", "cursor=%00", "cursor=AAAA", "state=odd", "overdue=maybe"],
)
def test_a_wrong_query_is_told(dana: Program, query: str) -> None:
    assert dana.get(f"/processes?{query}", 422)["errors"][0]["at"] == query.split("=")[0]


def test_events_are_read_in_order_and_go_on_after(dana: Program) -> None:
    process = started(dana)["id"]
    first = dana.get(f"/processes/{process}/events?limit=1")
    assert [event["type"] for event in first["items"]] == ["process.started"]
    rest = dana.get(f"/processes/{process}/events?after={first['next']}")
    assert [event["type"] for event in rest["items"]] == ["task.opened"]
    assert rest["next"] is None
    seen = rest["items"][-1]["seq"]
    dana.post(f"/processes/{process}/comments", {"text": "Mind the date."}, 201)
    news = dana.get(f"/processes/{process}/events?after={seen}")["items"]
    assert [event["type"] for event in news] == ["comment.added"]


def test_events_of_a_later_process_are_numbered_from_its_own_beginning(dana: Program) -> None:
    started(dana)
    process = started(dana)["id"]
    behind_first = dana.get(f"/processes/{process}/events?after=0")["items"]
    assert [event["seq"] for event in behind_first] == [1]


def test_the_combined_timeline_goes_on_after_an_id(dana: Program) -> None:
    started(dana)
    first = dana.get("/events?limit=1")
    second = dana.get(f"/events?limit=1&after={first['next']}")["items"]
    assert second[0]["id"] > first["items"][0]["id"]


def test_the_combined_timeline_is_in_the_order_of_its_ids(dana: Program) -> None:
    started(dana)
    everywhere = dana.get("/events?limit=1000")["items"]
    assert [event["id"] for event in everywhere] == sorted(event["id"] for event in everywhere)


def test_what_is_done_is_not_done_twice(dana: Program) -> None:
    process = started(dana)["id"]
    task = open_task(dana, process)
    dana.post(f"/tasks/{task['id']}/complete", {**ANSWER, **ON_BEHALF})
    problem = dana.post(f"/tasks/{task['id']}/complete", {**ANSWER, **ON_BEHALF}, 409)
    assert problem["type"] == "urn:portal:task-done"


def test_who_may_not_is_refused_and_who_reads_only_reads(dana: Program, program: Make) -> None:
    process = started(dana)["id"]
    task = open_task(dana, process)
    olga, aud = program("olga"), program("aud")
    olga.post(f"/tasks/{task['id']}/complete", ANSWER, 403)
    olga.post(f"/processes/{process}/cancel", {"reason": "no"}, 403)
    aud.get(f"/processes/{process}")
    aud.get("/events")
    aud.post(f"/processes/{process}/comments", {"text": "hi"}, 403)
    aud.post("/processes", body(), 403)
    assert "comment.added" not in [e["type"] for e in dana.get("/events")["items"]]


def test_a_system_token_does_tasks_and_decides_nothing(dana: Program, program: Make) -> None:
    machine = program("ada", is_system=True)
    process = machine.post("/processes", body(), 201)["id"]
    do(machine, process, ANSWER)
    do(machine, process, {"decision": "approve"}, 403)


def test_a_cancelled_process_withdraws_what_was_open(dana: Program) -> None:
    process = started(dana)["id"]
    task = open_task(dana, process)
    dana.post(f"/processes/{process}/cancel", {}, 422)
    assert dana.post(f"/processes/{process}/cancel", {"reason": "sold"})["state"] == "cancelled"
    dana.post(f"/tasks/{task['id']}/complete", {**ANSWER, **ON_BEHALF}, 410)
    dana.post(f"/processes/{process}/cancel", {"reason": "sold"}, 409)


def test_a_made_link_opens_and_a_revoked_one_does_not(dana: Program) -> None:
    task = open_task(dana, started(dana)["id"])
    made = dana.post(f"/tasks/{task['id']}/link")
    path = "/" + made["url"].split("/", 3)[3]
    assert dana.client.get(path).status_code == 200
    dana.post(f"/tasks/{task['id']}/revoke", {"reason": "lost phone"})
    assert dana.client.get(path).status_code == 410


def test_a_reassigned_task_belongs_to_the_other(dana: Program) -> None:
    task = open_task(dana, started(dana)["id"])
    to = {"to": {"email": "otto@other.example", "name": "Otto"}, "reason": "on leave"}
    assert dana.post(f"/tasks/{task['id']}/reassign", to)["assignee"]["email"] == to["to"]["email"]
    dana.post(f"/tasks/{task['id']}/reassign", {"to": to["to"]}, 422)
    dana.post(f"/tasks/{task['id']}/reassign", {"to": {"email": "no"}, "reason": "x"}, 422)


def test_no_token_and_a_wrong_token_are_one_refusal(dana: Program) -> None:
    bare = dana.client.get("/api/v1/processes")
    wrong = dana.client.get("/api/v1/processes", headers={"Authorization": "Bearer nope"})
    assert bare.status_code == wrong.status_code == 401
    assert bare.json == wrong.json
    assert bare.headers["WWW-Authenticate"] == "Bearer"


def test_too_many_calls_are_told_to_wait(dana: Program) -> None:
    answers = [
        dana.client.get("/api/v1/tasks", headers={"Authorization": f"Bearer {dana.token}"})
        for _ in range(130)
    ]
    assert [a.status_code for a in answers[:20]] == [200] * 20
    slowed = [a for a in answers if a.status_code == 429]
    assert slowed
    assert int(slowed[0].headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/webhooks"), ("POST", "/webhooks"), ("GET", "/nothing")],
)  # fmt: skip
def test_calls_that_do_not_exist_answer_404_and_are_not_described(
    dana: Program, method: str, path: str
) -> None:
    problem = dana.ask(method, path, 404)
    assert problem.content_type == "application/problem+json"
    described = dana.client.get("/api/v1/openapi.json").json["paths"]
    assert path.replace("/x/", "/{process_id}/") not in described


def test_the_schema_of_definitions_is_published_to_editors(dana: Program) -> None:
    told = dana.client.get("/api/v1/definition.schema.json", headers={}).json
    assert told["$id"].endswith("/api/v1/definition.schema.json")
    assert told["properties"]["owner"]["description"]


def test_the_description_holds_every_call_and_no_other(dana: Program) -> None:
    document = dana.client.get("/api/v1/openapi.json").json
    described = {(m.upper(), p) for p, calls in document["paths"].items() for m in calls}
    hung = {
        (method, str(rule).removeprefix("/api/v1").replace("<", "{").replace(">", "}"))
        for rule in dana.client.application.url_map.iter_rules()
        if str(rule).startswith("/api/v1/") and rule.endpoint not in OPEN
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == hung
    assert len(CALLS) == len(described)


@pytest.mark.parametrize("path", ["/processes/%00", "/tasks/a%00", "/definitions/%00"])
def test_an_address_with_nul_is_nowhere_on_either_database(dana: Program, path: str) -> None:
    dana.get(path, 404)


def test_who_takes_over_has_to_be_text(dana: Program) -> None:
    one = makers.task(makers.start(makers.FORM), "details")
    body = {"to": {"email": 5}, "reason": "On leave."}
    told = dana.post(f"/tasks/{one.id}/reassign", body, 422)
    assert [fault["at"] for fault in told["errors"]] == ["to.email"]


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"n": ' + b"9" * 5000 + b"}", b"\xff", b"{"])
def test_what_is_no_json_is_said_in_plain_words(dana: Program, raw: bytes) -> None:
    told = dana.ask("POST", "/processes", 422, data=raw).json
    assert told is not None
    [fault] = told["errors"]
    assert fault["at"] == "body"
    assert "sys." not in fault["message"]
    assert "recursion" not in fault["message"]


def test_a_trail_comes_whole_or_not_at_all(app: Flask, dana: Program) -> None:
    store = Store(app.config["SETTINGS"].storage_dir)
    process = makers.start(makers.FORM)
    built = makers.built_trail(process, store)
    answer = dana.ask("GET", f"/processes/{process}/trail.pdf", 200)
    assert (answer.data, answer.mimetype) == (b"%PDF-1.7", "application/pdf")
    store.path(built).write_bytes(b"%PDF-1.8")
    assert "not handed out" in dana.get(f"/processes/{process}/trail.pdf", 409)["detail"]
    assert len(makers.troubles(process)) == 1


def test_a_trail_is_asked_for_and_read_in_a_language(app: Flask, dana: Program) -> None:
    process = makers.start(makers.FORM)
    place = f"/processes/{process}/trail"
    for wrong in ("xx", "", 5, ["de"]):
        [fault] = dana.post(place, {"language": wrong}, 422)["errors"]
        assert fault["at"] == "language"
        assert fault["message"] == "An audit trail is told in one of these: en, ar, de, es, fr, pl."
    assert dana.post(place, {"language": "de"}, 202)["url"].endswith("/trail.pdf?language=de")
    dana.get(f"{place}.pdf?language=de", 404)
    [fault] = dana.get(f"{place}.pdf?language=xx", 422)["errors"]
    assert fault["at"] == "language"
    store = Store(app.config["SETTINGS"].storage_dir)
    makers.built_trail(process, store, b"%PDF-1.7 de", "de")
    assert dana.ask("GET", f"{place}.pdf?language=de", 200).data == b"%PDF-1.7 de"
    dana.get(f"{place}.pdf?language=en", 404)
    dana.ask("POST", place, 202)  # without a body, as ever: in English
    dana.get(f"{place}.pdf?language=en", 404)
    told = dana.get("/openapi.json")
    asks, reads = (
        told["paths"]["/processes/{process_id}/trail"]["post"],
        told["paths"]["/processes/{process_id}/trail.pdf"]["get"],
    )
    assert asks["requestBody"]["required"] is False
    assert "de" in told["components"]["schemas"]["AskForTrail"]["properties"]["language"]["enum"]
    query = {one["name"]: one["schema"] for one in reads["parameters"] if one["in"] == "query"}
    assert [*query] == ["language", "paper", "files"]
    assert "de" in query["language"]["enum"]


def test_a_trail_is_asked_for_with_the_files_in_it_and_on_letter_paper(dana: Program) -> None:
    process = makers.start(makers.FORM)
    place = f"/processes/{process}/trail"
    [fault] = dana.post(place, {"files": "yes"}, 422)["errors"]
    assert (fault["at"], fault["message"]) == (
        "files", "Whether the uploaded files are in it is true or false.",
    )  # fmt: skip
    [fault] = dana.post(place, {"paper": "A5"}, 422)["errors"]
    assert fault["at"] == "paper"
    asked = dana.post(place, {"files": True, "paper": "Letter"}, 202)
    assert asked["url"].endswith("/trail.pdf?paper=Letter&files=true")
    [row] = makers.rows(Trail, id=asked["id"])
    assert (row.with_files, row.paper, row.language) == (True, "Letter", "en")
    dana.get(f"{place}.pdf?files=true", 404)


SIGN = "  - {id: promise, assign: buyer, sign: {statement: I keep it secret.}}"


@pytest.fixture
def to_sign(dana: Program) -> tuple[Program, str]:
    """Dana's program, and a process that waits for her signature."""
    source = f"{makers.HEAD}steps:\n{SIGN}\n"
    dana.ask("POST", "/definitions", 201, data=source.encode(), content_type="application/yaml")
    return dana, started(dana)["id"]


def test_a_signature_takes_a_name_and_agreement(to_sign: tuple[Program, str]) -> None:
    dana, process = to_sign
    told = do(dana, process, {"signature": ""}, 422)
    assert [one["at"] for one in told["errors"]] == ["signature", "agree"]
    assert do(dana, process, {"signature": 7, "agree": True}, 422)["errors"][0]["at"] == "signature"
    changed = do(dana, process, {"signature": "Dana", "agree": True, "sha256": "0" * 64}, 409)
    assert changed["title"] == "What you sign has changed"
    done = do(dana, process, {"signature": "Dana Owner", "agree": True})
    assert (done["state"], done["outcome"], done["kind"]) == ("done", "completed", "sign")
    assert dana.get(f"/processes/{process}")["steps"]["promise"]["signature"] == "Dana Owner"


def test_a_refusal_to_sign_takes_a_comment(to_sign: tuple[Program, str]) -> None:
    dana, process = to_sign
    assert do(dana, process, {"decline": True}, 422)["errors"][0]["at"] == "comment"
    done = do(dana, process, {"decline": True, "comment": "Not mine to keep."})
    assert done["outcome"] == "rejected"
    assert dana.get(f"/processes/{process}")["steps"]["promise"]["outcome"] == "rejected"


def test_nobody_signs_in_anothers_place_by_a_program(
    to_sign: tuple[Program, str], program: Make
) -> None:
    dana, process = to_sign
    answer = {"signature": "Dana", "agree": True}
    task = open_task(dana, process)["id"]
    machine, ada = program("ada", is_system=True), program("ada")
    for one, body_ in ((machine, answer), (ada, answer), (ada, {**answer, **ON_BEHALF})):
        one.post(f"/tasks/{task}/complete", body_, 403)
    assert "signature.made" not in makers.types(process)
