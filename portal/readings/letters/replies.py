"""Letters about other answers than yes: a day that somebody named."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.engine import Connection

from portal.readings import words
from portal.readings.letters import recipients
from portal.readings.letters.matter import Letter, letter, of_task


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
