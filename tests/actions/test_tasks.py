"""To-dos, claims, reminders asked for, and work that changes hands."""

import pytest

from portal.actions import forms, tasks
from portal.definition.fields import JsonSent
from portal.errors import Conflict, Faulty, NotYours, TaskDone, Unknown
from portal.models import Link, Participant, Task
from tests import makers, people

DANA = people.staff("dana")
LIST = """\
  - id: check
    assign: finance
    due: 3 days
    task: {instructions: Look, checklist: [One, Two]}
"""


def test_every_line_of_the_checklist_has_to_be_ticked() -> None:
    process = makers.start(LIST)
    one = makers.task(process, "check")
    with pytest.raises(Faulty) as refused:
        tasks.tick(one.id, "", [0], actor=people.staff("finn"))
    assert [fault.at for fault in refused.value.faults] == ["item-2"]
    tasks.tick(one.id, "All fine.", [0, 1], nonce="n", actor=people.staff("finn"))
    tasks.tick(one.id, "All fine.", [0, 1], nonce="n", actor=people.staff("finn"))
    with pytest.raises(TaskDone):
        tasks.tick(one.id, actor=people.staff("finn"))
    assert makers.runs(process, "check")[0].answers == {"note": "All fine."}


def test_whoever_of_the_team_claims_a_task_holds_it() -> None:
    process = makers.start(LIST)
    one = makers.task(process, "check")
    assert one.holder_id is None
    tasks.claim(one.id, actor=people.staff("finn"))
    tasks.claim(one.id, actor=people.staff("finn"))
    tasks.remind(one.id, actor=people.staff("ada"))
    (held,) = makers.process(process).waiting
    assert held["who"]["name"] == "Finn Finance", "a list says who holds it, not only the team"
    with pytest.raises(NotYours):
        tasks.claim(one.id, actor=people.staff("fay"))
    with pytest.raises(NotYours):
        tasks.tick(one.id, actor=people.staff("fay"))
    tasks.tick(one.id, actor=people.staff("finn"))
    assert makers.types(process).count("task.picked_up") == 1


def test_whoever_of_the_team_does_a_task_first_held_it() -> None:
    process = makers.start(LIST)
    tasks.tick(makers.task(process, "check").id, actor=people.staff("fay"))
    done = makers.task(process, "check", state="done")
    assert done.holder_id == "fay"
    with pytest.raises(TaskDone):
        tasks.tick(done.id, actor=people.staff("finn"))


def test_a_reminder_asked_for_goes_out_once_a_second() -> None:
    process = makers.start(makers.FORM)
    one = makers.task(process, "details")
    for _ in range(2):
        tasks.remind(one.id, actor=DANA)
    [owed] = makers.owed(process, "mail.reminder")
    assert owed.ref["rung"] is None
    asked = makers.events(process, "reminder.asked")
    assert [one["actor"]["ref"] for one in asked] == [DANA.id] * 2, "who pressed is on record"
    with pytest.raises(NotYours):
        tasks.remind(one.id, actor=people.staff("olga"))


def test_a_task_handed_over_leaves_its_old_link_dead() -> None:
    process = makers.start(makers.FORM)
    one = makers.task(process, "details")
    before = makers.actor_of(one)
    tasks.reassign(one.id, people.OTTO, "Vera left.", actor=DANA)
    links = makers.rows(Link, process_id=process)
    assert [row.revoked_at is None for row in sorted(links, key=lambda row: row.made_at)].count(
        True
    ) == 1
    assert makers.process(process).waiting[0]["who"]["email"] == "otto@other.example"
    assert {row.kind for row in makers.owed(process)} == {"mail.invite", "mail.reassigned"}
    assert len(makers.owed(process, "mail.invite")) == 2
    with pytest.raises(Unknown):
        forms.submit(one.id, JsonSent({"company": "Sea"}), actor=before)
    makers.fill(process, company="Sea")
    assert makers.process(process).state == "completed"


def test_a_task_handed_to_staff_waits_at_their_desk() -> None:
    process = makers.start(makers.FORM)
    one = makers.task(process, "details")
    tasks.reassign(one.id, {"email": "Olga@Example.com", "name": ""}, "They called.", actor=DANA)
    assert makers.task(process, "details").holder_id == "olga"
    makers.fill(process, company="Sea")


