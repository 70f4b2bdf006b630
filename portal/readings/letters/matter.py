"""What mails have in common: the task or process they are about, and how one is made out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import Link, Process, Task, trees
from portal.readings import owners
from portal.readings.letters import recipients
from portal.readings.letters.recipients import Reader
from portal.readings.owners import Asker

LINK = "\ue000"
"""Stands in the kept body of a message for the reader's own link (as the engine writes it)."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: whom to, which template, and what it tells.

    ``link`` is the id and generation of the reader's own magic link; ``place`` the path behind
    which staff find the matter. ``key`` tells several letters of one effect apart.
    ``wants_link``: the text has ``{{ link }}``, and the link is made when it is sent.
    """

    to: Reader
    template: str
    tz: str
    facts: Mapping[str, Any]
    process_id: str | None = None
    task_id: str | None = None
    step: str | None = None
    name: str = ""
    reply_to: tuple[str, ...] = ()
    link: tuple[str, int] | None = None
    place: str | None = None
    rung: int | None = None
    label: str = ""
    wants_link: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Matter:
    """A task or a process that mails are about, with its owner and the zone of its calendar."""

    process: Any
    task: Any
    owners: list[Reader]
    asker: Asker | None
    tz: str


_PROCESS = (Process.id, Process.title, Process.reference, Process.owner_id, Process.team_id,
            Process.definition_id, Process.n_steps, Process.n_done)  # fmt: skip


def of_task(conn: Connection, task_id: str, tz: str) -> Matter | None:
    """A task with its process; ``None`` where there is no such task."""
    task = conn.execute(sa.select(Task.__table__).where(Task.id == task_id)).first()
    return of_process(conn, task.process_id, tz, task) if task else None


def of_process(conn: Connection, process_id: str, tz: str, task: Any = None) -> Matter:
    """A process, and the task of it that a mail is about."""
    process = conn.execute(sa.select(*_PROCESS).where(Process.id == process_id)).one()
    calendar = trees.tree(conn, process.definition_id).calendar
    return Matter(
        process,
        task,
        recipients.owners(conn, process),
        owners.asker(conn, process.owner_id, process.team_id),
        (calendar.timezone if calendar else None) or tz,
    )


def letter(
    matter: Matter, reader: Reader, template: str, facts: Mapping[str, Any], **own: Any
) -> Letter:
    """A letter on a matter; ``own`` are fields of the letter that are not the matter's."""
    task, asker = matter.task, matter.asker
    told = {
        "process": matter.process.title,
        "process_id": matter.process.id,
        "reference": matter.process.reference,
        "task": task,
        "owner": asker.name if asker else None,
        **facts,
    }
    where = {"task_id": task.id, "step": task.step, "name": task.name} if task else {}
    return Letter(
        reader,
        template,
        reader.tz or matter.tz,
        told,
        process_id=matter.process.id,
        reply_to=tuple(one for one in asker.emails if one != reader.email) if asker else (),
        **{**where, **own},
    )


def task_links(conn: Connection, task_id: str) -> dict[str | None, tuple[str, int]]:
    """The newest living link of each participant to a task, of those that are mailed."""
    query = (
        sa.select(Link.participant_id, Link.id, Link.generation)
        .where(Link.task_id == task_id, Link.revoked_at.is_(None))
        .where(Link.handed_by_name.is_(None))
        .order_by(Link.made_at, Link.id)
    )
    return {row.participant_id: (row.id, row.generation) for row in conn.execute(query)}
