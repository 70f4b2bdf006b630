"""Questions about a task: whoever may do it outside asks, staff answer; or the other way round.

A block is a question that says what keeps somebody from doing it: until it is answered the
process shows that as the reason why it stands.
"""

from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import may
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import handoffs, reminders
from portal.engine.rows import Asked, Person
from portal.engine.running import Running
from portal.errors import Conflict, Unknown
from portal.language import gettext as _
from portal.language import mark
from portal.ledger.catalogue import (
    QuestionAnswered,
    QuestionAsked,
    QuestionClosed,
    TaskBlocked,
    TaskUnblocked,
)
from portal.models import Question

LONGEST = 4000  # letters; it is mailed to the other side
_WRITE = mark("Write what you want to ask or say first.")
_WHY_BLOCKED = mark("Write what keeps you from it, and what would help.")
_TABLE = Question.__table__
_Event = QuestionAsked | QuestionAnswered | TaskBlocked | TaskUnblocked


@action
def ask(tx: Tx, task_id: str, text: str, *, nonce: str | None = None, actor: Actor) -> None:
    """Have a person outside write to staff about their open task: a question, or an answer.

    As long as it waits for an answer nobody is reminded of the task. Raises Faulty at ``text``,
    and AlreadyRecorded where this page's (``nonce``) was recorded before.
    """
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "speak")
    task = running.open_task(task_id)
    said = words("text", text, _(_WRITE), longest=LONGEST)
    person = running.person(actor.id)
    thread = _thread(running, task, person)
    seq = _write(running, task, thread, person, said, nonce, actor)
    ref = {"task": task.id, "participant": person.id, "seq": seq}
    running.chain.send("mail.question", ref, once=f"question:{task.id}:{seq}")


@action
def block(tx: Tx, task_id: str, text: str, *, nonce: str | None = None, actor: Actor) -> None:
    """Have whoever has an open task say what keeps them from it. Else as ``ask``."""
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "reply")
    task = running.open_task(task_id)
    said = words("text", text, _(_WHY_BLOCKED), longest=LONGEST)
    person = handoffs.assignee(running, task, actor)
    thread = _thread(running, task, person)
    event = TaskBlocked(**_about(task, thread, person), reminders="held", text=said)
    seq = _record(running, task, event, nonce, actor)
    _turn(running, task, thread, "staff", is_block=True)
    ref = {"task": task.id, "participant": person.id, "seq": seq}
    running.chain.send("mail.question", ref, once=f"question:{task.id}:{seq}")


@action
def go_on(tx: Tx, task_id: str, *, actor: Actor) -> None:
    """Have whoever said that they are blocked say that they no longer are; else it does nothing."""
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "reply")
    task = running.open_task(task_id)
    person = handoffs.assignee(running, task, actor)
    thread = _thread(running, task, person)
    if thread["is_block"]:
        _record(running, task, TaskUnblocked(**_about(task, thread, person)), None, actor)
        _turn(running, task, thread, None)


@action
def unblock(tx: Tx, task_id: str, text: str, *, actor: Actor) -> None:
    """Have staff answer what keeps people from a task, so that it goes on. Faulty at ``text``.

    Whoever said so is told. Raises Conflict where nobody is blocked.
    """
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "manage")
    task = running.open_task(task_id)
    blocks = sa.select(_TABLE).where(Question.task_id == task.id, Question.is_block)
    found = running.tx.execute(blocks).mappings().all()
    if not found:
        raise Conflict("Nobody says that something keeps them from this, or not any more.")
    said = words("text", text, _(_WRITE), longest=LONGEST)
    for thread in found:
        _reply(running, task, dict(thread), said, None, actor)


@action
def ask_person(tx: Tx, task_id: str, text: str, *, nonce: str | None = None, actor: Actor) -> str:
    """Have staff ask whoever an open task is with, outside; the question's id. Else as ``ask``.

    Raises Conflict where it is with nobody outside.
    """
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "manage")
    task = running.open_task(task_id)
    person = running.person(task.participant_id)
    if person.kind != "external":
        raise Conflict("This task is with a colleague. Write a comment, or speak with them.")
    said = words("text", text, _(_WRITE), longest=LONGEST)
    thread = _thread(running, task, person)
    _reply(running, task, thread, said, nonce, actor)
    return str(thread["id"])


@action
def answer(tx: Tx, question_id: str, text: str, *, nonce: str | None = None, actor: Actor) -> None:
    """Have staff answer, also where the task or its process has ended. Else as ``ask``."""
    thread = _known(tx, question_id)
    running = Running.of_task(tx, thread["task_id"])
    thread = _known(tx, question_id)  # as it is now that nobody else writes
    may.task_for(tx, actor, thread["task_id"], "manage")
    said = words("text", text, _(_WRITE), longest=LONGEST)
    _reply(running, running.tasks[thread["task_id"]], thread, said, nonce, actor)


