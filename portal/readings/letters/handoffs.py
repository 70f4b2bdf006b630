"""Letters about work that changes hands, or should have."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from portal.models import User
from portal.readings import timeline
from portal.readings.letters import recipients
from portal.readings.letters.matter import Letter, letter, of_task, task_links


def handoff(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the owner, that nobody took a task up; none once somebody has, or it went on."""
    matter = of_task(conn, ref["task"], tz)
    if matter is None or matter.task.missed_at is None or matter.task.handoff != ref["handoff"]:
        return []
    late = recipients.doers(conn, matter.task)
    place = f"/processes/{matter.process.id}"
    return [
        letter(
            matter,
            reader,
            "handoff",
            {
                "people": [one.name for one in late if one.email != reader.email],
                "is_yours": any(one.email == reader.email for one in late),
            },
            place=place,
        )
        for reader in matter.owners
    ]


def claim(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the rest of a team, that one of them has a task which they were asked for as well."""
    matter = of_task(conn, ref["task"], tz)
    if matter is None or matter.task.state != "open" or matter.task.holder_id != ref["holder"]:
        return []
    holder = next(iter(recipients.staff(conn, User.id == ref["holder"])), None)
    facts = {"holder": holder.name if holder else "a colleague"}
    return [
        letter(matter, reader, "claimed", facts)
        for reader in recipients.members(conn, matter.task.team_id)
        if reader.user != ref["holder"]
    ]


def delegated(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever passed a task on: what they did, as it stands in the ledger."""
    matter = of_task(conn, ref["task"], tz)
    if matter is None:
        return []
    [entry] = timeline.of_process(conn, matter.process.id, after=ref["seq"] - 1, limit=1)
    facts = {"entry": entry, "whom": entry.data.get("person") or {},
             "reason": entry.data.get("reason")}  # fmt: skip
    readers = recipients.participants(conn, [ref["participant"]])
    return [letter(matter, reader, "delegated", facts) for reader in readers]


def delegation(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the owner, that somebody would pass a task on; none once that is decided."""
    matter = of_task(conn, ref["task"], tz)
    wish = matter.task.delegation if matter else None
    if matter is None or wish is None or wish["id"] != ref["delegation"]:
        return []
    asker = next(iter(recipients.participants(conn, [wish["by"]])), None)
    facts = {"asker": asker.name if asker else "The assignee", "wish": wish}
    place = f"/tasks/{matter.task.id}"
    return [letter(matter, reader, "delegation", facts, place=place) for reader in matter.owners]


def refusal(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever would have passed a task on, that it stays theirs; none once it is done."""
    matter = of_task(conn, ref["task"], tz)
    if matter is None or matter.task.state != "open":
        return []
    [entry] = timeline.of_process(conn, matter.process.id, after=ref["seq"] - 1, limit=1)
    facts, links = {"reason": entry.data.get("reason")}, task_links(conn, matter.task.id)
    place = f"/tasks/{matter.task.id}"
    return [
        letter(matter, reader, "refusal", facts, link=links.get(reader.participant),
                place=place if reader.user else None)
        for reader in recipients.participants(conn, [ref["participant"]])
    ]  # fmt: skip


def escalate(conn: Connection, ref: Mapping[str, Any], at: datetime, tz: str) -> list[Letter]:
    """To whom an escalation names, that a task is still not done.

    Not to whoever it was handed to by that: they are asked for it.
    """
    matter = of_task(conn, ref["task"], tz)
    if matter is None or matter.task.state != "open":
        return []
    named = recipients.participants(conn, [ref["to"]]) if ref["to"] != "owner" else []
    late = recipients.doers(conn, matter.task)
    is_given = matter.task.offered_at >= at
    given = {one.email for one in late} if is_given else set()
    facts = {"people": [reader.name for reader in late]}
    place = f"/processes/{matter.process.id}"
    return [
        letter(matter, reader, "escalation", facts, place=place if reader.user else None)
        for reader in named or matter.owners
        if reader.email not in given
    ]
