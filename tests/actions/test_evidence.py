"""Whatever the verbs did, the exported ledger verifies, and replays by the verifier's rules."""

import pytest

from portal import db
from portal.actions import links, messages, processes, tasks, timers
from portal.actions.messages import Posted
from portal.clock import Clock
from portal.ledger import verify
from portal.ledger.findings import SOUND, Report
from portal.ledger.tables import Entry
from portal.models import Task
from portal.readings import export
from tests import makers, people

DANA = people.staff("dana")
STEPS = """\
  - id: details
    assign: vendor
    due: 1 day
    form: {fields: [{id: company, type: text, label: Company}]}
  - id: papers
    assign: vendor
    upload: {documents: [{id: licence, name: Licence}]}
  - id: tell
    message: {to: [vendor, finance], subject: Thanks, body: "We look at {{ link }}."}
  - id: skipped
    when: "false"
    assign: buyer
    task: {}
  - id: review
    assign: [buyer, finance]
    approval: {question: Well, needs: any, on_changes: {return_to: papers}}
"""


def verified(process: str) -> Report:
    """What the verifier says of the process's export."""
    with db.reading() as conn:
        lines = [line.encode() for line in export.lines(conn, process)]
    return verify.verify(lines)


def ready(clock: Clock) -> str:
    """A process that has seen a missed deadline, a claim and a change of hands."""
    process = makers.start(STEPS)
    one = makers.task(process, "details")
    clock.advance(days=2)
    timers.ring([row.id for row in makers.timers(process)])
    links.revoke(one.id, "Wrong address.", actor=DANA)
    tasks.reassign(one.id, people.OTTO, "Vera left.", actor=DANA)
    makers.fill(process, company="Sea")
    makers.send(process, "papers", makers.arrived("licence"))
    return process


@pytest.mark.parametrize("decision", ["approve", "reject", "request_changes", "cancel"])
def test_every_way_of_ending_verifies(clock: Clock, decision: str) -> None:
    process = ready(clock)
    if decision == "cancel":
        processes.cancel(process, "Not needed.", actor=DANA)
    else:
        team = next(
            row for row in makers.rows(Task, process_id=process, step="review") if row.team_id
        )
        tasks.claim(team.id, actor=people.staff("finn"))
        makers.decide(process, decision, one=team, actor=people.staff("finn"))
    if decision == "request_changes":
        makers.send(process, "papers", makers.arrived("licence", "b"))
    if decision in ("reject", "request_changes"):
        other = next(
            row
            for row in makers.rows(Task, process_id=process, step="review", state="open")
            if not row.team_id
        )
        makers.decide(process, one=other, actor=DANA)
    assert makers.process(process).state == ("cancelled" if decision == "cancel" else "completed")
    report = verified(process)
    assert report.verdict == SOUND, list(report.told())


def test_nothing_that_can_never_be_erased_tells_who_it_was_or_what_they_wrote() -> None:
    named = """\
  - id: details
    name: "Details of {{ participants.vendor.name }}, {{ participants.vendor.email }}"
    assign: vendor
    form: {fields: [{id: company, type: text, label: Company}]}
"""
    process = makers.start(named, reference="Vera’s order", inputs={})
    [effect] = messages.take(10, 30, ("mail.invite",))
    mail = Posted(
        id=effect.id, outbox_id=effect.id, fence=effect.fence, kind=effect.kind,
        to=people.VERA["email"], subject="For Vera", process_id=process,
        task_id=makers.task(process, "details").id, step="details", link="ab" * 16, name="Vera",
    )  # fmt: skip
    assert messages.note_taken(mail)
    processes.comment(process, "Vera Vendor called.", actor=DANA)
    tasks.reassign(makers.task(process, "details").id, people.OTTO, "Vera left.", actor=DANA)
    makers.fill(process, company="Vera and daughters")
    kept = str([tuple(row) for row in makers.rows(Entry, log=process)]).lower()
    for personal in ("vera", "otto", "dana owner", "daughters", "@", "192.0.2.1", "firefox"):
        assert personal not in kept, personal


def test_the_message_keeps_its_words_and_a_place_for_the_link(clock: Clock) -> None:
    process = ready(clock)
    [run] = makers.runs(process, "tell")
    assert run.answers == {"subject": "Thanks", "body": "We look at \ue000."}
    assert len(makers.owed(process, "mail.message")) == 2
