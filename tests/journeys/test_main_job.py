"""The main job, through the doors only: from a definition nobody saw before to a verified PDF."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.journeys.strangers import Guest, Program, forms, staff
from tests.servers import Portal, Postgres, Smtp, portal_on, wait_for

DEFINITION = """
key: lease-check
name: Lease check
title: "Lease of {{ inputs.flat }}"
owner: dana@house.example
purpose: Let a flat to somebody who can pay for it.
roles:
  tenant: {kind: external, name: Tenant}
  agent: {kind: staff, name: Agent}
inputs:
  - {id: flat, type: text, label: Flat}
  - {id: rent, type: number, label: Rent, min: 0}
steps:
  - id: about
    name: Tell us about yourself
    form:
      fields:
        - {id: full_name, type: text, label: Your name}
        - {id: income, type: number, label: Monthly income, min: 0}
        - {id: pets, type: yes_no, label: Do you keep pets?}
    assign: tenant
    due: 3 days
  - id: papers
    name: Send your papers
    upload:
      documents:
        - {id: payslip, name: Payslip, accept: [pdf], max_size: 1 MB}
        - {id: photo, name: Photo of your passport, accept: [png, jpg], max_size: 1 MB}
    assign: tenant
  - id: ratio
    set: {enough: "steps.about.income >= inputs.rent * 3"}
  - id: look
    name: Look at the papers
    approval:
      question: May {{ steps.about.full_name }} have {{ inputs.flat }}?
      show: [about, papers]
      on_changes: {return_to: about}
    assign: agent
  - id: tell
    message:
      to: [tenant]
      subject: "{{ inputs.flat }} is yours"
      body: "Welcome, {{ steps.about.full_name }}."
