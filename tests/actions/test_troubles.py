"""What goes wrong is shown, told to the owner, and dealt with by a person."""

import pytest
import sqlalchemy as sa

from portal import db
from portal.actions import messages, processes, sweeps, tasks, timers, trails, troubles
from portal.clock import Clock
from portal.errors import Conflict, Faulty, NotYours, ProcessEnded
from portal.models import Task, User
from portal.readings import dossier, status
from tests import makers, people

DANA = people.staff("dana")
BROKEN = (
    "  - id: sum\n    set: {half: 10 / inputs.amount}\n"
    "  - id: end\n    assign: vendor\n    task: {instructions: Done}\n"
)


@pytest.mark.parametrize(
    "steps",
    [
        BROKEN,
        "  - id: sum\n    when: 1 / inputs.amount > 0\n    set: {x: 1 + 1}\n",
        "  - id: sum\n    message: {to: [vendor], subject: Hi, body: '{{ 1 / inputs.amount }}'}\n",
        "  - id: sum\n    assign: {email: inputs.nobody}\n    task: {instructions: Do}\n",
        "  - id: sum\n    assign: buyer\n    due: {at: inputs.when}\n    task: {}\n",
        "  - id: sum\n    name: '{{ 1 / inputs.amount }}'\n    assign: buyer\n    task: {}\n",
    ],
)
def test_an_expression_that_fails_stops_the_process_and_says_so(steps: str) -> None:
    head = makers.HEAD + (
        "  - {id: nobody, type: email, label: Nobody, required: false}\n"
        "  - {id: when, type: date, label: When, required: false}\n"
    )
    process = makers.start(steps, head=head, inputs={"amount": 0})
    [trouble] = makers.troubles(process)
    assert (trouble.kind, trouble.step, trouble.state) == ("expression", "sum", "open")
    assert trouble.owner_id == "dana"
    assert makers.process(process).n_troubles == 1
    assert makers.runs(process, "sum") == []
    assert len(makers.owed(process, "mail.trouble")) == 1


def test_a_retry_that_fails_again_opens_the_next_exception() -> None:
    process = makers.start(BROKEN, inputs={"amount": 0})
    for n in (1, 2):
        [trouble] = makers.troubles(process, state="open")
        troubles.resolve(trouble.id, "retry", "Once more.", actor=DANA)
        assert len(makers.troubles(process)) == n + 1
        with pytest.raises(Conflict):
            troubles.resolve(trouble.id, "retry", "Again.", actor=DANA)
    assert makers.process(process).n_troubles == 1


def test_cancelling_is_a_way_out() -> None:
    process = makers.start(BROKEN, inputs={"amount": 0})
    [trouble] = makers.troubles(process)
    troubles.resolve(trouble.id, "cancel", "It can't be.", actor=DANA)
    assert makers.process(process).state == "cancelled"
    assert makers.process(process).n_troubles == 0


def test_a_way_and_a_reason_are_needed_and_it_is_the_owners_to_say() -> None:
    process = makers.start(BROKEN, inputs={"amount": 0})
    [trouble] = makers.troubles(process)
    for how, reason, at in (("retry", "", "reason"), ("pray", "Why.", "how")):
        with pytest.raises(Faulty) as refused:
            troubles.resolve(trouble.id, how, reason, actor=DANA)
        assert [fault.at for fault in refused.value.faults] == [at]
    with pytest.raises(NotYours):
        troubles.resolve(trouble.id, "retry", "Why.", actor=people.staff("olga"))


def test_a_title_that_fails_does_not_stop_the_start() -> None:
    head = makers.HEAD.replace("name: Demo\n", "name: Demo\ntitle: '{{ 1 / inputs.amount }}'\n")
    process = makers.start(makers.FORM, head=head, inputs={"amount": 0})
    assert makers.process(process).title == "Demo"
    assert makers.task(process, "details").state == "open"
    assert [one.step for one in makers.troubles(process)] == [None]


def change(name: str, **values: object) -> None:
    """An account is closed, or may do less from now on."""
    with db.transaction() as tx:
        tx.execute(sa.update(User).where(User.id == name).values(**values))


AWAY = [("olga", {"is_active": False}), ("olga", {"role": "auditor"})]


@pytest.mark.parametrize(("name", "values"), AWAY)
def test_a_step_for_somebody_who_can_no_longer_act_stops_and_says_so(
    name: str, values: dict[str, object]
) -> None:
    later = "  - id: look\n    assign: buyer\n    task: {instructions: Look}\n"
    process = makers.start(
        f"{makers.FORM}\n{later}", participants={"buyer": {"email": f"{name}@example.com"}}
    )
    change(name, **values)
    makers.fill(process, company="Sea")
    [trouble] = makers.troubles(process)
    assert (trouble.kind, trouble.step) == ("nobody", "look")
    assert "Olga Other" in trouble.message
    assert makers.rows(Task, process_id=process, step="look") == []
    with db.reading() as conn:
        assert dossier.of_process(conn, process).unnamed == ["second", "buyer"]
    processes.name_participant(process, "buyer", {"email": "fay@example.com"}, actor=DANA)
    assert makers.task(process, "look").holder_id == "fay"
    assert makers.troubles(process, state="open") == []


def test_a_team_without_anybody_who_can_act_is_nobody() -> None:
    for member in ("finn", "fay"):
        change(member, is_active=False)
    process = makers.start("  - id: look\n    assign: finance\n    task: {}\n")
    [trouble] = makers.troubles(process)
    assert trouble.kind == "nobody"
    change("fay", is_active=True)
    troubles.resolve(trouble.id, "retry", "Fay is back.", actor=DANA)
    assert makers.task(process, "look").team_id == "finance"


