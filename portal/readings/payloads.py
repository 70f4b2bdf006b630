"""The shapes that programs are given: processes, tasks, events, definitions."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock
from portal.definition import facts
from portal.definition.facts import seen_from
from portal.definition.operators import Later
from portal.definition.tree import ApprovalStep, Definition, FormStep, PersonStep, UploadStep
from portal.errors import Unknown
from portal.models import (
    DefinitionRow,
    FileRow,
    Participant,
    Process,
    StepRun,
    Task,
    Team,
    Trouble,
    User,
    sights,
    trees,
)
from portal.readings import additions, doers, handoffs, owners
from portal.readings.entries import Told
from portal.readings.words import iso

Shape = dict[str, Any]


def process_row(conn: Connection, process_id: str) -> sa.Row[Any]:
    """A process with its owner; Unknown if there is none."""
    wanted: sa.Select[*tuple[Any, ...]] = sa.select(
        *Process.__table__.columns,
        User.email.label("owner_email"),
        User.name.label("owner_name"),
        Team.name.label("owner_team"),
    )
    wanted = wanted.outerjoin(User, User.id == Process.owner_id).outerjoin(
        Team, Team.id == Process.team_id
    )
    row = conn.execute(wanted.where(Process.id == process_id)).first()
    if row is None:
        raise Unknown("There is no such process.")
    return row


def require_task_of(conn: Connection, process_id: str, task_id: str) -> None:
    """Refuse with Unknown a task that is none of this process's."""
    its = sa.select(Task.id).where(Task.id == task_id, Task.process_id == process_id)
    if conn.execute(its).first() is None:
        raise Unknown("There is no such task in this process.")


def process(conn: Connection, process_id: str) -> Shape:
    """One process in full: data, who holds the work, exceptions, handoffs (8 statements)."""
    row = process_row(conn, process_id)
    tree = trees.tree(conn, row.definition_id)
    return process_item(row) | {
        "participants": participants(conn, row.id),
        "inputs": row.inputs,
        "values": facts.plain_json(row.values),
        "steps": steps(conn, row.id, tree),
        "exceptions": _open_troubles(conn, row.id),
        "handoffs": [handoff(one, row) for one in handoffs.of_process(conn, row.id)],
        "added": [additions.shape(one) for one in additions.of_process(conn, row.id)],
    }


def handoff(one: handoffs.Handoff, process: sa.Row[Any]) -> Shape:
    """One time that a task was given to somebody; seconds until it was taken up, and from there.

    ``process`` is its row: whoever answers for that watches.
    """
    now = clock.now()
    worked = one.worked(now)
    moments = ("offered_at", "pick_up_by", "picked_up_at", "missed_at", "ended_at")
    return {
        "task": one.task,
        "step": one.step,
        "name": one.name,
        "number": one.number,
        "how": one.how,
        "by": one.by,
        "from": one.came_from and _person(one.came_from),
        "to": _person(one.to),
        "reason": one.reason,
        "picked_up_by": one.picked_up_by,
        "watched_by": owners.shape(process),
        "ended": one.ended,
        **{name: (at := getattr(one, name)) and iso(at) for name in moments},
        "waited_seconds": int(one.waited(now).total_seconds()),
        "worked_seconds": None if worked is None else int(worked.total_seconds()),
    }


def _person(told: Mapping[str, Any]) -> Shape:
    return {"email": told.get("email"), "name": told.get("name")}


def process_item(row: sa.Row[Any]) -> Shape:
    """One process as a list shows it: what its own row holds."""
    return {
        "id": row.id,
        "definition": row.key,
        "version": row.version,
        "title": row.title,
        "reference": row.reference,
        "state": row.state,
        "owner": owners.shape(row),
        "waiting_for": [_holding(held) for held in row.waiting],
        "due_at": row.due_at and iso(row.due_at),
        "started_at": iso(row.started_at),
        "ended_at": row.ended_at and iso(row.ended_at),
    }


def _holding(held: Mapping[str, Any]) -> Shape:
    keys = ("step", "name", "who", "since", "due_at", "promised_on", "blocked_since", "task")
    return {key: held.get(key) for key in keys}