@action
def close(tx: Tx, question_id: str, *, actor: Actor) -> None:
    """Say that a question needs no answer; where none waits for staff it changes nothing.

    Raises Conflict where somebody is blocked until it is answered.
    """
    thread = _known(tx, question_id)
    running = Running.of_task(tx, thread["task_id"])
    thread = _known(tx, question_id)
    may.task_for(tx, actor, thread["task_id"], "manage")
    if thread["waits_on"] != "staff":
        return
    if thread["is_block"]:
        raise Conflict("Whoever is blocked waits for a word. Answer them.")
    task, person = running.tasks[thread["task_id"]], running.person(thread["participant_id"])
    _turn(running, task, thread, None)
    running.chain.add(QuestionClosed(**_about(task, thread, person)), actor=actor)


def _known(tx: Tx, question_id: str) -> dict[str, Any]:
    row = tx.execute(sa.select(_TABLE).where(Question.id == question_id)).mappings().first()
    if row is None:
        raise Unknown("There is no such question.")
    return dict(row)


def _thread(running: Running, task: Asked, person: Person) -> dict[str, Any]:
    """What this person and staff write to each other about the task; begun where it is new."""
    its = sa.select(_TABLE).where(Question.task_id == task.id, Question.participant_id == person.id)
    row = running.tx.execute(its).mappings().first()
    if row is not None:
        return dict(row)
    fresh = {
        "id": db.new_id(), "process_id": running.id, "task_id": task.id,
        "participant_id": person.id, "waits_on": None, "since": None,
        "is_block": False,
    }  # fmt: skip
    running.tx.execute(sa.insert(Question), fresh)
    return fresh


def _reply(
    running: Running, task: Asked, thread: dict[str, Any], text: str, nonce: str | None,
    actor: Actor,
) -> None:  # fmt: skip
    """What staff say, and the mail that brings it to the person."""
    person = running.person(thread["participant_id"])
    seq = _write(running, task, thread, person, text, nonce, actor)
    ref = {"task": task.id, "participant": person.id, "seq": seq}
    running.chain.send("mail.answer", ref, once=f"answer:{task.id}:{seq}")


def _write(
    running: Running,
    task: Asked,
    thread: dict[str, Any],
    person: Person,
    text: str,
    nonce: str | None,
    actor: Actor,
) -> int:
    """Record what one side says: an answer where it was that side's turn, else a question."""
    side, other = ("outside", "staff") if actor.id == person.id else ("staff", "outside")
    about = {**_about(task, thread, person), "text": text}
    is_answer = thread["waits_on"] == side
    event: _Event = QuestionAnswered(**about)
    if is_answer and thread["is_block"]:
        event = TaskUnblocked(**about)
    elif not is_answer:
        event = QuestionAsked(**about, reminders="held" if side == "outside" else None)
    seq = _record(running, task, event, nonce, actor)
    if is_answer or thread["waits_on"] is None:
        _turn(running, task, thread, None if is_answer else other)
    return seq


def _about(task: Asked, thread: dict[str, Any], person: Person) -> dict[str, Any]:
    return {
        "step": task.step, "task": task.id, "question": thread["id"], "participant": person.id,
        "person": person.told(),
    }  # fmt: skip


def _record(running: Running, task: Asked, event: "_Event", nonce: str | None, actor: Actor) -> int:
    """The number of the event. Raises AlreadyRecorded for a page (``nonce``) sent before."""
    once = f"question:{task.id}:{nonce}" if nonce else None
    return running.chain.add(event, actor=actor, once=once).seq


def _turn(
    running: Running,
    task: Asked,
    thread: dict[str, Any],
    waits_on: str | None,
    *,
    is_block: bool = False,
) -> None:
    """Whose turn it is from now on; the reminders of the task stop, or go on."""
    goes_on = thread["waits_on"] == waits_on == "staff" and thread["is_block"] == is_block
    since = (thread["since"] if goes_on else running.now) if waits_on else None
    its = sa.update(Question).where(Question.id == thread["id"])
    running.tx.execute(its.values(waits_on=waits_on, since=since, is_block=is_block))
    if task.state != "open" or thread["participant_id"] not in task.people:
        return
    before = task.asks_since, task.blocked_since
    task.asks_since, task.blocked_since = _waits_since(running, task)
    if (task.asks_since, task.blocked_since) == before:
        return
    running.keep_task(task)
    step = running.tree.person_step(task.step)
    reminders.set_anew(running, step, task, since=before[0])


def _waits_since(running: Running, task: Asked) -> tuple[Any, Any]:
    """Since when one of those who may do the task waits for staff, and since when for a block."""
    waiting = sa.select(Question.since, Question.is_block).where(
        Question.task_id == task.id,
        Question.waits_on == "staff",
        Question.participant_id.in_(task.people),
    )
    found = running.tx.execute(waiting).all()
    blocks = (row.since for row in found if row.is_block)
    return min((row.since for row in found), default=None), min(blocks, default=None)
