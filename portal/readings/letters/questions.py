"""Letters about what is asked about a task, or keeps somebody from it, and answered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger.catalogue import QuestionAnswered, TaskBlocked, TaskUnblocked
from portal.models import Task
from portal.readings import timeline
from portal.readings.entries import Told
from portal.readings.letters import recipients
from portal.readings.letters.matter import Letter, letter, of_task, task_links


def question(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the owner, what somebody outside asks or answers; none once the words were erased."""
    matter, entry = of_task(conn, ref["task"], tz), _entry(conn, ref)
    text = entry.data.get("text")
    if matter is None or text is None:
        return []
    asker = next(iter(recipients.participants(conn, [ref["participant"]])), None)
    facts = {"asker": asker.name if asker else "Somebody outside", "text": text,
             "is_answer": entry.type == QuestionAnswered.TYPE,
             "is_block": entry.type == TaskBlocked.TYPE}  # fmt: skip
    place = f"/tasks/{ref['task']}#questions"
    return [
        letter(matter, reader, "question", facts, place=place)
        for reader in matter.owners
        if asker is None or reader.email != asker.email
    ]


def answer(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever asked, what staff say; the way to their task while it is open and theirs."""
    matter, entry = of_task(conn, ref["task"], tz), _entry(conn, ref)
    text = entry.data.get("text")
    if matter is None or text is None:
        return []
    links = task_links(conn, ref["task"]) if matter.task.state == "open" else {}
    facts = {"text": text, "writer": entry.actor_name, "is_block": entry.type == TaskUnblocked.TYPE}
    place = f"/tasks/{matter.task.id}"
    return [
        letter(matter, reader, "answer", facts, link=links.get(reader.participant),
               place=place if reader.user else None)
        for reader in recipients.participants(conn, [ref["participant"]])
    ]  # fmt: skip


def _entry(conn: Connection, ref: Mapping[str, Any]) -> Told:
    """The event that a mail tells of, ``{task, seq}``."""
    found = sa.select(Task.process_id).where(Task.id == ref["task"])
    process_id = conn.execute(found).scalar_one()
    [entry] = timeline.of_process(conn, process_id, after=ref["seq"] - 1, limit=1)
    return entry
