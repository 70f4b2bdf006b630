"""Answering forms."""

import pytest

from portal import db
from portal.actions import forms
from portal.definition.fields import JsonSent
from portal.errors import Faulty, TaskDone
from tests import makers


def test_a_form_is_asked_for_answered_and_ends_the_process() -> None:
    process = makers.start(makers.FORM)
    assert makers.process(process).waiting[0]["who"]["email"] == "vera@vendor.example"
    makers.fill(process, company="Sea Ltd")
    row = makers.process(process)
    assert (row.state, row.waiting, row.n_done) == ("completed", [], 1)
    assert makers.types(process) == [
        "process.started",
        "task.opened",
        "form.submitted",
        "step.completed",
        "process.completed",
    ]
    owed = {row.kind for row in makers.owed(process)}
    assert owed == {"mail.invite", "mail.receipt", "ledger.checkpoint"}


def test_a_faulty_answer_is_refused_at_its_field_and_nothing_is_recorded() -> None:
    process = makers.start(makers.FORM)
    before = makers.types(process)
    with pytest.raises(Faulty) as refused:
        makers.fill(process, company="")
    assert [fault.at for fault in refused.value.faults] == ["company"]
    assert makers.types(process) == before


def test_the_same_answer_again_is_quiet_and_another_is_too_late() -> None:
    process = makers.start(makers.FORM)
    one = makers.task(process, "details")
    actor, sent = makers.actor_of(one), JsonSent({"company": "Sea Ltd"})
    forms.submit(one.id, sent, nonce="n1", actor=actor)
    forms.submit(one.id, sent, nonce="n1", actor=actor)
    with pytest.raises(TaskDone):
        forms.submit(one.id, sent, nonce="n2", actor=actor)
    assert makers.types(process).count("form.submitted") == 1


def test_the_receipt_carries_the_event_and_its_hash() -> None:
    process = makers.start(makers.FORM)
    makers.fill(process, company="Sea Ltd")
    done = makers.task(process, "details", state="done")
    [event] = makers.events(process, "form.submitted")
    assert done.done_seq == event["seq"]
    assert len(done.done_hash) == 64
    assert done.done_by == done.participant_id


def test_answers_are_not_readable_in_the_ledger_itself() -> None:
    process = makers.start(makers.FORM)
    makers.fill(process, company="Sea Ltd")
    with db.reading() as conn:
        bodies = conn.exec_driver_sql("select body from ledger_entries").scalars().all()
    assert not any("Sea Ltd" in body for body in bodies)
