"""Many at once: sheets of starts, and what is done to the processes that were ticked."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.actions import batches, messages, processes, upkeep
from portal.ledger.tables import Outgoing
from portal.models import Batch, BatchRow, KeptAnswer, Process, Task, User
from tasks import batches as shift
from tests import makers, people
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]
HEAD = """\
key: demo
name: Demo
title: "Onboard {{ inputs.company }} with {{ participants.vendor.name }}"
owner: dana@example.com
roles:
  vendor: {kind: external, name: Vendor}
  buyer: {kind: staff, name: Buyer}
inputs:
  - {id: company, type: text, label: Company name}
  - {id: spend, type: money, label: Yearly spend, currencies: [EUR, USD], required: false}
  - {id: since, type: date, label: Known since, required: false}
  - {id: size, type: choice, label: Size, default: s,
     options: [{value: s, label: Small}, {value: l, label: Large}]}
  - {id: regions, type: choices, label: Regions, options: [North, South], required: false}
  - {id: vip, type: yes_no, label: Important, default: false}
"""
VND = "application/vnd.openxmlformats-"
FORM = (
    "  - {id: details, name: Details, assign: vendor, due: 2 days,"
    " form: {fields: [{id: tax, type: text, label: Tax}]}}"
)
MANY = "/processes/new/demo/many"
SHEET = """\
Company name;spend-amount;spend-currency;since;size;regions;vip;vendor.email;vendor.name;Reference
"Sea ""Works"" Ltd";1200.50;EUR;2026-01-31;Large;North; YES;ann@sea.example;Ann O'Hara;R-1
=cmd|' /C calc'!A0;;;;;;;bob sky.example;Bob;R-2
Land Ltd;12;GBP;31.01.2026;Huge;;maybe;cora@land.example;Cora;R-3

