"""What happens by itself, over all definitions: shown, chosen by owner, and saved as a table."""

import csv
import io

import pytest

from portal.actions import definitions
from tests import makers, people
from tests.web.staff.test_start import Desks

MANY = """\
  - id: details
    name: '=cmd|"/c calc"!A1'
    assign: vendor
    due: 3 days
    escalate: [{after: 1 day, to: owner}]
    on_timeout: {after: 9 days, do: skip}
    task: {}
  - {id: tell, message: {to: [vendor], subject: "Hello <b>", body: B}}
"""
FINN = makers.HEAD.replace("demo", "finns").replace("Demo", "Finn’s").replace("dana@", "finn@")


@pytest.fixture
def both(desk: Desks) -> None:
    makers.publish(MANY)
    definitions.publish(f"{FINN}steps:\n{makers.FORM}\n{MANY[MANY.index('  - {id: tell'):]}",
                        actor=people.staff("dana"))  # fmt: skip


def test_each_is_shown_with_its_owner_and_what_happens_if_it_fails(desk: Desks, both: None) -> None:
    page = desk("dana").get("/automations")
    assert "Reminds Vendor: 1 day before" in page
    assert "1 day after it was due, the owner is told." in page
    assert "it is skipped and the process goes on" in page
    assert "Hello &lt;b&gt;" in page
    assert 'href="/definitions/demo#step-tell"' in page
    one = desk("finn").get("/automations?owner=Finn+Finance&kind=message")
    assert "/definitions/finns" in one
    assert "/definitions/demo" not in one
    assert "Nothing happens by itself that fits." in desk("aud").get("/automations?owner=Nobody")


def test_the_table_holds_no_formula(desk: Desks, both: None) -> None:
    answer = desk("dana").client.get("/automations.csv?owner=Dana+Owner")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert {row["kind"] for row in rows} == {"reminder", "escalation", "timeout", "message"}
    assert rows[0]["step name"].startswith("'=cmd")
    assert {row["key"] for row in rows} == {"demo"}


def test_an_empty_house_says_what_will_stand_here(desk: Desks) -> None:
    assert "Nothing happens by itself yet." in desk("dana").get("/automations")


def test_the_sheet_reads_an_earlier_version_too(desk: Desks, both: None) -> None:
    makers.publish(makers.FORM)
    dana = desk("dana")
    assert "Hello &lt;b&gt;" in dana.get("/definitions/demo/sheet?version=1")
    beyond = "9" * 30  # more than any database counts
    assert dana.get(f"/definitions/demo/sheet?version={beyond}")
    assert dana.get(f"/definitions/demo?version={beyond}")
    assert "Hello" not in dana.get("/definitions/demo/sheet")
    dana.get("/definitions/none/sheet", 404)
