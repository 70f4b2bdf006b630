"""Letters about other answers than yes: a day that somebody named, a refusal."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from portal.readings import replies, timeline, words
from portal.readings.letters import recipients
from portal.readings.letters.matter import Letter, letter, of_task, task_links


def promise(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the owner, the day that somebody named; none once another was, or it is done."""
    matter = of_task(conn, ref["task"], tz)
    day = date.fromisoformat(ref["day"])
    if matter is None or matter.task.state != "open" or matter.task.promised_on != day:
        return []
    by = next(iter(recipients.participants(conn, [ref["participant"]])), None)
    facts = {"by": by.name if by else "The assignee", "day": words.day(day)}
    place = f"/tasks/{matter.task.id}"
    return [
        letter(matter, reader, "promise", facts, place=place)
        for reader in matter.owners
        if by is None or reader.email != by.email
    ]


def declined(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever will not do a task: a receipt, as it stands in the ledger."""
    matter = of_task(conn, ref["task"], tz)
    if matter is None:
        return []
    [entry] = timeline.of_process(conn, matter.process.id, after=ref["seq"] - 1, limit=1)
    facts = {"entry": entry, "reason": entry.data.get("reason")}
    readers = recipients.participants(conn, [ref["participant"]])
    return [letter(matter, reader, "declined", facts) for reader in readers]


def asked_again(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever would not do a task, why it is theirs still; none once that is over or erased."""
    matter = of_task(conn, ref["task"], tz)
    if matter is None or matter.task.state != "open" or matter.task.declined_at is not None:
        return []
    entry = replies.resolution(conn, matter.task, ref["trouble"])
    reason = entry.data.get("reason") if entry else None
    if entry is None or reason is None:
        return []
    facts, links = {"reason": reason, "writer": entry.actor_name}, task_links(conn, ref["task"])
    place = f"/tasks/{matter.task.id}"
    return [
        letter(matter, reader, "asked_again", facts, link=links.get(reader.participant),
               place=place if reader.user else None)
        for reader in recipients.doers(conn, matter.task)
        if reader.user or reader.participant in links
    ]  # fmt: skip
