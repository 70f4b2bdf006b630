"""Many processes chosen from a list, and what is to be done with them: drafted as a batch."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import may
from portal.actions import batches
from portal.actions.batches import Drafted, Line
from portal.actor import Actor
from portal.errors import Fault, Faulty, PortalError
from portal.models import Participant, Process, Task, sights
from portal.models.batches import KINDS

MOST = 300
"""How many can be chosen at once: each is shown, and may be taken out again."""
CHOSEN = {kind: name for kind, name in KINDS.items() if kind != "start"}


def plan(kind: str, process_ids: Sequence[str], *, actor: Actor) -> str:
    """Draft a batch over these processes; its id. What can't be done says why.

    ``remind`` and ``reassign`` are about the open tasks of the processes. Faulty at ``rows``
    where nothing is chosen or nothing is there to do, and at ``what``.
    """
    may.require(actor, "start", None)
    if kind not in CHOSEN:
        raise Faulty.one("what", "Choose what is to be done.")
    ids = list(dict.fromkeys(process_ids))
    if not ids:
        raise Faulty.one("rows", "Tick at least one process.")
    if len(ids) > MOST:
        raise Faulty.one("rows", f"Take at most {MOST} processes at once.")
    lines = list(_cancels(ids, actor) if kind == "cancel" else _tasks(ids, actor))
    if not lines:
        raise Faulty.one("rows", "These processes have no open task.")
    if len(lines) > MOST:
        raise Faulty.one("rows", f"They have more than {MOST} open tasks. Take fewer processes.")
    name = f"{CHOSEN[kind]}: {len(lines)}"
    return batches.draft(Drafted(kind, name), lines, actor=actor)


def _cancels(ids: Sequence[str], actor: Actor) -> Iterator[Line]:
    columns = (Process.id, Process.title, Process.reference, Process.state, Process.waiting)
    query = sa.select(*columns, Process.owner_id, Process.team_id).where(Process.id.in_(ids))
    query = query.where(sights.seen_by(actor))
    with db.reading() as conn:
        rows = conn.execute(query.order_by(Process.id)).all()
    for n, row in enumerate(rows, 1):
        faults = _unfit(row, actor)
        if row.state != "running":
            faults = [Fault("", "It has ended already.")]
        given = {"process": row.id, "reference": row.reference, **_at_hand(row.waiting)}
        yield Line(n, row.title, given, faults)


def _at_hand(waiting: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What is open in a process and who holds it: what ends with it."""
    if not waiting:
        return {"name": "Nobody holds it just now"}
    people = [held.get("who") or {} for held in waiting]
    names = [str(one.get("name") or one.get("email") or "nobody yet") for one in people]
    tasks = [str(held["name"]) for held in waiting]
    return {"name": ", ".join(dict.fromkeys(tasks)), "who": ", ".join(dict.fromkeys(names))}


def _tasks(ids: Sequence[str], actor: Actor) -> Iterator[Line]:
    query = (
        sa.select(
            *(Task.id, Task.name, Task.process_id, Task.due_at),
            *(Process.title, Process.reference, Process.owner_id, Process.team_id),
            sa.func.coalesce(Participant.name, Participant.email).label("who"),
        )
        .join(Process, Process.id == Task.process_id)
        .join(Participant, Participant.id == Task.participant_id)
        .where(Task.process_id.in_(ids), Task.state == "open", sights.seen_by(actor))
        .order_by(Task.process_id, Task.id)
        .limit(MOST + 1)
    )
    with db.reading() as conn:
        rows = conn.execute(query).all()
    for n, row in enumerate(rows, 1):
        given = {
            "process": row.process_id, "task": row.id, "name": row.name, "who": row.who,
            "reference": row.reference,
        }  # fmt: skip
        yield Line(n, row.title, given, _unfit(row, actor))


def _unfit(row: Any, actor: Actor) -> list[Fault]:
    try:
        may.require(actor, "manage", row)
    except PortalError as refused:
        return [Fault("", str(refused))]
    return []
