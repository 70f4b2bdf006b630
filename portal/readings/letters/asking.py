"""Letters about one task to whoever is asked for it: the way in, the receipt, the end of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock
from portal.models import AddressCode, Code, FileRow, Link, LostLink, Mail, StepRun
from portal.readings import mine
from portal.readings.letters import recipients
from portal.readings.letters.matter import Letter, letter, of_process, of_task, task_links
from portal.readings.letters.recipients import Reader


def invite(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To everybody who may do a task: what it asks for, and who passed it on to them."""
    letters = _ask(conn, ref["task"], tz, "invite")
    return [_from_whom(one) for one in letters if _is_invited(one, ref.get("people"))]


def _is_invited(letter: Letter, people: Sequence[str] | None) -> bool:
    """Whether the reader, or the team they are of, is still one of those whom it was owed to.

    Whoever got the task since then has an invitation of their own.
    """
    return (
        people is None or (letter.to.participant or letter.facts["task"].participant_id) in people
    )


def _from_whom(letter: Letter) -> Letter:
    """The letter, saying who passed the task on to its reader, where somebody did."""
    passed = letter.facts["task"].passed_on
    own = next((one for one in reversed(passed) if one["to"] == letter.to.participant), None)
    facts = {"passed_by": own and own["name"], "passed_why": own and own["reason"]}
    return replace(letter, facts={**letter.facts, **facts})


def remind(conn: Connection, ref: Mapping[str, Any], at: datetime, tz: str) -> list[Letter]:
    """To everybody who may do a task that is still open, and how often they were reminded."""
    before = sa.select(sa.func.count(sa.distinct(Mail.id))).where(
        Mail.task_id == ref["task"], Mail.kind == "mail.reminder", Mail.settled_at < at
    )
    nth = int(conn.execute(before).scalar_one()) + 1
    more = {"label": ref["label"], "nth": nth}
    return _ask(conn, ref["task"], tz, "reminder", more, rung=ref["rung"], label=ref["label"])


def renew(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever asked for a fresh link: that link, unless it was withdrawn meanwhile."""
    row = conn.execute(sa.select(Link.__table__).where(Link.id == ref["link"])).first()
    if row is None or row.revoked_at is not None:
        return []
    facts = {"expires_at": row.expires_at}
    if row.task_id is None:
        matter, own = of_process(conn, row.process_id, tz), (row.id, row.generation)
        readers = recipients.participants(conn, [row.participant_id])
        return [letter(matter, reader, "renewal", facts, link=own) for reader in readers]
    letters = _ask(conn, row.task_id, tz, "renewal", facts)
    return [one for one in letters if one.link and one.link[0] == row.id]


def _ask(
    conn: Connection,
    task_id: str,
    tz: str,
    template: str,
    more: Mapping[str, Any] | None = None,
    **own: Any,
) -> list[Letter]:
    """A letter to everybody who may do an open task, each with the way in that is theirs."""
    matter = of_task(conn, task_id, tz)
    if matter is None or matter.task.state != "open":
        return []
    run = conn.execute(
        sa.select(StepRun.comment, StepRun.round).where(StepRun.id == matter.task.run_id)
    ).one()
    facts = {"comment": run.comment, "is_again": run.round > 1, **(more or {})}
    links = task_links(conn, task_id)
    return [
        letter(
            matter,
            reader,
            template,
            facts,
            link=links.get(reader.participant) if reader.user is None else None,
            place=f"/tasks/{task_id}" if reader.user else None,
            **own,
        )
        for reader in recipients.doers(conn, matter.task)
        if reader.user or reader.participant in links
    ]


def receipt(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever did a task: what was received."""
    matter = of_task(conn, ref["task"], tz)
    if matter is None or matter.task.state != "done":
        return []
    task = matter.task
    files = conn.execute(
        sa.select(FileRow.name, FileRow.size, FileRow.sha256, FileRow.arrived_at)
        .where(FileRow.task_id == task.id, FileRow.state.in_(("received", "replaced", "refused")))
        .order_by(FileRow.arrived_at, FileRow.id)
    ).all()
    ids = [task.done_by, task.participant_id]
    people = {reader.participant: reader for reader in recipients.participants(conn, ids)}
    reader = people.get(task.done_by) or people.get(task.participant_id)
    return [letter(matter, reader, "receipt", {"files": files})] if reader else []


def code(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """A one-time code to whoever asked for it; none that would come too late to be used."""
    row = conn.execute(sa.select(Code.__table__).where(Code.id == ref["code"])).first()
    if row is None or row.expires_at <= clock.now():
        return []
    matter = of_task(conn, row.task_id, tz)
    if matter is None or matter.task.state != "open":
        return []
    facts = {"code_id": row.id, "expires_at": row.expires_at}
    readers = recipients.participants(conn, [row.participant_id])
    return [letter(matter, reader, "code", facts) for reader in readers]


def own_code(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """A one-time code that shows somebody all of their work; none that would come too late."""
    query = sa.select(AddressCode.__table__).where(AddressCode.id == ref["code"])
    row = conn.execute(query).first()
    if row is None or row.expires_at <= clock.now():
        return []
    facts = {"code_id": row.id, "expires_at": row.expires_at, "owner": None}
    return [Letter(Reader(row.email, row.email), "own_code", tz, facts)]


def lost(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """One link for whoever typed their address: to the process that waits for them most."""
    email = conn.execute(sa.select(LostLink.email).where(LostLink.id == ref["lost"])).scalar()
    found = mine.of_address(conn, email, ()) if email else []
    if not found:
        return []
    matter = of_process(conn, found[0].process, tz)
    facts = {"waiting": [one for one in found if one.is_open], "task": None}
    readers = recipients.participants(conn, [found[0].person])
    return [letter(matter, reader, "lost", facts, wants_link=True) for reader in readers]


def digest(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """All that waits for somebody, in one mail; none where nothing does any more.

    What they want no reminder of yet is left out.
    """
    readers = recipients.participants(conn, [ref["participant"]])
    found = mine.of_address(conn, readers[0].email, ()) if readers else []
    day = date.fromisoformat(ref["day"])
    waiting = [
        one for one in found if one.is_open and (one.rests_until is None or one.rests_until <= day)
    ]
    if not waiting:
        return []
    matter = of_process(conn, waiting[0].process, tz)
    facts = {"waiting": waiting, "task": None}
    readers = recipients.participants(conn, [waiting[0].person])
    return [letter(matter, reader, "digest", facts, wants_link=True) for reader in readers]


def withdraw(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To everybody who was asked, that a task is no longer needed."""
    matter = of_task(conn, ref["task"], tz)
    if matter is None:
        return []
    readers = recipients.doers(conn, matter.task)
    return [letter(matter, reader, "withdrawn", {"why": ref["why"]}) for reader in readers]


def reassign(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever had a task that was given to somebody else."""
    matter = of_task(conn, ref["task"], tz)
    if matter is None:
        return []
    readers = recipients.participants(conn, [ref["participant"]])
    return [letter(matter, reader, "reassigned", {}) for reader in readers]