"""
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]"
    b"/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\n"
    b"trailer<</Size 4/Root 1 0 R>>\n%%EOF\n"
)
NAME = 'Ann "Bee" <b>O\'Hara</b>'


def png() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 180, 150)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    smtp_server: Smtp,
    postgres: Postgres,
) -> Iterator[tuple[Portal, Program]]:
    """A running portal with one owner, on each database, mailing to a real server.

    Its clock only goes forward: tests that move it stand at the end, and every test has a
    process and an address of its own.
    """
    more = {"database_url": postgres.create()} if request.param == "postgresql" else {}
    smtp_server.clear()
    home = tmp_path_factory.mktemp("house") / "data"
    portal = portal_on(home, smtp_url=smtp_server.url, **more).begin_on_monday().start()
    yield portal, staff(portal, "dana@house.example", "Dana Fox", role="admin")
    portal.stop()


def started(dana: Program, email: str) -> str:
    definition = dana.http.post(
        f"{dana.base}/definitions",
        data=DEFINITION.encode(),
        headers={"Content-Type": "application/yaml"},
    )
    assert definition.status_code in (200, 201), definition.text
    body = {
        "definition": "lease-check",
        "inputs": {"flat": "Elm Street 4", "rent": "900.50"},
        "participants": {
            "tenant": {"email": email, "name": NAME},
            "agent": {"email": "dana@house.example", "name": "Dana Fox"},
        },
    }
    return str(dana.post("/processes", body, 201)["id"])


def answered(ann: Guest) -> None:
    """Fill in the form behind the first link."""
    ann.open(ann.link_in(ann.wait_for_mail(1)))
    answer = ann.send({"full_name": NAME, "income": "4000", "pets": "no"})
    assert answer.status_code == 200, answer.text
    assert "/receipt" in answer.url


def test_from_a_definition_to_a_verified_trail(
    house: tuple[Portal, Program], smtp_server: Smtp, tmp_path: Path
) -> None:
    portal, dana = house
    process = started(dana, "ann@tenant.example")
    ann = Guest(portal, smtp_server, "ann@tenant.example")
    link = ann.link_in(ann.wait_for_mail(1))

    # A scanner looks: nothing happens, nothing is told, no session is handed out.
    dana.wait_for_event(process, "link.sent")
    before = dana.types(process)
    for _ in range(3):
        looked = requests.get(link)
        assert looked.status_code == 200
        assert "ann@tenant.example" not in looked.text
        assert "O&#39;Hara" not in looked.text
        assert not looked.cookies
        assert requests.head(link).status_code == 200
    assert dana.types(process) == before

    # The person presses the button; a faulty entry loses nothing.
    page = ann.open(link)
    assert page.status_code == 200
    assert page.history[0].status_code == 303
    assert "/t/" not in page.url
    faulty = ann.send({"full_name": NAME, "income": "-1", "pets": "yes"})
    assert faulty.status_code == 422
    assert "Ann &#34;Bee&#34; &lt;b&gt;O&#39;Hara&lt;/b&gt;" in faulty.text
    assert "<b>O" not in faulty.text
    ann.page = faulty
    receipt = ann.send({"full_name": NAME, "income": "4000", "pets": "no"})
    assert receipt.history[0].status_code == 303
    task = dana.get("/tasks", process=process, state="done")["items"][0]
    assert task["step"] == "about"

    # The papers: a program called .pdf is refused, the good file beside it is kept.
    upload = ann.link_in(next(m for m in _mails(ann, 3) if "papers" in m.subject.lower()))
    ann.open(upload)
    refused = ann.send(
        {},
        files={
            "payslip": ("payslip.pdf", b"MZ\x90\x00" + b"\0" * 600, "application/pdf"),
            "photo": ("../../passport.png", png(), "image/png"),
        },
    )
    assert refused.status_code == 422
    assert "passport.png" in refused.text
    assert "../" not in refused.text
    ann.page = refused
    sent = ann.send({}, files={"payslip": ("payslip.pdf", PDF, "application/pdf")})
    assert sent.status_code == 200, sent.text
    assert "/receipt" in sent.url

    # Staff ask for one thing again, and only that is open.
    look = dana.open_task(process, "look")
    dana.post(
        f"/tasks/{look['id']}/complete",
        {"decision": "request_changes", "comment": "It is blurred.", "items": ["photo"]},
    )
    again = [m for m in _mails(ann, 5) if "papers" in m.subject.lower()][-1]
    page = ann.open(ann.link_in(again))
    assert "It is blurred." in page.text
    controls = forms(page.text)[0].controls
    assert "photo" in controls
    assert "payslip" not in controls
    assert ann.send({}, files={"photo": ("sharp.png", png(), "image/png")}).status_code == 200
    look = dana.open_task(process, "look")
    dana.post(f"/tasks/{look['id']}/complete", {"decision": "approve"})
    shape = dana.get(f"/processes/{process}")
    assert shape["state"] == "completed"
    assert shape["values"] == {"enough": True}
    assert shape["steps"]["about"]["full_name"] == NAME
    assert [f["name"] for f in shape["steps"]["papers"]["photo"]] == ["sharp.png"]
    dana.wait_for_event(process, "message.sent")

    # The auditor: a trail that verifies, and an export that does not once it is touched.
    dana.post(f"/processes/{process}/trail", expect=202)
    pdf = _trail(dana, process)
    (tmp_path / "trail.pdf").write_bytes(pdf)
    key = requests.get(f"{portal.base}/.well-known/portal-ledger").text.splitlines()[0]
    told = portal.run("verify", str(tmp_path / "trail.pdf"), "--key", key)
    assert "SOUND" in told
    export = dana.http.get(f"{dana.base}/processes/{process}/ledger").text
    (tmp_path / "ledger.jsonl").write_text(export)
    assert "SOUND" in portal.run("verify", str(tmp_path / "ledger.jsonl"), "--key", key)
    (tmp_path / "altered.jsonl").write_text(export.replace("It is blurred.", "It is fine."))
    assert _verdict(tmp_path / "altered.jsonl") == 1
    # Asked again without news: the same bytes.
    dana.post(f"/processes/{process}/trail", expect=202)
    assert _trail(dana, process) == pdf


def _mails(guest: Guest, n: int) -> list[Any]:
    guest.wait_for_mail(n)
    return guest.mails()


def _trail(dana: Program, process: str) -> bytes:
    found: list[bytes] = []

    def is_there() -> bool:
        answer = dana.http.get(f"{dana.base}/processes/{process}/trail.pdf")
        assert answer.status_code in (200, 404), answer.text
        found[:] = [answer.content] if answer.status_code == 200 else []
        return bool(found)

    wait_for(is_there, 60, "the trail")
    return found[0]


def _verdict(path: Path) -> int:
    done = subprocess.run([sys.executable, "-m", "portal.ledger", str(path)], check=False)
    return done.returncode


def test_thirty_answers_at_once_are_one_event(
    house: tuple[Portal, Program], smtp_server: Smtp
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    portal, dana = house
    process = started(dana, "bea@tenant.example")
    ann = Guest(portal, smtp_server, "bea@tenant.example")
    ann.open(ann.link_in(ann.wait_for_mail(1)))
    assert ann.page is not None
    hidden = forms(ann.page.text)[0].hidden
    data = {**hidden, "full_name": "Ann", "income": "4000", "pets": "no"}

    def post(_: int) -> int:
        return requests.post(
            ann.page.url, data=data, cookies=ann.browser.cookies, allow_redirects=False
        ).status_code

    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(post, range(30)))
    assert set(codes) <= {303, 409}, codes
    assert 303 in codes
    assert dana.types(process).count("form.submitted") == 1
    assert dana.types(process).count("task.opened") == 2


def test_a_revoked_link_ends_its_sessions_and_a_fresh_one_goes_to_the_address_on_file(
    house: tuple[Portal, Program], smtp_server: Smtp
) -> None:
    portal, dana = house
    process = started(dana, "cleo@tenant.example")
    ann = Guest(portal, smtp_server, "cleo@tenant.example")
    link = ann.link_in(ann.wait_for_mail(1))
    ann.open(link)
    task = dana.open_task(process, "about")
    dana.post(f"/tasks/{task['id']}/revoke", {"reason": "forwarded by mistake"})
    assert ann.browser.get(f"{portal.base}/w/{task['id']}").status_code == 410
    assert ann.send({"full_name": "x", "income": "1", "pets": "no"}).status_code == 410
    assert requests.get(link).status_code == 410
    assert dana.open_task(process, "about")["state"] == "open"
    dana.post(f"/tasks/{task['id']}/remind")
    fresh = ann.link_in(ann.wait_for_mail(2))
    assert fresh != link
    assert ann.open(fresh).status_code == 200


def test_a_refused_address_is_on_the_timeline_and_the_owner_is_told(
    house: tuple[Portal, Program], smtp_server: Smtp
) -> None:
    portal, dana = house
    gone = "gone@tenant.example"
    smtp_server.refusals[gone] = "550 5.1.1 No such mailbox"
    process = started(dana, gone)
    dana.wait_for_event(process, "mail.bounced")
    dana.wait_for_event(process, "exception.opened")
    owner = Guest(portal, smtp_server, "dana@house.example")
    wait_for(lambda: any(gone in m.text for m in owner.mails()), 20, "the mail to the owner")
    assert dana.get(f"/processes/{process}")["exceptions"]


def test_the_doors_refuse_what_is_not_theirs(
    house: tuple[Portal, Program], smtp_server: Smtp
) -> None:
    portal, dana = house
    process = started(dana, "fay@tenant.example")
    ann = Guest(portal, smtp_server, "fay@tenant.example")
    link = ann.link_in(ann.wait_for_mail(1))
    task = dana.open_task(process, "about")
    damaged = [link[:-1] + ("A" if link[-1] != "A" else "B"), f"{portal.base}/t/x", link + "x" * 9]
    pages = {requests.get(one).text for one in damaged}
    assert {requests.get(one).status_code for one in damaged} == {404}
    assert len(pages) == 1, "wrong links are told apart"
    assert requests.get(f"{link}.").status_code == 200, "a full stop after a link is not its fault"
    assert requests.post(link, data={}).status_code == 403
    assert requests.get(f"{portal.base}/w/{task['id']}").status_code == 403
    assert requests.get(f"{portal.base}/api/v1/processes").status_code == 401
    evil = {"Origin": "https://evil.example"}
    ann.open(link)
    assert ann.page is not None
    hidden = forms(ann.page.text)[0].hidden
    data = {**hidden, "full_name": "x", "income": "1", "pets": "no"}
    answer = ann.browser.post(ann.page.url, data=data, headers=evil)
    assert answer.status_code == 403
    assert "form.submitted" not in dana.types(process)
    headers = ann.browser.get(ann.page.url).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert link.rsplit("/", 1)[1] not in portal.log


def test_reminders_go_out_on_time_each_once_and_missed_ones_collapse(
    house: tuple[Portal, Program], smtp_server: Smtp
) -> None:
    portal, dana = house
    process = started(dana, "elsa@tenant.example")
    ann = Guest(portal, smtp_server, "elsa@tenant.example")
    ann.wait_for_mail(1)
    portal.advance(days=2, hours=6)
    dana.wait_for_event(process, "reminder.sent", 1)
    portal.advance(days=20)
    dana.wait_for_event(process, "reminder.sent", 2)
    dana.wait_for_event(process, "deadline.missed", 1)
    types = dana.types(process)
    assert types.count("reminder.sent") == 2
    assert types.count("deadline.missed") == 1


def test_an_expired_link_is_renewed_by_its_holder(
    house: tuple[Portal, Program], smtp_server: Smtp
) -> None:
    portal, dana = house
    started(dana, "dora@tenant.example")
    ann = Guest(portal, smtp_server, "dora@tenant.example")
    link = ann.link_in(ann.wait_for_mail(1))
    portal.advance(days=31)
    expired = ann.browser.get(link)
    assert expired.status_code == 410
    seen = len(ann.mails())
    (form,) = forms(expired.text)[:1]
    answer = ann.browser.post(portal.base + form.action, data=form.hidden)
    assert answer.status_code == 200, answer.text
    wait_for(
        lambda: any(ann.link_in(m) != link for m in ann.mails()[seen:] if "/t/" in m.text),
        60, "the fresh link",
    )  # fmt: skip
    fresh = next(
        found for m in ann.mails() if "/t/" in m.text and (found := ann.link_in(m)) != link
    )
    assert ann.open(fresh).status_code == 200