def test_everybody_is_not_fewer_because_one_of_them_left() -> None:
    steps = "  - id: review\n    assign: [buyer, finance]\n    approval: {question: Q, needs: %s}\n"
    olga = {"buyer": {"email": "olga@example.com"}}
    change("fay", is_active=False)
    change("finn", is_active=False)
    process = makers.start(steps % "all", participants=olga)
    assert [one.kind for one in makers.troubles(process)] == ["nobody"]
    process = makers.start(steps % "any", participants=olga)
    assert makers.task(process, "review").holder_id == "olga"


def test_an_auditor_is_given_no_work() -> None:
    aud = {"email": "aud@example.com", "name": ""}
    with pytest.raises(Faulty, match="auditor") as refused:
        makers.start(makers.FORM, participants={"buyer": aud})
    assert [fault.at for fault in refused.value.faults] == ["participants.buyer"]
    process = makers.start(makers.FORM)
    with pytest.raises(Faulty, match="auditor") as refused:
        tasks.reassign(makers.task(process, "details").id, aud, "Away.", actor=DANA)
    assert [fault.at for fault in refused.value.faults] == ["to.email"]
    change("olga", is_active=False)
    with pytest.raises(Faulty, match="closed"):
        tasks.reassign(
            makers.task(process, "details").id, {"email": "olga@example.com"}, "Why.", actor=DANA
        )
    computed = "  - id: ask\n    assign: {email: \"'aud@example.com'\"}\n    task: {}\n"
    [trouble] = makers.troubles(makers.start(computed))
    assert trouble.kind == "nobody"


def test_an_auditor_owns_no_definition() -> None:
    with pytest.raises(Faulty, match="admin or a member"):
        makers.publish(makers.FORM, makers.HEAD.replace("dana@", "aud@"))


# What nobody has to look at any more, and what a retry owes

LATE = (
    "  - id: review\n    assign: [vendor, buyer]\n    due: 1 day\n    remind: []\n"
    "    approval: {question: Q, needs: any}\n"
)


def overdue(clock: Clock) -> str:
    """A process whose two tasks are overdue, each with an exception."""
    process = makers.start(LATE)
    clock.advance(days=2)
    timers.ring([row.id for row in makers.timers(process)])
    assert [row.kind for row in makers.troubles(process, state="open")] == ["overdue"] * 2
    return process


def is_told_as_it_is(process: str) -> bool:
    """Whether the events come to what the tables hold."""
    with db.reading() as conn:
        return status.drift(conn, process) is None


def test_a_task_that_is_withdrawn_leaves_no_exception_behind(clock: Clock) -> None:
    process = overdue(clock)
    [one] = makers.rows(Task, process_id=process, holder_id="dana")
    makers.decide(process, one=one)
    assert makers.troubles(process, state="open") == []
    how = {event["data"]["how"] for event in makers.events(process, "exception.resolved")}
    assert how == {"complete", "withdrawn"}
    assert is_told_as_it_is(process)


def test_a_task_that_is_handed_over_leaves_its_exceptions_behind(clock: Clock) -> None:
    process = overdue(clock)
    [vera] = makers.rows(Task, process_id=process, holder_id=None)
    tasks.reassign(vera.id, people.OTTO, "Vera is away.", actor=DANA)
    [left] = makers.troubles(process, state="open")
    assert left.task_id != vera.id
    [event] = makers.events(process, "exception.resolved")
    assert (event["data"]["how"], event["data"]["task"]) == ("reassign", vera.id)
    assert makers.process(process).n_troubles == 1
    assert is_told_as_it_is(process)


def test_whoever_let_a_task_go_overdue_is_reminded_by_a_retry(clock: Clock) -> None:
    process = overdue(clock)
    trouble = makers.troubles(process, state="open")[0]
    troubles.resolve(trouble.id, "retry", "They need it.", actor=DANA)
    [owed] = makers.owed(process, "mail.reminder")
    assert owed.ref["task"] == trouble.task_id


def test_a_trail_that_was_given_up_is_owed_again_even_after_the_end() -> None:
    process = makers.start(makers.FORM)
    makers.fill(process, company="Sea")
    trail = trails.ask(process, actor=DANA)
    [one] = messages.take(1, 30, ("trail.build",))
    messages.note_failed(one, None, "No room.")
    [trouble] = makers.troubles(process)
    troubles.resolve(trouble.id, "retry", "There is room now.", actor=DANA)
    [again] = messages.take(1, 30, ("trail.build",))
    assert again.ref == {"trail": trail}
    assert makers.process(process).n_troubles == 0


def test_a_trail_that_was_built_after_all_needs_nobody() -> None:
    process = makers.start(makers.FORM)
    trails.ask(process, actor=DANA)
    [one] = messages.take(1, 30, ("trail.build",))
    messages.note_failed(one, None, "No room.")
    trail = trails.ask(process, actor=DANA)
    [one] = messages.take(1, 30, ("trail.build",))
    built = trails.Built("stored", "ab" * 32, 1, "b-b")
    trails.note_built(trail, built, outbox_id=one.id, fence=one.fence, instead_of=None)
    assert makers.troubles(process, state="open") == []
    assert is_told_as_it_is(process)


def test_an_altered_ledger_of_an_ended_process_is_dealt_with_and_not_cancelled() -> None:
    process = makers.start(makers.FORM)
    makers.fill(process, company="Sea")
    sweeps.note_altered(process, "Event 3 is not what it was.")
    [trouble] = makers.troubles(process)
    with pytest.raises(ProcessEnded):
        troubles.resolve(trouble.id, "cancel", "It is over.", actor=DANA)
    troubles.resolve(trouble.id, "retry", "Put back from the backup.", actor=DANA)
    assert makers.troubles(process, state="open") == []
    assert makers.process(process).state == "completed"
