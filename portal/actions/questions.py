"""Questions about a task: whoever may do it outside asks, staff answer; or the other way round."""

from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import may
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.tree import PersonStep
from portal.engine import reminders
from portal.engine.rows import Asked, Person
from portal.engine.running import Running
from portal.errors import Conflict, Unknown
from portal.ledger.catalogue import QuestionAnswered, QuestionAsked, QuestionClosed
from portal.models import Question

LONGEST = 4000  # letters; it is mailed to the other side
_WRITE = "Write what you want to ask or say first."
_TABLE = Question.__table__


@action
def ask(tx: Tx, task_id: str, text: str, *, nonce: str | None = None, actor: Actor) -> None:
    """Have a person outside write to staff about their open task: a question, or an answer.

    As long as it waits for an answer nobody is reminded of the task. Raises Faulty at ``text``,
    and AlreadyRecorded where this page's (``nonce``) was recorded before.
    """
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "speak")
    task = running.task_to_do(task_id)
    if task is None:
        raise Unknown("There is no such task.")
    said = words("text", text, _WRITE, longest=LONGEST)
    person = running.person(actor.id)
    thread = _thread(running, task, person)
    seq = _write(running, task, thread, person, said, nonce, actor)
    ref = {"task": task.id, "participant": person.id, "seq": seq}
    running.chain.send("mail.question", ref, once=f"question:{task.id}:{seq}")


@action
def ask_person(tx: Tx, task_id: str, text: str, *, nonce: str | None = None, actor: Actor) -> str:
    """Have staff ask whoever an open task is with, outside; the question's id. Else as ``ask``.

    Raises Conflict where it is with nobody outside.
    """
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "manage")
    task = running.task_to_do(task_id)
    if task is None:
        raise Unknown("There is no such task.")
    person = running.person(task.participant_id)
    if person.kind != "external":
        raise Conflict("This task is with a colleague. Write a comment, or speak with them.")
    said = words("text", text, _WRITE, longest=LONGEST)
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
    said = words("text", text, _WRITE, longest=LONGEST)
    _reply(running, running.tasks[thread["task_id"]], thread, said, nonce, actor)


@action
def close(tx: Tx, question_id: str, *, actor: Actor) -> None:
    """Say that a question needs no answer; where none waits for staff it changes nothing."""
    thread = _known(tx, question_id)
    running = Running.of_task(tx, thread["task_id"])
    thread = _known(tx, question_id)
    may.task_for(tx, actor, thread["task_id"], "manage")
    if thread["waits_on"] != "staff":
        return
    task, person = running.tasks[thread["task_id"]], running.person(thread["participant_id"])
    _turn(running, task, thread, None)
    event = QuestionClosed(
        step=task.step, task=task.id, question=thread["id"], participant=person.id,
        person=person.told(),
    )  # fmt: skip
    running.chain.add(event, actor=actor)


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
    about: dict[str, Any] = {
        "step": task.step, "task": task.id, "question": thread["id"], "participant": person.id,
        "person": person.told(), "text": text,
    }  # fmt: skip
    is_answer = thread["waits_on"] == side
    held = "held" if side == "outside" and not is_answer else None
    event = QuestionAnswered(**about) if is_answer else QuestionAsked(**about, reminders=held)
    once = f"question:{task.id}:{nonce}" if nonce else None
    recorded = running.chain.add(event, actor=actor, once=once)
    if is_answer or thread["waits_on"] is None:
        _turn(running, task, thread, None if is_answer else other)
    return recorded.seq


def _turn(running: Running, task: Asked, thread: dict[str, Any], waits_on: str | None) -> None:
    """Whose turn it is from now on; the reminders of the task stop, or go on."""
    since = running.now if waits_on else None
    its = sa.update(Question).where(Question.id == thread["id"])
    running.tx.execute(its.values(waits_on=waits_on, since=since))
    if task.state != "open" or thread["participant_id"] not in task.people:
        return
    before, task.asks_since = task.asks_since, _asks_since(running, task)
    if task.asks_since == before:
        return
    running.keep_task(task)
    step = running.tree.step(task.step)
    assert isinstance(step, PersonStep)
    reminders.set_anew(running, step, task, since=before)


def _asks_since(running: Running, task: Asked) -> Any:
    """Since when one of those who may do the task waits for staff; the first of them."""
    first = sa.select(sa.func.min(Question.since)).where(
        Question.task_id == task.id,
        Question.waits_on == "staff",
        Question.participant_id.in_(task.people),
    )
    return running.tx.execute(first).scalar()