Müller & Söhne;;;;;"North;South";no;dirk@mueller.example;;R-1
"""


def launched(dana: Desk, text: str | bytes, name: str = "vendors.csv") -> Any:
    content = text if isinstance(text, bytes) else text.encode()
    return dana.send(MANY, file=(io.BytesIO(content), name))


def place(sent: Any) -> str:
    assert sent.status_code == 303, sent.text
    return str(sent.location)


def work() -> None:
    """What the workers do of it."""
    while claimed := messages.take(5, 30.0, (batches.EFFECT,)):
        shift.carry_out(claimed)


def result(dana: Desk, at: str) -> list[dict[str, str]]:
    text = dana.client.get(f"{at}/result.csv").data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def titles() -> list[str]:
    return sorted(row.title for row in makers.rows(Process))


def test_a_fault_of_money_names_the_column_to_mend(app: object, desk: Desks) -> None:
    makers.publish(FORM, HEAD)
    dana = desk("dana")
    head = "company;spend-amount;spend-currency;vendor.email\n"
    rows = "A;twelve;EUR;a@a.example\nB;12;;b@b.example\nC;12;gbp;c@c.example\n"
    both = "D;x;gbp;d@d.example\n"
    page = dana.get(place(launched(dana, head + rows + both)))
    *shown, last = [line for line in page.splitlines() if "<code>spend-" in line]
    assert ["amount" if "<code>spend-amount" in one else "currency" for one in shown] == [
        "amount", "currency", "currency",
    ]  # fmt: skip
    assert "<code>spend-amount" in last, "both halves are told at once"
    assert "<code>spend-currency" in last
    assert "The sheet says “twelve”." in shown[0]
    assert "The sheet says “gbp”." in shown[2]


def test_a_sheet_is_looked_at_row_by_row_and_then_started_once(app: object, desk: Desks) -> None:
    makers.publish(FORM, HEAD)
    dana = desk("dana")
    assert "vendor.email" in dana.get(MANY)
    at = place(launched(dana, SHEET))
    page = dana.get(at)
    assert titles() == []
    assert "2 rows are ready, 2 can’t be done" in page
    for said in (
        "Onboard Sea &#34;Works&#34; Ltd with Ann O&#39;Hara",
        "<code>spend-currency</code> Choose one of these currencies: EUR, USD.",
        "The sheet says “GBP”.",
        "The sheet says “31.01.2026”.",
        "Choose one of the options.",
        "Choose yes or no.",
        "“bob sky.example” is not an e-mail address.",
        "Line 2 has the same reference.",
    ):
        assert said in page, said
    assert "The sheet says “bob sky.example”" not in page, "the sentence says it already"
    assert place(dana.send(f"{at}/begin", page=at)) == at
    assert place(dana.send(f"{at}/begin", page=at)) == at, "pressed twice"
    assert "0 of 2" in dana.get(at)
    work()
    assert titles() == ["Onboard Müller & Söhne with", 'Onboard Sea "Works" Ltd with Ann O\'Hara']
    [sea] = [row for row in makers.rows(Process) if "Sea" in row.title]
    assert sea.inputs == {
        "company": 'Sea "Works" Ltd', "spend": {"amount": "1200.50", "currency": "EUR"},
        "since": "2026-01-31", "size": "l", "regions": ["North"], "vip": True,
    }  # fmt: skip
    assert (sea.starter_kind, sea.starter_id) == ("staff", "dana")
    assert "2 of 2" in dana.get(at)
    lines = result(dana, at)
    assert [line["result"] for line in lines] == ["done", *["left out: has faults"] * 2, "done"]
    assert lines[1]["company"].startswith("'=cmd"), "no cell is a formula"
    assert lines[0]["address"].endswith(f"/processes/{sea.id}")


def test_a_worker_that_falls_over_starts_nothing_twice(
    app: object, desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    makers.publish(FORM, HEAD)
    dana = desk("dana")
    rows = "".join(f"Firm {n},v{n}@firm.example\n" for n in range(25))
    at = place(launched(dana, f"company,vendor.email\n{rows}"))
    dana.send(f"{at}/begin", page=at)
    noted, note = [], batches._note

    def falls_over(*args: Any) -> None:
        noted.append(args)
        if len(noted) == 3:
            raise RuntimeError("the machine went away")
        note(*args)

    monkeypatch.setattr(batches, "_note", falls_over)
    work()
    assert len(titles()) == 25, "the one row that fails stops no other"
    assert "24 of 25" in dana.get(at)
    with db.transaction() as tx:
        tx.execute(sa.update(Outgoing).values(due_at=tx.now))
    work()
    assert len(titles()) == 25
    assert {row.state for row in of(Batch)} == {"done"}


def of(model: Any) -> list[Any]:
    with db.reading() as conn:
        return list(conn.execute(sa.select(model.__table__)).all())


def test_what_fails_each_time_is_given_up_and_told(
    app: object, desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    makers.publish(FORM, HEAD)
    dana = desk("dana")
    at = place(launched(dana, "company,vendor.email\nSea,a@b.example\n"))
    dana.send(f"{at}/begin", page=at)

    def fails(*_: Any) -> str:
        raise RuntimeError("a fault of the house")

    monkeypatch.setitem(batches._VERBS, "start", fails)
    for _ in range(shift.MOST_ATTEMPTS):
        work()
        with db.transaction() as tx:
            tx.execute(sa.update(Outgoing).values(due_at=tx.now))
    assert "1 of them refused" in dana.get(at)
    assert "The portal failed at it each time." in dana.get(at)
    assert {row.state for row in of(Batch)} == {"done"}


def test_a_sheet_that_was_judged_by_another_version_is_sent_again(app: object, desk: Desks) -> None:
    makers.publish(FORM, HEAD)
    dana = desk("dana")
    at = place(launched(dana, "company,vendor.email\nSea,a@b.example\n"))
    makers.publish(FORM.replace("Details", "More"), HEAD)
    late = dana.send(f"{at}/begin", page=at)
    assert late.status_code == 422
    assert "There is a new version of the definition. Send the sheet again." in late.text
    assert titles() == []


def test_the_head_of_a_sheet_is_judged_first(app: object, desk: Desks) -> None:
    makers.publish(FORM, HEAD)
    dana = desk("dana")
    for text, said in (
        ("", "Choose a file that has rows."),
        ("company,vendor.email\n", "The sheet has a head and no rows"),
        ("company,colour,vendor.email\nA,b,c@d.example\n", "There is no column “colour” here."),
        ("company\nA\n", "The column “vendor.email” (Vendor: e-mail address) is missing."),
        ("company,Company name,vendor.email\nA,B,c@d.example\n", "“company” is there twice."),
        ('company,vendor.email\n"A,c@d.example\nB"x,\n', "check its quotation marks"),
        (b"PK\x03\x04nothing", "This Excel file can’t be read."),
        (b"\xd0\xcf\x11\xe0old", "this is an old Excel file"),
        (b"a\0b", "this is neither"),
        ("x" * 6_000_000, "Use a file up to 5 MB."),
        ("company,vendor.email\n" + "A,a@b.example\n" * 2_001, "at most 2,000 rows"),
    ):
        sent = launched(dana, text)
        assert sent.status_code == 422, said
        assert said in sent.text, (said, sent.text)
    assert not of(Batch)


def test_excel_cells_are_read_as_a_person_reads_them(app: object, desk: Desks) -> None:
    makers.publish(FORM, HEAD)
    dana = desk("dana")
    at = place(launched(dana, workbook(), "vendors.xlsx"))
    [row] = of(BatchRow)
    assert row.given["inputs"] == {
        "company": "42", "since": "2026-01-31", "spend": {"amount": "1234.5", "currency": "EUR"},
        "vip": "yes",
    }  # fmt: skip
    assert not row.faults
    assert "1 row is ready" in dana.get(at)


def workbook(more: str = "") -> bytes:
    """A small .xlsx by hand: numbers, a date by its style, a boolean, texts; ``more`` rows."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    head = ["company", "since", "spend-amount", "spend-currency", "vip", "vendor.email"]
    texts = "".join(f'<c t="inlineStr"><is><t>{one}</t></is></c>' for one in head)
    cells = (
        '<c><v>42</v></c><c s="1"><v>46053</v></c><c><v>1234.5</v></c>'
        '<c t="inlineStr"><is><t>EUR</t></is></c><c t="b"><v>1</v></c>'
        '<c t="inlineStr"><is><t>a@b.example</t></is></c>'
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        f'<Default Extension="rels" ContentType="{VND}package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1"'
        f' Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{rel}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData><row>{texts}</row>'
        f"<row>{cells}</row>{more}</sheetData></worksheet>",
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return held.getvalue()


def test_an_archive_that_would_fill_the_machine_is_refused(app: object, desk: Desks) -> None:
    makers.publish(FORM, HEAD)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 61_000_000)
    sent = launched(desk("dana"), held.getvalue(), "bomb.xlsx")
    assert sent.status_code == 422
    assert "holds too much" in sent.text


