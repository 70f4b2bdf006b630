"""Somebody leaves: all that is theirs goes to one person, and what nobody can do is flagged."""

from dataclasses import replace

import pytest

from portal import db
from portal.access import seats
from portal.actions import definitions, leaving, processes, tasks, troubles
from portal.actions import people as verbs
from portal.errors import Conflict, Faulty, NotYours, Unknown
from portal.ledger.tables import Entry
from portal.models import ApiToken, DefinitionRow, User
from portal.readings import leaving as readings
from portal.readings import status
from tests import makers, people

ADA, DANA = people.staff("ada"), people.staff("dana")
WHY = 'Dana "Dee" O\'Neil leaves; {{ 1 }}.'
LOOK = "  - {id: look, assign: buyer, task: {}}\n  - {id: next, assign: buyer, task: {}}"
BROKEN = "  - id: sum\n    set: {half: 10 / inputs.amount}"


def owned(name: str) -> readings.Belongings:
    with db.reading() as conn:
        return readings.belongings(conn, name)


def is_told_as_it_is(process: str) -> bool:
    with db.reading() as conn:
        return status.drift(conn, process) is None


def test_all_that_is_somebodys_goes_to_another_in_one_go() -> None:
    process = makers.start(LOOK)
    broken = makers.start(BROKEN, inputs={"amount": 0})
    token = verbs.make_token("till", "dana@example.com", True, actor=ADA)
    assert (owned("dana").processes.count, owned("dana").tasks.count) == (2, 1)
    done = leaving.hand_over("dana", "Olga@example.com", WHY, actor=ADA)
    assert (done.processes, done.definitions, done.kept, done.is_more) == (2, 1, [], False)
    assert not owned("dana").any
    [definition] = makers.rows(DefinitionRow, is_current=True)
    assert (definition.owner_id, definition.handed_by) == ("olga", "ada")
    assert makers.process(process).owner_id == "olga"
    task = makers.task(process, "look")
    assert task.holder_id == "olga"
    [event] = makers.events(process, "process.owner_changed")
    assert event["data"] == {"owner": "olga", "from_owner": "dana"}
    assert len(makers.events(process, "task.reassigned")) == 1
    assert len(makers.owed(process, "mail.reassigned")) == 1
    [trouble] = makers.troubles(broken)
    assert trouble.owner_id == "olga"
    with db.reading() as conn:
        actor = seats.token(conn, token)
    assert actor is not None
    assert actor.user_id == "olga"
    assert is_told_as_it_is(process)
    assert is_told_as_it_is(broken)


def test_the_next_step_of_the_role_is_the_successors_too() -> None:
    process = makers.start(LOOK)
    leaving.hand_over("dana", "olga@example.com", WHY, actor=ADA)
    makers.tick(process, "look")
    assert makers.task(process, "next").holder_id == "olga"


def test_a_second_press_finds_nothing_to_hand_over() -> None:
    process = makers.start(LOOK)
    leaving.hand_over("dana", "olga@example.com", WHY, actor=ADA)
    again = leaving.hand_over("dana", "olga@example.com", WHY, actor=ADA)
    assert (again.processes, again.definitions) == (0, 0)
    assert len(makers.events(process, "process.owner_changed")) == 1


def test_later_events_count_as_the_successors() -> None:
    process = makers.start(LOOK)
    leaving.hand_over("dana", "olga@example.com", WHY, actor=ADA)
    processes.comment(process, "Hello.", actor=people.staff("olga"))
    owners = {row.type: row.owner_id for row in makers.rows(Entry, log=process)}
    assert (owners["process.started"], owners["comment.added"]) == ("dana", "olga")


def test_a_definition_is_the_successors_until_its_next_version_names_an_owner() -> None:
    makers.publish(LOOK)
    leaving.hand_over("dana", "olga@example.com", WHY, actor=ADA)
    assert makers.process(makers.start_again()).owner_id == "olga"
    text = f"{makers.HEAD}steps:\n{makers.FORM}\n"
    with pytest.raises(Faulty, match="only its present owner or an admin"):
        definitions.publish(text, actor=people.staff("dana"))
    definitions.publish(text, actor=people.staff("olga"))
    assert makers.process(makers.start_again()).owner_id == "dana"
    leaving.hand_over("dana", "olga@example.com", WHY, actor=ADA)
    leaving.close("dana", actor=ADA)
    with pytest.raises(Faulty, match="not the address of a user"):
        makers.publish(LOOK)


def test_what_a_successor_may_not_decide_stays_and_is_told() -> None:
    steps = (
        "  - {id: look, assign: finance, task: {}}\n"
        "  - id: review\n    assign: buyer\n"
        "    approval: {question: Q, separate_from: [look]}\n"
    )
    process = makers.start(steps)
    makers.tick(process, "look")
    done = leaving.hand_over("dana", "finn@example.com", WHY, actor=ADA)
    assert len(done.kept) == 1
    assert makers.task(process, "review").holder_id == "dana"
    assert makers.process(process).owner_id == "finn"


