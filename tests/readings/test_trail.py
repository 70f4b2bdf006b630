"""The evidence that an audit trail prints comes from the ledger, whatever the tables say now."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.access import codes, links
from portal.actions import signatures, tasks, timers
from portal.actions.codes import Proof
from portal.definition.statements import AGREEMENT
from portal.ledger import record
from portal.ledger.tables import Disclosure
from portal.models import Code, Link, Task
from portal.readings.trail import Evidence
from tasks import typeset
from tests import makers, people

STEPS = """\
  - id: details
    name: "Details of {{ participants.vendor.name }}"
    assign: vendor
    due: 1 day
    form: {fields: [{id: company, type: text, label: Company}]}
"""


@pytest.fixture(autouse=True)
def cast(database: db.Database, clock: house_clock.Clock) -> None:
    people.settle()


def told(process: str) -> list[str]:
    """The sentences and the names of answered tasks that the trail prints."""
    with db.reading() as conn:
        evidence = Evidence(conn, process, 10_000, "UTC")
        lines = [line.sentence.text for line in evidence.lines()]
        return lines + [answer.task for answer in evidence.answers()]


@pytest.fixture
def process(clock: house_clock.Clock) -> str:
    started = makers.start(STEPS)
    clock.advance(days=2)
    timers.ring([row.id for row in makers.timers(started)])
    makers.fill(started, company="Sea")
    return started


def test_a_task_is_called_what_the_ledger_says(process: str) -> None:
    before = told(process)
    assert any(line.startswith("“Details of Vera Vendor” was not done by") for line in before)
    assert before[-1] == "Details of Vera Vendor"
    with db.transaction() as tx:
        tx.execute(sa.update(Task).values(name="Something else"))
    assert told(process) == before


def test_an_erased_name_leaves_the_steps_own(process: str) -> None:
    opened = sa.select(Disclosure.seq).where(Disclosure.log == process, Disclosure.field == "name")
    with db.transaction() as tx:
        for seq in tx.execute(opened).scalars().all():
            record.erase(tx, process, seq, ["name"])
    left = told(process)
    assert any(line.startswith("“Details of [name of the vendor]” went") for line in left)
    assert "Details of Vera Vendor" not in str(left)


SIGN = """\
  - {id: papers, assign: buyer, upload: {documents: [{id: contract, name: Contract}]}}
  - {id: seal, name: Sign the contract, assign: vendor, sign: {document: papers.contract}}
  - {id: promise, assign: vendor, verify: link, sign: {statement: "I keep **it** secret."}}
"""


def test_e09_a_signature_is_told_with_all_that_is_known_of_it() -> None:
    process = makers.start(SIGN)
    makers.send(process, "papers", makers.arrived("contract", "c"))
    sign_with_code(makers.task(process, "seal"))
    promise = makers.task(process, "promise")
    signatures.decline(promise.id, "Not like this.", actor=makers.actor_of(promise))
    with db.reading() as conn:
        answers = list(Evidence(conn, process, 10_000, "UTC").answers())
    signed, declined = answers[-2:]
    rows = dict(signed.rows)
    assert signed.sentence.text == "Vera Vendor signed “Sign the contract” as “Vera V.”."
    assert rows["Document “contract.pdf”"].startswith("1 byte, SHA-256 cccccccc")
    assert rows["Sent to the signer’s browser before: “contract.pdf”"] == "nothing of it"
    assert rows["SHA-256 of what was signed"] == " ".join(["c" * 8] * 8)
    assert (rows["Signature"], rows["Method"]) == ("Vera V.", "typed name")
    assert rows["Its meaning"] == AGREEMENT
    assert "one-time code" in rows["Verified by"]
    assert rows["Asked"].startswith("Mon 23 Nov 2026, 09:00:00 (UTC) [event ")
    assert rows["Network address"] == "198.51.100.7"
    assert declined.sentence.quote == "Not like this."
    assert dict(declined.rows)["Verified by"].startswith("reached the mailbox: came in")


def sign_with_code(one: Any) -> None:
    """Sign as Vera, with the code that she was sent."""
    links.configure(("a-key-of-these-tests-that-is-long-enough",), "https://portal.example")
    [link] = makers.rows(Link, task_id=one.id)
    vera = people.guest(one.participant_id, people.VERA, link.id)
    for code in (None, "last"):
        typed = code and codes.of(makers.rows(Code)[-1].id)
        proof = Proof(session="s", page=db.new_id(), code=typed)
        signatures.sign(one.id, "Vera V.", True, proof=proof, actor=vera)


TWO = """\
  - id: details
    assign: vendor
    form:
      fields:
        - {id: company, type: text, label: Company}
        - {id: vat, type: text, label: VAT number, section: Taxes}
        - {id: note, type: text, label: Note, required: false}
  - {id: review, assign: buyer, approval: {question: Good?, on_changes: {return_to: details}}}