def test_a_cell_at_the_far_end_of_a_sheet_ends_no_page_but_its_own(
    app: object, desk: Desks
) -> None:
    makers.publish(FORM, HEAD)
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    sent = launched(desk("dana"), workbook(far), "far.xlsx")
    assert sent.status_code == 422
    assert "cells far outside of its table" in sent.text


def three(dana: Desk) -> list[str]:
    makers.publish(FORM, HEAD)
    at = place(
        launched(dana, "company,vendor.email\n" + "".join(f"F{n},v{n}@f.example\n" for n in "abc"))
    )
    dana.send(f"{at}/begin", page=at)
    work()
    return [row.id for row in sorted(makers.rows(Process), key=lambda one: one.title)]


def test_those_ticked_are_reminded_handed_over_and_cancelled(app: object, desk: Desks) -> None:
    dana = desk("dana")
    ids = three(dana)
    assert 'form="many" name="process"' in dana.get("/processes")
    at = place(dana.send("/batches", page="/processes", what="remind", process=ids[:2]))
    page = dana.get(at)
    assert page.count('name="row"') == 2
    assert "Details" in page
    dana.send(f"{at}/begin", page=at, _ticks="yes", row=["2"])
    work()
    assert [len(makers.owed(one, "mail.reminder")) for one in ids] == [0, 1, 0]
    at = place(dana.send("/batches", page="/processes", what="reassign", all="yes"))
    silent = dana.send(f"{at}/begin", page=at, _ticks="yes", row=["1", "2", "3"], name="Otto")
    assert silent.status_code == 422
    for said in ("Say in a sentence why", "Give the e-mail address", 'value="Otto"'):
        assert said in silent.text
    taken = {"email": people.OTTO["email"], "name": "Otto", "reason": "Vera left."}
    dana.send(f"{at}/begin", page=at, _ticks="yes", row=["1", "3"], **taken)
    work()
    assert [makers.types(one).count("task.reassigned") for one in ids] == [1, 0, 1]
    at = place(dana.send("/batches", page="/processes", what="cancel", process=ids))
    assert "What is open in it" in dana.get(at)
    assert dana.get(at).count('<span class="what">Details</span> <small>with ') == 3
    dana.send(f"{at}/begin", page=at, _ticks="yes", row=["1", "2", "3"], reason="Law.")
    work()
    assert {row.state for row in makers.rows(Process)} == {"cancelled"}
    assert "3 of 3" in dana.get(at)