def participants(conn: Connection, process_id: str) -> Shape:
    """``{ROLE: {email, name}}``; a role of a team has the team's name and no address."""
    query = sa.select(Participant.role, Participant.email, Participant.name).where(
        Participant.process_id == process_id, Participant.role.is_not(None)
    )
    return {row.role: {"email": row.email, "name": row.name} for row in conn.execute(query)}


def steps(conn: Connection, process_id: str, tree: Definition) -> Shape:
    """``{STEP: {outcome, FIELD…}}`` for every step: its latest round that was done, else nulls.

    A step inside an ``each`` has a list of them, in item order; ``null`` before that began.
    """
    query = sa.select(
        *(StepRun.id, StepRun.step, StepRun.scope, StepRun.outcome, StepRun.answers),
        StepRun.is_latest,
    ).where(StepRun.process_id == process_id, sa.or_(StepRun.is_latest, StepRun.is_current))
    runs = conn.execute(query.order_by(StepRun.is_latest, StepRun.round)).all()
    files = _files(conn, process_id)
    decided = _decisions(conn, process_id, tree)
    latest = {(run.step, run.scope): run for run in runs if run.is_latest}
    known = {(run.step, run.scope): run for run in runs}

    def brought(step: str, scope: str) -> Shape:
        run = latest.get((step, scope))
        outcome = run.outcome if run is not None else None
        answers = run.answers if run is not None else {}
        shape = {"outcome": outcome} | _answers(tree.step(step), answers, files)
        if isinstance(tree.step(step), ApprovalStep):
            shape["decisions"] = decided.get(run.id, []) if run is not None else []
        return shape

    def count(each: str, scope: str) -> int | None:
        run = known.get((each, scope))
        return run.answers.get("count") if run is not None else None

    seen = seen_from(tree, "", brought, count)
    return {
        step: found.value if isinstance(found, Later) else found for step, found in seen.items()
    }


def _decisions(conn: Connection, process_id: str, tree: Definition) -> dict[str, list[Shape]]:
    """What each person decided, by round: of several only one decision ends it."""
    if not any(isinstance(step, ApprovalStep) for step in tree.all_steps()):
        return {}
    return {
        run: [
            {"by": one.name, "outcome": one.outcome, "comment": one.answers.get("comment")}
            for one in done
        ]
        for run, done in doers.of_rounds(conn, process_id, None).items()
    }


def _answers(step: Any, answers: Mapping[str, Any], files: Mapping[str, Shape]) -> Shape:
    if isinstance(step, FormStep):
        return {field.id: answers.get(field.id) for field in step.fields}
    if isinstance(step, UploadStep):
        return {
            document.id: [files[id_] for id_ in answers.get(document.id, []) if id_ in files]
            for document in step.documents
        }
    if isinstance(step, PersonStep):
        return {key: value for key, value in answers.items() if key in _SAID}
    return {}


# What a step that is no form and no upload brought.
_SAID = ("comment", "note", "items", "signature", "method", "sha256")


def _files(conn: Connection, process_id: str) -> dict[str, Shape]:
    query = sa.select(
        FileRow.id,
        FileRow.name,
        FileRow.size,
        FileRow.sha256,
        FileRow.media_type,
        FileRow.scan,
    ).where(FileRow.process_id == process_id, FileRow.state != "staged")
    return {
        row.id: {
            "id": row.id,
            "name": row.name,
            "size": row.size,
            "sha256": row.sha256,
            "type": row.media_type,
            "scan": row.scan,
        }
        for row in conn.execute(query)
    }


def trouble(row: sa.Row[Any]) -> Shape:
    """One exception; ``row`` as ``lists.troubles`` has it."""
    return {
        "id": row.id,
        "process": row.process_id,
        "step": row.step,
        "task": row.task_id,
        "kind": row.kind,
        "message": row.message,
        "state": row.state,
        "owner": owners.shape(row),
        "opened_at": iso(row.opened_at),
        "resolved_at": row.resolved_at and iso(row.resolved_at),
        "escalations": row.rung,
        "proposal": row.proposal
        and {key: row.proposal.get(key) for key in ("how", "name", "reason")},
    }


