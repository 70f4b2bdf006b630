"""What stands behind a link, before anybody came in by it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import DefinitionRow, Link, Participant, Process, Task, User
from portal.models.links import ended
from portal.readings import trees
from portal.readings.owners import asker

__all__ = ["Known", "ended", "known", "processes"]  # ``ended`` for the doors, which know no models


@dataclass(frozen=True, slots=True)
class Known:
    """A link and the kind of thing it asks for; nothing of what people sent or are called.

    ``owner_email`` is where questions go, ``definition`` what they are about; both are shown
    only where the link opens nothing. ``passed_to`` is the name that whoever had the link gave
    when they passed the task on.
    """

    id: str
    generation: int
    expires_at: datetime
    revoked_at: datetime | None
    revoked_reason: str | None
    task_id: str | None
    task_kind: str | None
    task_state: str | None
    task_done_at: datetime | None
    definition: str
    owner_name: str | None
    owner_email: str | None
    passed_to: str | None = None


_QUERY = (
    sa.select(
        Link.id,
        Link.generation,
        Link.expires_at,
        Link.revoked_at,
        Link.revoked_reason,
        Link.participant_id,
        Link.task_id,
        Task.kind.label("task_kind"),
        Task.state.label("task_state"),
        Task.done_at.label("task_done_at"),
        DefinitionRow.name.label("definition"),
        User.name.label("owner_name"),
        User.email.label("owner_email"),
        *(Process.owner_id, Process.team_id, Task.passed_on),
    )
    .join(Process, Process.id == Link.process_id)
    .join(DefinitionRow, DefinitionRow.id == Process.definition_id)
    .outerjoin(Task, Task.id == Link.task_id)
    .outerjoin(User, sa.and_(User.id == Process.owner_id, User.is_active))
    .where(Link.id == sa.bindparam("link"))
)


def known(conn: Connection, link_id: str) -> Known | None:
    """The link of that id, if there is one. One statement, and some where no user owns it."""
    found = conn.execute(_QUERY, {"link": link_id}).mappings().first()
    if found is None:
        return None
    row = dict(found)
    owner_id, team_id = row.pop("owner_id"), row.pop("team_id")
    if row["owner_email"] is None:
        owner = asker(conn, owner_id, team_id)
        row |= {"owner_name": owner and owner.name, "owner_email": owner and owner.email}
    to = _successor(row.pop("passed_on") or (), row.pop("participant_id"))
    named = sa.select(Participant.name).where(Participant.id == to)
    return Known(**row, passed_to=conn.execute(named).scalar() if to else None)


def _successor(passed_on: Sequence[Mapping[str, Any]], participant_id: str) -> str | None:
    """To whom somebody passed a task on, the last time."""
    return next((one["to"] for one in reversed(passed_on) if one["from"] == participant_id), None)


class Standing(NamedTuple):
    """How a process stands, its moments told in ``tz``."""

    title: str
    state: str
    ended_at: datetime | None
    tz: str


def processes(conn: Connection, link_ids: Collection[str]) -> list[Standing]:
    """How the processes behind these links stand, newest first. One statement."""
    columns = (Process.id, Process.title, Process.state, Process.ended_at, Participant.timezone,
               Process.definition_id)  # fmt: skip
    query = (
        sa.select(*columns)
        .distinct()
        .join(Link, Link.process_id == Process.id)
        .join(Participant, Participant.id == Link.participant_id)
        .where(Link.id.in_(link_ids))
        .order_by(Process.id.desc())
    )
    rows = conn.execute(query).all()
    known = trees.trees(conn, {row.definition_id for row in rows})
    return [
        Standing(
            row.title, row.state, row.ended_at,
            row.timezone or trees.zone(known[row.definition_id]),
        )
        for row in rows
    ]  # fmt: skip
