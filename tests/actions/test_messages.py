"""What became of mails is noted once, by whoever has them in hand."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.actions import messages, processes, trails
from portal.actions.messages import Posted
from portal.clock import Clock
from portal.ledger.outbox import Claimed
from portal.models import Link, Mail
from tests import makers, people


def taken(process: str) -> tuple[Claimed, Posted]:
    """The invitation in our hands, and what to note of it."""
    [one] = messages.take(10, 30, ("mail.invite",))
    task = makers.task(process, "details")
    mail = Posted(
        id=one.id, outbox_id=one.id, fence=one.fence, kind=one.kind, to="vera@vendor.example",
        subject="Details", process_id=process, task_id=task.id, step="details", link="ab" * 16,
    )  # fmt: skip
    return one, mail


@pytest.fixture
def process() -> str:
    return makers.start(makers.FORM)


def test_a_mail_that_was_taken_stands_in_ledger_and_list_once(process: str) -> None:
    _, mail = taken(process)
    assert messages.note_taken(mail)
    assert not messages.note_taken(mail)
    [sent] = makers.events(process, "link.sent")
    assert sent["data"] == {
        "link": "abababab", "mail": mail.id, "step": "details", "task": mail.task_id,
    }  # fmt: skip
    assert [row.state for row in makers.rows(Mail)] == ["taken"]
    assert makers.owed(process, "mail.invite")[0].state == "done"


def test_a_late_finisher_is_refused(process: str, clock: Clock) -> None:
    one, mail = taken(process)
    clock.advance(seconds=31)
    messages.take(10, 30)
    assert not messages.note_taken(mail)
    assert not messages.note_refused(mail, "550 no")
    assert not messages.note_later(one.id, one.fence, 1, "away")
    assert not messages.note_failed(one, mail, "away")
    assert "link.sent" not in makers.types(process)


def test_the_effect_ends_with_its_last_mail(process: str) -> None:
    one, mail = taken(process)
    assert messages.note_taken(replace(mail, id=f"{one.id}.a", is_last=False, to="a@x.example"))
    assert makers.owed(process, "mail.invite")[0].state == "pending"
    assert messages.note_taken(mail)
    assert makers.types(process).count("link.sent") == 2
    assert makers.owed(process, "mail.invite")[0].state == "done"


def test_a_refusal_opens_one_exception_and_owes_its_owner_a_mail(process: str) -> None:
    _, mail = taken(process)
    assert messages.note_refused(mail, "550 5.1.1 No such box")
    [trouble] = makers.troubles(process)
    assert (trouble.kind, trouble.step) == ("bounced", "details")
    assert "550 5.1.1 No such box" in trouble.message
    assert makers.process(process).n_troubles == 1
    assert len(makers.owed(process, "mail.trouble")) == 1


def test_a_refusal_after_the_end_is_recorded_and_needs_nobody(process: str) -> None:
    _, mail = taken(process)
    processes.cancel(process, "Enough", actor=people.staff("dana"))
    assert messages.note_refused(mail, "550 no")
    assert "mail.bounced" in makers.types(process)
    assert makers.troubles(process) == []


def test_what_is_given_up_needs_a_person(process: str) -> None:
    one, mail = taken(process)
    assert messages.note_failed(one, mail, "away for days")
    [trouble] = makers.troubles(process)
    assert trouble.kind == "effect"
    assert trouble.message.startswith("A mail to vera@vendor.example could not be sent, however")
    assert makers.owed(process, "mail.invite")[0].state == "dead"


def test_an_audit_trail_that_is_given_up_is_called_one(process: str) -> None:
    trails.ask(process, actor=people.staff("dana"))
    [one] = messages.take(1, 30, ("trail.build",))
    assert messages.note_failed(one, None, "No room.")
    [trouble] = makers.troubles(process)
    assert trouble.message == (
        "The audit trail could not be built, however often it was tried: No room."
    )


def test_what_somebody_still_waits_for_needs_a_person_after_the_end() -> None:
    process = makers.start("  - {id: bye, message: {to: [vendor], subject: Bye, body: Bye.}}")
    assert makers.process(process).state == "completed"
    [one] = messages.take(1, 30, ("mail.message",))
    mail = Posted(
        id=one.id, outbox_id=one.id, fence=one.fence, kind=one.kind, to="vera@vendor.example",
        subject="Bye", process_id=process, step="bye", ref=one.ref, reader=one.ref["participant"],
    )  # fmt: skip
    messages.note_refused(mail, "550 no")
    assert [row.kind for row in makers.troubles(process)] == ["bounced"]


def test_the_wait_grows_to_an_hour() -> None:
    waits = [messages.backoff(n) for n in range(1, 60)]
    assert waits[0] == timedelta(seconds=5)
    assert waits[1] == timedelta(seconds=10)
    assert waits[-1] == timedelta(hours=1)
    assert waits == sorted(waits)


def test_a_standing_link_is_made_once(process: str) -> None:
    person = makers.task(process, "details").participant_id
    first = messages.standing_link(process, person)
    assert messages.standing_link(process, person) == first
    assert len(makers.rows(Link, process_id=process, task_id=None)) == 1


def test_a_standing_link_lives_as_long_as_the_definition_says() -> None:
    head = makers.HEAD + "link_for: 14 days\n"
    process = makers.start(makers.FORM, head=head)
    messages.standing_link(process, makers.task(process, "details").participant_id)
    [link] = makers.rows(Link, process_id=process, task_id=None)
    assert link.expires_at - link.made_at == timedelta(days=14)


def test_whoever_plays_two_roles_gets_a_message_once() -> None:
    process = makers.start(
        "  - {id: bye, message: {to: [vendor, second, buyer], subject: Bye, body: Bye.}}",
        participants={"second": people.VERA},
    )
    assert len(makers.owed(process, "mail.message")) == 2