@pytest.mark.parametrize(
    ("to", "reason", "at"),
    [
        ({"email": "x"}, "Why.", "to.email"),
        ({}, "Why.", "to.email"),
        (people.OTTO, " ", "reason"),
        (people.VERA, "Why.", "to.email"),
    ],
)
def test_a_handover_needs_somebody_else_and_a_reason(
    to: dict[str, str | None], reason: str, at: str
) -> None:
    process = makers.start(makers.FORM)
    with pytest.raises(Faulty) as refused:
        tasks.reassign(makers.task(process, "details").id, to, reason, actor=DANA)
    assert [fault.at for fault in refused.value.faults] == [at]


def test_one_task_that_any_of_several_may_do() -> None:
    process = makers.start(
        "  - id: details\n    assign: [vendor, second]\n"
        "    form: {fields: [{id: company, type: text, label: Company}]}\n",
        participants={"second": people.OTTO},
    )
    [one] = makers.rows(Task, process_id=process)
    [other] = one.others
    assert len(makers.rows(Link, process_id=process)) == 2
    otto = people.guest(other, people.OTTO)
    forms.submit(one.id, JsonSent({"company": "Sea"}), actor=otto)
    assert makers.task(process, "details", state="done").done_by == other
    with pytest.raises(TaskDone):
        forms.submit(one.id, JsonSent({"company": "Sea"}), actor=makers.actor_of(one))


ULLA = {"email": "ulla@third.example", "name": "Ulla"}


@pytest.mark.parametrize(
    ("to", "told"), [(ULLA, ["vendor", "second"]), (people.OTTO, ["vendor"])], ids=["else", "own"]
)
def test_everybody_who_loses_a_task_is_told_and_whoever_keeps_it_is_not(
    to: dict[str, str], told: list[str]
) -> None:
    steps = makers.FORM.replace("assign: vendor", "assign: [vendor, second]")
    process = makers.start(steps, participants={"second": people.OTTO})
    tasks.reassign(makers.task(process, "details").id, to, "It is theirs.", actor=DANA)
    roles = {row.id: row.role for row in makers.rows(Participant, process_id=process)}
    owed = makers.owed(process, "mail.reassigned")
    assert [roles[row.ref["participant"]] for row in owed] == told
    invites = makers.owed(process, "mail.invite")
    assert len({row.once for row in invites}) == len(invites) == 2


@pytest.mark.parametrize("first", ["vendor", "buyer"])
def test_the_receipt_goes_to_whoever_outside_did_it(first: str) -> None:
    other = {"vendor": "buyer", "buyer": "vendor"}[first]
    steps = (
        f"  - id: details\n    assign: [{first}, {other}]\n"
        "    form: {fields: [{id: company, type: text, label: Company}]}\n"
    )
    for does, receipts in (("vendor", 1), ("buyer", 0)):
        process = makers.start(steps)
        one = makers.task(process, "details")
        [vera] = makers.rows(Participant, process_id=process, role="vendor")
        actor = people.guest(vera.id, people.VERA) if does == "vendor" else DANA
        forms.submit(one.id, JsonSent({"company": "Sea"}), actor=actor)
        assert len(makers.owed(process, "mail.receipt")) == receipts, does


def test_what_is_done_on_somebodys_behalf_they_get_the_receipt_for() -> None:
    process = makers.start(makers.FORM)
    one = makers.task(process, "details")
    forms.submit(one.id, JsonSent({"company": "Sea"}), actor=DANA.acting_on_behalf("On the phone."))
    assert len(makers.owed(process, "mail.receipt")) == 1


def test_a_person_can_be_computed() -> None:
    process = makers.start(
        "  - id: who\n    assign: buyer\n"
        "    form: {fields: [{id: mail, type: email, label: Mail}]}\n"
        "  - id: ask\n    assign: {email: steps.who.mail, name: \"'Otto'\"}\n"
        "    task: {instructions: Do it}\n"
    )
    makers.fill(process, "who", mail="otto@other.example")
    assert makers.process(process).waiting[0]["who"] == {
        "kind": "external",
        "email": "otto@other.example",
        "name": "Otto",
    }
    makers.tick(process, "ask")


def test_an_answer_of_the_wrong_kind_is_refused() -> None:
    process = makers.start(makers.FORM)
    one = makers.task(process, "details")
    with pytest.raises(Conflict):
        tasks.tick(one.id, actor=makers.actor_of(one))
    with pytest.raises(Conflict):
        tasks.claim(one.id, actor=DANA.acting_on_behalf("Why."))