def test_who_leaves_and_who_follows_are_checked() -> None:
    makers.publish(LOOK)
    for to, at in (("", "to"), ("dana@example.com", "to"), ("aud@example.com", "to")):
        with pytest.raises(Faulty) as refused:
            leaving.hand_over("dana", to, WHY, actor=ADA)
        assert [fault.at for fault in refused.value.faults] == [at]
    with pytest.raises(Faulty) as refused:
        leaving.hand_over("dana", "olga@example.com", " ", actor=ADA)
    assert [fault.at for fault in refused.value.faults] == ["reason"]
    with pytest.raises(Unknown):
        leaving.hand_over("nobody", "olga@example.com", WHY, actor=ADA)
    for verb in (
        lambda: leaving.hand_over("dana", "olga@example.com", WHY, actor=DANA),
        lambda: leaving.close("olga", actor=DANA),
    ):
        with pytest.raises(NotYours):
            verb()


# The account


def test_a_closed_account_can_do_nothing_and_leaves_nothing_unseen() -> None:
    process = makers.start(LOOK)
    token = verbs.make_token("till", "dana@example.com", False, actor=ADA)
    leaving.close("dana", actor=ADA)
    leaving.close("dana", actor=ADA)
    [trouble] = makers.troubles(process)
    assert (trouble.kind, trouble.step, trouble.state) == ("nobody", "look", "open")
    assert "Dana Owner" in trouble.message
    with db.reading() as conn:
        assert seats.token(conn, token) is None
    troubles.resolve(trouble.id, "retry", "Is she back?", actor=ADA)
    [again] = makers.troubles(process, state="open")
    to = {"to": {"email": "olga@example.com"}}
    troubles.resolve(again.id, "reassign", "Olga does it.", to, actor=ADA)
    assert makers.task(process, "look").holder_id == "olga"
    assert makers.troubles(process, state="open") == []
    assert is_told_as_it_is(process)


def test_handing_over_afterwards_mends_what_was_left() -> None:
    process = makers.start(LOOK)
    leaving.close("dana", actor=ADA)
    leaving.hand_over("dana", "olga@example.com", WHY, actor=ADA)
    assert makers.troubles(process, state="open") == []
    assert makers.task(process, "look").holder_id == "olga"


def test_a_task_that_a_team_member_took_is_flagged_when_they_leave() -> None:
    process = makers.start("  - {id: look, assign: finance, task: {}}")
    tasks.claim(makers.task(process, "look").id, actor=people.staff("finn"))
    leaving.close("finn", actor=ADA)
    [trouble] = makers.troubles(process)
    assert "Finn Finance" in trouble.message


def test_a_team_in_which_nobody_is_left_is_flagged_and_one_with_a_member_is_not() -> None:
    process = makers.start("  - {id: look, assign: finance, task: {}}")
    leaving.close("finn", actor=ADA)
    assert makers.troubles(process) == []
    leaving.close("fay", actor=ADA)
    assert [one.kind for one in makers.troubles(process)] == ["nobody"]


def test_who_may_only_read_from_now_on_leaves_their_tasks_to_be_seen() -> None:
    process = makers.start(LOOK, participants={"buyer": {"email": "olga@example.com"}})
    verbs.add_user("olga@example.com", "Olga Other", "auditor", None, actor=ADA)
    assert [one.kind for one in makers.troubles(process)] == ["nobody"]


def test_nobody_closes_their_own_account_nor_the_only_admins() -> None:
    with pytest.raises(Conflict, match="their own"):
        leaving.close("ada", actor=ADA)
    verbs.add_user("olga@example.com", "Olga Other", "admin", None, actor=ADA)
    olga = people.staff("olga")
    leaving.close("ada", actor=replace(olga, role="admin"))
    with pytest.raises(Conflict, match="only admin"):
        leaving.close("olga", actor=replace(DANA, role="admin"))
    [row] = makers.rows(User, id="olga")
    assert row.is_active


def test_own_tokens_end_and_are_never_the_successors() -> None:
    verbs.make_token("mine", "dana@example.com", False, actor=ADA)
    leaving.hand_over("dana", "olga@example.com", WHY, actor=ADA)
    [row] = makers.rows(ApiToken)
    assert (row.user_id, row.revoked_at) == ("dana", None)
    leaving.close("dana", actor=ADA)
    [row] = makers.rows(ApiToken)
    assert row.revoked_at is not None


def test_many_processes_go_over_in_one_call() -> None:
    first = makers.start(LOOK)
    for _ in range(29):
        makers.start_again()
    assert leaving.hand_over("dana", "olga@example.com", WHY, actor=ADA).processes == 30
    assert owned("olga").processes.count == 30
    assert makers.process(first).owner_id == "olga"