def _open_troubles(conn: Connection, process_id: str) -> list[str]:
    query = (
        sa.select(Trouble.id)
        .where(Trouble.process_id == process_id, Trouble.state == "open")
        .order_by(Trouble.opened_at, Trouble.id)
    )
    return list(conn.execute(query).scalars())


def task(row: sa.Row[Any]) -> Shape:
    """One task; ``row`` as ``lists.task_columns`` selects it."""
    return {
        "id": row.id,
        "process": row.process_id,
        "step": row.step,
        "round": row.round,
        "name": row.name,
        "kind": row.kind,
        "state": row.state,
        "outcome": row.outcome,
        "assignee": {
            "kind": row.assignee_kind,
            "email": row.assignee_email,
            "name": row.assignee_name,
        },
        "owner": owners.shape(row),
        "opened_at": iso(row.opened_at),
        "due_at": row.due_at and iso(row.due_at),
        "promised_on": row.promised_on and row.promised_on.isoformat(),
        "snoozed_on": row.snoozed_on and row.snoozed_on.isoformat(),
        "blocked_since": row.blocked_since and iso(row.blocked_since),
        "declined_at": row.declined_at and iso(row.declined_at),
        "pick_up_by": row.pick_up_by and iso(row.pick_up_by),
        "picked_up_at": row.picked_up_at and iso(row.picked_up_at),
        "done_at": row.done_at and iso(row.done_at),
    }


def event(entry: Told) -> Shape:
    """One event: what it says in public, and what was disclosed and not erased."""
    shape: Shape = {
        "id": entry.id,
        "process": entry.process,
        "seq": entry.seq,
        "at": iso(entry.at),
        "type": entry.type,
        "actor": {
            "kind": entry.actor_kind,
            "id": entry.actor_ref,
            "name": entry.actor_name,
            "auth": entry.auth,
            "via": entry.via,
        },
        "via": entry.via,
        "data": {k: v for k, v in entry.data.items() if k not in ("step", "task")},
        "hash": entry.hash,
    }
    if entry.on_behalf:
        shape["on_behalf"] = {"reason": entry.behalf_reason}
    return shape | {k: v for k in ("step", "task") if (v := getattr(entry, k)) is not None}


def definition_item(row: sa.Row[Any]) -> Shape:
    """One definition as a list shows it."""
    return {
        "key": row.key,
        "version": row.version,
        "name": row.name,
        "purpose": row.purpose,
        "owner": owners.shape(row),
        "digest": row.digest,
        "published_at": iso(row.published_at),
    }


def definition(conn: Connection, key: str) -> Shape:
    """The current version in full: what a start must know, its steps, and its source."""
    row = _current(conn, key)
    tree = trees.tree(conn, row.id)
    versions = sa.select(DefinitionRow.version).where(DefinitionRow.key == key)
    return definition_item(row) | {
        "versions": list(conn.execute(versions.order_by(DefinitionRow.version)).scalars()),
        "roles": {
            role.id: {"kind": role.kind, "name": role.name, "team": role.team}
            for role in tree.roles.values()
        },
        "inputs": [
            {"id": f.id, "type": f.type, "label": str(f.label), "required": f.required}
            for f in tree.inputs
        ],
        "steps": [
            {"id": step.id, "kind": step.kind, "name": str(step.name)} for step in tree.all_steps()
        ],
        "source": row.source,
    }


def _current(conn: Connection, key: str) -> sa.Row[Any]:
    wanted: sa.Select[*tuple[Any, ...]] = sa.select(
        *DefinitionRow.__table__.columns,
        User.email.label("owner_email"),
        Team.name.label("owner_team"),
    )
    wanted = wanted.outerjoin(User, User.id == DefinitionRow.owner_id).outerjoin(
        Team, Team.id == DefinitionRow.team_id
    )
    current = wanted.where(DefinitionRow.key == key, DefinitionRow.is_current)
    row = conn.execute(sights.only_known(current)).first()
    if row is None:
        raise Unknown("There is no definition with this key.")
    return row