"""


def answered(process: str) -> list[dict[str, str]]:
    """What the trail prints of each form sent, by the labels of its fields."""
    with db.reading() as conn:
        evidence = Evidence(conn, process, 10_000, "UTC")
        return [dict(answer.rows) for answer in evidence.answers() if answer.rows]


def test_a_round_that_asks_for_some_again_tells_what_stands_and_from_where() -> None:
    process = makers.start(TWO)
    makers.fill(process, company="Sea Ltd", vat="12", note=None)
    sent = makers.events(process, "form.submitted")[0]["seq"]
    makers.decide(process, "request_changes", items=["details.vat"])
    makers.fill(process, vat="34")
    first, second = answered(process)
    with db.reading() as conn:
        evidence = Evidence(conn, process, 10_000, "UTC")
        page = "".join(str(typeset._page("UTC").answer(one, "UTC")) for one in evidence.answers())
    assert page.index("Company") < page.index("Taxes</th>") < page.index("VAT number"), "its part"
    assert first == {"Company": "Sea Ltd", "VAT number": "12", "Note": "left empty"}
    before = f"as in round 1, not asked again [event {sent}]"
    assert second == {
        "Company": f"Sea Ltd, {before}",
        "VAT number": "34",
        "Note": f"left empty, {before}",
    }


def test_what_stands_is_told_from_the_round_that_asked_for_it_last() -> None:
    process = makers.start(TWO)
    makers.fill(process, company="Sea Ltd", vat="12")
    makers.decide(process, "request_changes", items=["details.vat"])
    makers.fill(process, vat="34")
    makers.decide(process, "request_changes", items=["details.company"])
    makers.fill(process, company="Ocean Ltd")
    third = answered(process)[-1]
    seqs = [event["seq"] for event in makers.events(process, "form.submitted")]
    assert third["Company"] == "Ocean Ltd"
    assert third["VAT number"] == f"34, as in round 2, not asked again [event {seqs[1]}]"


def test_it_lists_who_was_given_what_when_they_took_it_up_and_what_was_missed(
    clock: house_clock.Clock,
) -> None:
    process = makers.start(STEPS)
    clock.advance(hours=13)
    timers.ring([row.id for row in makers.timers(process)])  # half of a day is over
    one = makers.task(process, "details")
    tasks.reassign(one.id, people.OTTO, "Vera is away.", actor=people.staff("dana"))
    clock.advance(hours=2)
    makers.fill(process, company="Sea")
    with db.reading() as conn:
        evidence = Evidence(conn, process, 10_000, "UTC")
        (name, first), (_, second) = evidence.handoffs()
        page = "".join(typeset._handoffs(typeset._page("UTC"), evidence, evidence.overview()))
    assert name == "Details of Vera Vendor"
    assert (first.to["email"], second.to["email"]) == (
        "vera@vendor.example",
        "otto@other.example",
    )
    assert first.missed_event is not None
    assert (first.picked_up_at, first.ended) == (None, "handed_on")
    assert (second.number, second.ended, second.by) == (2, "done", "Dana Owner")
    assert second.picked_up_at == second.offered_at + timedelta(hours=2)
    types = [one["type"] for one in makers.events(process)]
    assert types[second.event] == "task.reassigned"
    assert types[first.missed_event] == "handoff.missed"
    assert types[second.ended_event or 0] == "form.submitted"
    told = " ".join(page.split())
    assert "nobody had taken it up by then" in told
    assert "never; it lay for 13 hours" in told
    assert "given for the second time" in told
    assert "2 hours after it was offered" in told
    assert "“Vera is away.”" in told


def test_work_that_a_team_was_given_is_told_by_the_name_of_the_team(
    clock: house_clock.Clock,
) -> None:
    process = makers.start(STEPS.replace("assign: vendor", "assign: finance"))
    with db.reading() as conn:
        evidence = Evidence(conn, process, 10_000, "UTC")
        page = "".join(typeset._handoffs(typeset._page("UTC"), evidence, evidence.overview()))
    assert "Offered to: finance, " in page