def test_what_has_ended_meanwhile_is_refused_and_stops_no_other(app: object, desk: Desks) -> None:
    dana = desk("dana")
    ids = three(dana)
    at = place(dana.send("/batches", page="/processes", what="cancel", process=ids))
    assert "What is open in it" in dana.get(at)
    assert dana.get(at).count('<span class="what">Details</span> <small>with ') == 3
    dana.send(f"{at}/begin", page=at, _ticks="yes", row=["1", "2", "3"], reason="Law.")
    processes.cancel(ids[1], "Sooner.", actor=people.staff("ada"))
    work()
    assert "1 of them refused" in dana.get(at)
    assert [line["result"] for line in result(dana, at)] == ["done", "refused", "done"]


def test_nobody_does_to_many_what_they_may_not_do_to_one(app: object, desk: Desks) -> None:
    dana, finn, aud = desk("dana"), desk("finn"), desk("aud")
    ids = three(dana)
    at = place(finn.send("/batches", page="/processes", what="cancel", process=ids))
    assert "Only the owner of the process or an admin may do this." in finn.get(at)
    none = finn.send(f"{at}/begin", page=at, _ticks="yes", row=["1"], reason="Mine.")
    assert none.status_code == 422
    assert "No row is left that could be done." in none.text
    assert dana.client.get(at).status_code == 404
    assert aud.client.get(at).status_code == 200
    assert "Cancel processes" not in aud.get("/processes")
    mine = place(dana.send("/batches", page="/processes", what="cancel", process=ids))
    dana.send(f"{mine}/begin", page=mine, _ticks="yes", row=["1", "2", "3"], reason="Law.")
    with db.transaction() as tx:
        tx.execute(sa.update(User).where(User.id == "dana").values(is_active=False))
    work()
    assert {row.state for row in makers.rows(Process)} == {"running"}
    assert {row.state for row in of(BatchRow) if row.batch_id == mine[9:]} == {"refused"}


def test_a_batch_is_stopped_and_a_draft_put_away(app: object, desk: Desks) -> None:
    dana = desk("dana")
    ids = three(dana)
    at = place(dana.send("/batches", page="/processes", what="cancel", process=ids))
    assert "What is open in it" in dana.get(at)
    assert dana.get(at).count('<span class="what">Details</span> <small>with ') == 3
    dana.send(f"{at}/begin", page=at, _ticks="yes", row=["1", "2", "3"], reason="Law.")
    dana.send(f"{at}/stop", page=at)
    work()
    assert {row.state for row in makers.rows(Process)} == {"running"}
    page = dana.get(at)
    assert "Stopped" in page
    assert "0 of 3" in page
    draft = place(dana.send("/batches", page="/processes", what="remind", process=ids))
    dana.send(f"{draft}/stop", page=draft)
    late = dana.send(f"{draft}/begin", page=at, _ticks="yes", row=["1"])
    assert late.status_code == 303
    assert not [row for row in makers.rows(Task) if makers.owed(row.process_id, "mail.reminder")]
    assert dana.get("/batches").count('<th scope="row">') == 3


def test_nothing_chosen_is_said_so(app: object, desk: Desks) -> None:
    dana = desk("dana")
    three(dana)
    for typed, said in (
        ({"what": "remind"}, "Tick at least one process."),
        ({"what": "burn", "process": ["x"]}, "Choose what is to be done."),
        ({"what": "remind", "process": ["unknown"]}, "These processes have no open task."),
        ({"what": "remind", "process": [str(n) for n in range(301)]}, "at most 300 processes"),
    ):
        sent = dana.send("/batches", page="/processes", **typed)
        assert sent.status_code == 422
        assert said in sent.text


def test_batches_are_forgotten_after_a_month(
    app: object, desk: Desks, clock: house_clock.Clock
) -> None:
    three(desk("dana"))
    assert of(BatchRow)
    clock.advance(days=31)
    upkeep.prune()
    assert not of(Batch)
    assert not of(BatchRow)
    assert not of(KeptAnswer)


def test_a_table_at_the_start_can_not_come_from_a_sheet(app: object, desk: Desks) -> None:
    table = "  - {id: t, type: table, label: Parts, columns: [{id: a, type: text, label: A}]}\n"
    head = re.sub(r"inputs:\n(.*\n)+", f"inputs:\n{table}", HEAD)
    makers.publish(FORM, head.replace("{{ inputs.company }} ", ""))
    assert "A sheet can’t start this definition." in desk("dana").get(MANY)
