"""What people outside and staff wrote to each other about tasks, and whose turn it is.

The words come from the ledger, so that what was erased there is gone here; whose turn it is comes
from the table of threads.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger import catalogue as c
from portal.ledger.tables import Entry
from portal.models import Participant, Question, Task
from portal.readings.entries import ERASED, Told, query, told
from portal.readings.words import iso

_ABOUT = (c.QuestionAsked, c.QuestionAnswered, c.QuestionClosed, c.TaskBlocked, c.TaskUnblocked)
_TYPES = [one.TYPE for one in _ABOUT]
MOST_SAID = 500  # of one process, the latest


class Said(NamedTuple):
    """One thing that was written, by an event of that type.

    ``text`` is empty where a question was closed without one, or a block went by itself.
    """

    seq: int
    at: datetime
    who: str
    is_outside: bool
    text: str
    is_close: bool
    type: str = ""


@dataclass(slots=True)
class Thread:
    """What one person outside and staff wrote about one task.

    ``waits_on`` is ``staff`` or ``outside``, whose turn it is ``since`` when, else ``None``.
    ``is_block`` while the person can't go on with the task until they are answered.
    """

    id: str
    process: str
    task: str
    task_name: str
    task_state: str
    person: str
    email: str | None
    participant: str
    waits_on: str | None
    since: datetime | None
    is_block: bool = False
    said: list[Said] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """What keeps the person from the task, in their own words; empty where nothing does."""
        blocks = [one.text for one in self.said if one.type == c.TaskBlocked.TYPE]
        return blocks[-1] if self.is_block and blocks else ""


_THREADS = (
    sa.select(
        *Question.__table__.columns,
        Task.name.label("task_name"),
        Task.state.label("task_state"),
        Task.opened_at,
        Participant.name,
        Participant.email,
    )
    .join(Task, Task.id == Question.task_id)
    .join(Participant, Participant.id == Question.participant_id)
    .order_by(Task.opened_at, Question.id)
)


def of_process(conn: Connection, process_id: str, *, task: str | None = None) -> list[Thread]:
    """The threads of a process, or of one task of it; one statement where there is none."""
    wanted = _THREADS.where(Question.process_id == process_id)
    if task is not None:
        wanted = wanted.where(Question.task_id == task)
    return _filled(conn, process_id, wanted)


def of_person(conn: Connection, process_id: str, participant_id: str) -> list[Thread]:
    """What one person wrote and was written, over all their tasks of a process."""
    its = _THREADS.where(Question.process_id == process_id)
    return _filled(conn, process_id, its.where(Question.participant_id == participant_id))


def one(conn: Connection, question_id: str) -> Thread | None:
    """One thread; ``None`` where there is none."""
    its = _THREADS.where(Question.id == question_id)
    row = conn.execute(its).first()
    return next(iter(_filled(conn, row.process_id, its)), None) if row is not None else None


def shape(thread: Thread) -> dict[str, Any]:
    """A thread as programs are given it."""
    return {
        "id": thread.id,
        "process": thread.process,
        "task": thread.task,
        "person": {"email": thread.email, "name": thread.person},
        "waits_on": thread.waits_on,
        "since": thread.since and iso(thread.since),
        "blocks": thread.is_block,
        "messages": [
            {
                "seq": one.seq,
                "at": iso(one.at),
                "from": "outside" if one.is_outside else "staff",
                "name": one.who,
                "text": one.text,
            }
            for one in thread.said
            if not one.is_close
        ],
    }


def _filled(
    conn: Connection, process_id: str, wanted: "sa.Select[*tuple[Any, ...]]"
) -> list[Thread]:
    found = {row.id: _thread(row) for row in conn.execute(wanted)}
    if not found:
        return []
    its = query().where(Entry.log == process_id, Entry.type.in_(_TYPES))
    rows = conn.execute(its.order_by(Entry.seq.desc()).limit(MOST_SAID)).all()
    for entry in told(conn, rows[::-1]):
        thread = found.get(entry.data["question"])
        if thread is not None:
            thread.said.append(_said(entry))
    return list(found.values())


def _thread(row: Any) -> Thread:
    is_over = row.is_block and row.task_state != "open"  # nobody is kept from what is done
    return Thread(
        id=row.id,
        process=row.process_id,
        task=row.task_id,
        task_name=row.task_name,
        task_state=row.task_state,
        person=row.name or row.email or "Somebody outside",
        email=row.email,
        participant=row.participant_id,
        waits_on=None if is_over else row.waits_on,
        since=None if is_over else row.since,
        is_block=row.is_block and not is_over,
    )


def _said(entry: Told) -> Said:
    is_own_word = entry.event.private().keys() <= {"person"}
    is_close = isinstance(entry.event, c.QuestionClosed | c.TaskUnblocked) and is_own_word
    text = "" if is_close else entry.data.get("text") or ERASED
    return Said(
        seq=entry.seq,
        at=entry.at,
        who=entry.who,
        is_outside=entry.actor_kind == "participant" or isinstance(entry.event, c.TaskBlocked),
        text=text,
        is_close=is_close,
        type=entry.type,
    )
