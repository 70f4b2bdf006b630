"""Starting, cancelling, remarking, naming."""

import pytest

from portal import clock
from portal.actions import processes, repeats
from portal.errors import AlreadyRecorded, Conflict, Faulty, NotYours, ProcessEnded
from portal.models import Link, Participant, Process
from tests import makers, people

INPUTS = makers.HEAD.replace("name: Demo\n", 'name: Demo\ntitle: "Onboard {{ inputs.company }}"\n')
INPUTS = INPUTS.replace(
    "inputs:\n", "inputs:\n  - {id: company, type: text, label: Company, max_length: 20}\n"
)
DANA = people.staff("dana")


def faults(refused: pytest.ExceptionInfo[Faulty]) -> list[str]:
    """Where the faults are."""
    return [fault.at for fault in refused.value.faults]


def test_a_start_names_the_process_and_everybody_in_it() -> None:
    process = makers.start(
        makers.FORM, head=INPUTS, inputs={"company": "Sea & Sky"}, reference=" PO-7 "
    )
    row = makers.process(process)
    assert (row.title, row.reference, row.owner_id) == ("Onboard Sea & Sky", "PO-7", "dana")
    roles = {one.role: one for one in makers.rows(Participant, process_id=process)}
    assert roles.keys() == {"vendor", "buyer", "finance"}
    assert (roles["buyer"].kind, roles["buyer"].user_id) == ("staff", "dana")
    assert (roles["finance"].kind, roles["finance"].team_id) == ("team", "finance")
    [link] = makers.rows(Link, process_id=process)
    assert link.participant_id == roles["vendor"].id


def test_a_start_knows_what_day_it_is_where_defaults_and_conditions_ask() -> None:
    head = makers.HEAD.replace(
        "inputs:\n",
        "inputs:\n"
        '  - {id: begins, type: date, label: Begins, default: "{{ today }}"}\n'
        '  - {id: late, type: text, label: Why so late, show_if: "ends < today"}\n'
        "  - {id: ends, type: date, label: Ends, required: false}\n",
    )
    row = makers.process(makers.start(makers.FORM, head=head))
    assert row.inputs["begins"] == str(clock.now().date())
    assert row.inputs["late"] is None
    over = {"ends": "2020-01-31", "late": "Nobody asked."}
    assert makers.process(makers.start(makers.FORM, head=head, inputs=over)).inputs["late"]
    with pytest.raises(Faulty) as refused:
        makers.start(makers.FORM, head=head, inputs={"ends": "2020-01-31"})
    assert faults(refused) == ["late"]


def test_every_fault_of_a_start_is_told_at_once() -> None:
    makers.publish(makers.FORM, INPUTS)
    with pytest.raises(Faulty) as refused:
        processes.start(
            "demo",
            inputs={"company": "x" * 21, "nonsense": 1},
            participants={"buyer": {"email": "nobody@example.com"}, "boss": {}},
            actor=DANA,
        )
    assert set(faults(refused)) == {
        "company",
        "nonsense",
        "participants.boss",
        "participants.buyer",
        "participants.vendor",
    }
    assert not makers.rows(Process)


@pytest.mark.parametrize("email", ["", "vera", "vera@", "a b@c.de", "x@y.example\nBcc: z@z.de"])
def test_an_outside_person_needs_an_address(email: str) -> None:
    with pytest.raises(Faulty) as refused:
        makers.start(makers.FORM, vendor={"email": email, "name": "Vera"})
    assert faults(refused) == ["participants.vendor"]


def test_a_team_role_takes_a_member_of_the_team_alone() -> None:
    makers.publish(makers.FORM)
    for email, is_member in (("fay@example.com", True), ("olga@example.com", False)):
        named = {"vendor": people.VERA, "finance": {"email": email}}
        if is_member:
            processes.start("demo", inputs={}, participants=named, actor=DANA)
        else:
            with pytest.raises(Faulty):
                processes.start("demo", inputs={}, participants=named, actor=DANA)


def test_a_repeated_start_is_one_start() -> None:
    repeat = repeats.Repeat("token/key", "0" * 64)
    makers.start(makers.FORM, repeat=repeat)
    with pytest.raises(AlreadyRecorded):
        makers.start(makers.FORM, repeat=repeat)
    assert len(makers.rows(Process)) == 1


def test_auditors_and_guests_start_nothing() -> None:
    makers.publish(makers.FORM)
    for actor in (people.staff("aud"), people.guest("p", people.VERA)):
        with pytest.raises(NotYours):
            processes.start("demo", inputs={}, participants={}, actor=actor)
    with pytest.raises(Faulty, match="nothing"):
        processes.start("nothing", inputs={}, participants={}, actor=DANA)


def test_cancelling_withdraws_what_is_open_and_tells_people_once() -> None:
    process = makers.start(
        "  - id: review\n    assign: [vendor, buyer]\n    due: 2 days\n"
        "    approval: {question: Well}\n"
    )
    with pytest.raises(Faulty) as refused:
        processes.cancel(process, " ", actor=DANA)
    assert faults(refused) == ["reason"]
    with pytest.raises(NotYours):
        processes.cancel(process, "No.", actor=people.staff("olga"))
    processes.cancel(process, "Not needed.", actor=DANA)
    assert makers.process(process).state == "cancelled"
    assert makers.timers(process) == []
    assert len(makers.owed(process, "mail.withdrawn")) == 2
    assert makers.types(process)[-3:] == ["process.cancelled", "task.withdrawn", "task.withdrawn"]
    with pytest.raises(ProcessEnded):
        processes.cancel(process, "Again.", actor=DANA)


def test_a_comment_is_recorded_by_any_member() -> None:
    process = makers.start(makers.FORM)
    said = processes.comment(process, "Called them.", actor=people.staff("olga"))
    assert makers.events(process)[-1]["seq"] == said.seq
    with pytest.raises(Faulty):
        processes.comment(process, "", actor=DANA)
    with pytest.raises(NotYours):
        processes.comment(process, "Hm.", actor=people.staff("aud"))


LATER = "  - id: ask\n    assign: second\n    task: {instructions: Do it}\n"


def test_a_role_named_later_stops_its_step_until_somebody_is_named() -> None:
    process = makers.start(LATER)
    [trouble] = makers.troubles(process)
    assert (trouble.kind, trouble.state) == ("nobody", "open")
    processes.name_participant(process, "second", people.OTTO, actor=DANA)
    assert makers.task(process, "ask").state == "open"
    assert [one.state for one in makers.troubles(process)] == ["resolved"]
    assert makers.process(process).n_troubles == 0
    with pytest.raises(Conflict):
        processes.name_participant(process, "second", people.VERA, actor=DANA)


def test_a_role_named_before_its_step_opens_raises_nothing() -> None:
    process = makers.start(makers.FORM + "\n" + LATER)
    for person in ({}, {"email": "x"}):
        with pytest.raises(Faulty):
            processes.name_participant(process, "second", person, actor=DANA)
    processes.name_participant(process, "second", people.OTTO, actor=DANA)
    makers.fill(process, company="Sea")
    assert makers.task(process, "ask").state == "open"
    assert makers.troubles(process) == []
