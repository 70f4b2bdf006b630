"""Questions about tasks: asked outside, answered by staff, and no reminder in between."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.actions import handoffs, questions
from portal.actions import timers as clockwork
from portal.clock import Clock
from portal.errors import AlreadyRecorded, Conflict, Faulty, NotYours, TaskDone, Unknown
from portal.ledger import record
from portal.models import Question, Task
from portal.readings import letters
from tests import makers, people
from tests.conftest import MONDAY

pytestmark = pytest.mark.usefixtures("house")

STEPS = makers.FORM.replace(
    "assign: vendor,", "assign: vendor, due: 10 days, remind: [8 days before, 1 day before],"
)


def begun(steps: str = STEPS) -> Any:
    return makers.task(makers.start(steps), "details")


def ask(task: Any, text: str = "Which “company”?", nonce: str | None = None) -> Any:
    questions.ask(task.id, text, nonce=nonce, actor=makers.actor_of(task))
    [thread] = makers.rows(Question, task_id=task.id)
    return thread


def reminders(task: Any) -> list[tuple[str, Any]]:
    found = [one for one in makers.timers(task.process_id) if one.kind == "remind"]
    return [(one.what["label"], one.rings_at) for one in found]


def ring(task: Any, clock: Clock) -> None:
    due = [one.id for one in makers.timers(task.process_id) if one.rings_at <= house_clock.now()]
    clockwork.ring(due)


def test_a_question_stops_the_reminders_and_its_answer_lets_them_go_on(clock: Clock) -> None:
    task = begun()
    planned = reminders(task)
    assert len(planned) == 2
    thread = ask(task)
    assert (thread.waits_on, thread.since) == ("staff", MONDAY)
    assert reminders(task) == []
    [asked] = makers.events(task.process_id, "question.asked")
    assert asked["data"]["reminders"] == "held"
    assert "text" in asked["priv"]
    clock.advance(days=1)
    questions.answer(thread.id, "The one that pays.", actor=people.staff("dana"))
    assert reminders(task) == planned
    assert makers.rows(Question)[0].waits_on is None
    assert makers.types(task.process_id)[-1] == "question.answered"


def test_a_reminder_that_was_left_out_comes_a_day_after_the_answer(clock: Clock) -> None:
    task = begun()
    thread = ask(task)
    clock.advance(days=4)
    ring(task, clock)
    assert makers.owed(task.process_id, "mail.reminder") == []
    questions.answer(thread.id, "This one.", actor=people.staff("dana"))
    first, last = reminders(task)
    assert first == ("8 days before", house_clock.now() + timedelta(days=1))
    assert last[0] == "1 day before"
    clock.advance(days=1)
    ring(task, clock)
    assert len(makers.owed(task.process_id, "mail.reminder")) == 1


def test_the_due_moment_and_what_follows_it_stay(clock: Clock) -> None:
    task = begun()
    before = [one.kind for one in makers.timers(task.process_id) if one.kind != "remind"]
    ask(task)
    assert [one.kind for one in makers.timers(task.process_id)] == before
    clock.advance(days=11)
    ring(task, clock)
    assert "deadline.missed" in makers.types(task.process_id)
    assert [one.kind for one in makers.troubles(task.process_id)] == ["overdue"]
    questions.close(makers.rows(Question)[0].id, actor=people.staff("dana"))
    clock.advance(days=1)
    ring(task, clock)
    assert len(makers.owed(task.process_id, "mail.reminder")) == 1
    assert len(makers.troubles(task.process_id)) == 1, "its owner knows already"


def test_the_same_page_twice_is_one_question() -> None:
    task = begun()
    ask(task, nonce="a" * 32)
    with pytest.raises(AlreadyRecorded):
        ask(task, nonce="a" * 32)
    assert makers.types(task.process_id).count("question.asked") == 1
    assert len(makers.owed(task.process_id, "mail.question")) == 1


def test_asking_more_while_one_waits_does_not_reset_since_when(clock: Clock) -> None:
    task = begun()
    ask(task)
    clock.advance(hours=5)
    assert ask(task, "And by when?").since == MONDAY
    assert makers.types(task.process_id)[-2:] == ["question.asked"] * 2


def test_staff_ask_and_the_person_answers(clock: Clock) -> None:
    task = begun()
    planned = reminders(task)
    asked = questions.ask_person(task.id, "Is it still Sea Ltd?", actor=people.staff("dana"))
    assert makers.rows(Question, id=asked)[0].waits_on == "outside"
    assert reminders(task) == planned, "what waits for them is no reason to remind less"
    ask(task, "Yes.")
    assert makers.types(task.process_id)[-1] == "question.answered"
    assert makers.rows(Question)[0].waits_on is None


@pytest.mark.parametrize("who", ["finn", "aud"])
def test_only_the_owner_and_admins_answer(who: str) -> None:
    thread = ask(begun())
    with pytest.raises(NotYours):
        questions.answer(thread.id, "Me!", actor=people.staff(who))
    questions.answer(thread.id, "I may.", actor=people.staff("ada"))


def test_whoever_has_no_part_in_it_asks_nothing() -> None:
    task = begun()
    with pytest.raises(Unknown):
        questions.ask(task.id, "Well?", actor=people.guest("nobody", people.OTTO))
    with pytest.raises(NotYours):
        questions.ask(task.id, "Well?", actor=people.staff("dana"))
    with pytest.raises(Unknown):
        questions.answer("0" * 8, "Well.", actor=people.staff("dana"))


def test_a_question_says_something_and_not_too_much() -> None:
    task = begun()
    for text in ("", "  \n", "x" * 4001, "bell \x07"):
        with pytest.raises(Faulty):
            ask(task, text)
    assert "question.asked" not in makers.types(task.process_id)


def test_a_colleague_is_asked_otherwise() -> None:
    process = makers.start("  - {id: look, assign: buyer, task: {}}")
    with pytest.raises(Conflict):
        questions.ask_person(makers.task(process, "look").id, "?", actor=people.staff("ada"))


def test_once_it_is_done_nobody_asks_but_what_was_asked_is_answered() -> None:
    task = begun()
    thread = ask(task)
    makers.fill(task.process_id, company="Sea")
    with pytest.raises(TaskDone):
        ask(task)
    questions.answer(thread.id, "Thank you anyway.", actor=people.staff("dana"))
    [owed] = makers.owed(task.process_id, "mail.answer")
    with db.reading() as conn:
        [letter] = letters.of(conn, owed.kind, owed.ref, made_at=MONDAY, tz="UTC")
    assert letter.link is None, "a closed task is no way to write back"
    assert letter.to.email == people.VERA["email"]


def test_who_gets_the_task_next_is_reminded_again() -> None:
    task = begun()
    ask(task)
    handoffs.delegate(task.id, people.OTTO, "His.", actor=makers.actor_of(task))
    assert makers.rows(Task, id=task.id)[0].asks_since is None
    assert len(reminders(task)) == 2


def test_words_that_were_erased_are_mailed_no_more() -> None:
    task = begun()
    ask(task)
    [owed] = makers.owed(task.process_id, "mail.question")
    with db.reading() as conn:
        [letter] = letters.of(conn, owed.kind, owed.ref, made_at=MONDAY, tz="UTC")
    assert letter.facts["text"] == "Which “company”?"
    assert letter.place == f"/tasks/{task.id}#questions"
    with db.transaction() as tx:
        record.erase(tx, task.process_id, owed.ref["seq"], ["text"])
    with db.reading() as conn:
        assert letters.of(conn, owed.kind, owed.ref, made_at=MONDAY, tz="UTC") == []
        stored = conn.execute(sa.select(Question.__table__)).mappings().one()
    assert "Which" not in str(dict(stored)), "the words stand in the ledger alone"


# What keeps somebody from a task


def block(task: Any, text: str = "Our auditor is away.", nonce: str | None = None) -> Any:
    questions.block(task.id, text, nonce=nonce, actor=makers.actor_of(task))
    return makers.rows(Task, id=task.id)[0]


def letter(process_id: str, kind: str) -> Any:
    owed = makers.owed(process_id, kind)[-1]
    with db.reading() as conn:
        [found] = letters.of(conn, owed.kind, owed.ref, made_at=MONDAY, tz="UTC")
    return found


def test_whoever_is_blocked_is_not_reminded_until_the_owner_has_answered(clock: Clock) -> None:
    task = begun()
    planned = reminders(task)
    with pytest.raises(Faulty):
        block(task, " ")
    assert block(task).blocked_since == MONDAY
    assert reminders(task) == []
    [told] = makers.events(task.process_id, "task.blocked")
    assert (told["data"]["reminders"], "text" in told["priv"]) == ("held", True)
    assert letter(task.process_id, "mail.question").facts["is_block"]
    waits = makers.process(task.process_id).waiting[0]
    assert waits["blocked_since"].startswith("2026-11-23T09:00")
    clock.advance(hours=3)
    ask(task, "Who could help?")
    [thread] = makers.rows(Question)
    assert (thread.is_block, thread.since) == (True, MONDAY)
    with pytest.raises(Conflict):
        questions.close(thread.id, actor=people.staff("dana"))
    with pytest.raises(NotYours):
        questions.unblock(task.id, "Me.", actor=people.staff("finn"))
    questions.unblock(task.id, "Take last year’s.", actor=people.staff("dana"))
    assert makers.rows(Task, id=task.id)[0].blocked_since is None
    assert reminders(task) == planned
    answered = letter(task.process_id, "mail.answer")
    assert (answered.facts["text"], answered.to.email) == (
        "Take last year’s.", people.VERA["email"],
    )  # fmt: skip
    assert makers.process(task.process_id).waiting[0]["blocked_since"] is None
    with pytest.raises(Conflict):
        questions.unblock(task.id, "Once more.", actor=people.staff("dana"))


def test_whoever_is_blocked_says_that_they_can_go_on(clock: Clock) -> None:
    task = begun()
    for _ in range(2):
        with_page = "a" * 32
        try:
            block(task, nonce=with_page)
        except AlreadyRecorded:
            continue
    assert makers.types(task.process_id).count("task.blocked") == 1
    for _ in range(2):
        questions.go_on(task.id, actor=makers.actor_of(task))
    assert makers.types(task.process_id).count("task.unblocked") == 1
    assert len(reminders(task)) == 2
    block(task)
    makers.fill(task.process_id, company="Sea")
    assert makers.rows(Task, id=task.id)[0].blocked_since is None
    with pytest.raises(TaskDone):
        block(task)


def test_a_colleague_is_blocked_and_answered_at_the_desk() -> None:
    buyer = {"buyer": {"email": "finn@example.com", "name": "Finn"}}
    process = makers.start("  - {id: look, assign: buyer, task: {}}", participants=buyer)
    task = makers.task(process, "look")
    questions.block(task.id, "No access.", actor=people.staff("finn"))
    assert letter(process, "mail.question").to.email == "dana@example.com"
    with pytest.raises(NotYours):
        questions.block(task.id, "Mine?", actor=people.staff("olga"))
    [thread] = makers.rows(Question)
    questions.answer(thread.id, "You have it now.", actor=people.staff("dana"))
    answered = letter(process, "mail.answer")
    assert (answered.to.email, answered.place) == ("finn@example.com", f"/tasks/{task.id}")
    assert makers.types(process)[-1] == "task.unblocked"
