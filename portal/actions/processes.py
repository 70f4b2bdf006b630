"""Processes: start one, cancel it, remark on it, name who takes part."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import db
from portal.access import may
from portal.actions.wording import remark, words
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.expressions import ExpressionFailed
from portal.definition.fields import parse_json
from portal.definition.tree import Definition
from portal.engine import casting, closing, troubles
from portal.engine.advance import advance
from portal.engine.rows import Person
from portal.engine.running import Running, work_calendar
from portal.errors import AlreadyRecorded, Conflict, Fault, Faulty, Unknown
from portal.ledger import record
from portal.ledger.catalogue import (
    CommentAdded,
    ParticipantNamed,
    ProcessCancelled,
    ProcessStarted,
)
from portal.ledger.record import Recorded
from portal.models import DefinitionRow, KeptAnswer, trees


@dataclass(frozen=True, slots=True)
class Repeat:
    """What makes a start safe to repeat: the kept answer's id, and a digest of what was sent."""

    id: str
    body_sha256: str


@action
def start(
    tx: Tx,
    key: str,
    *,
    inputs: Mapping[str, Any],
    participants: Mapping[str, Any],
    reference: str | None = None,
    repeat: Repeat | None = None,
    actor: Actor,
) -> str:
    """Start a process of the current version of a definition; its id.

    ``inputs`` are JSON values by id, ``participants`` ``{ROLE: {email, name}}``. Raises Faulty
    at input ids and ``participants.ROLE``; AlreadyRecorded where ``repeat`` was answered before.
    """
    may.require(actor, "start", None)
    row = _current(tx, key)
    tree = trees.tree(tx.conn, row.id)
    process = _process(tx, row, tree, actor, reference)
    process["inputs"], faults = _inputs(tx, tree, inputs)
    people, unfit = casting.cast(tx, tree, process, participants)
    if faults or unfit:
        raise Faulty(faults + unfit)
    _keep_answer(tx, repeat, process["id"])
    _begin(tx, process, tree, people, row, actor)
    return str(process["id"])


@action
def cancel(tx: Tx, process_id: str, reason: str, *, actor: Actor) -> None:
    """End a process before its time; everybody who was asked is told. Faulty at ``reason``."""
    running = Running.load(tx, process_id)
    may.process_for(tx, actor, process_id, "manage")
    running.require_running()
    why = words("reason", reason, "Say in a sentence why it is cancelled.")
    closing.end_process(running, "cancelled", ProcessCancelled(reason=why), actor)


@action
def comment(tx: Tx, process_id: str, text: str, *, actor: Actor) -> Recorded:
    """Write a remark that staff can read. Faulty at ``text``."""
    chain = record.open_chain(tx, process_id)
    may.process_for(tx, actor, process_id, "comment")
    said = words("text", text, "Write the comment first.")
    return chain.add(CommentAdded(text=said), actor=actor)


@action
def name_participant(
    tx: Tx, process_id: str, role: str, person: Mapping[str, Any], *, actor: Actor
) -> None:
    """Say who plays a role that was left open, or whose person can't act any more.

    A step that waited for it goes on. Raises Faulty at ``participants.ROLE``.
    """
    running = Running.load(tx, process_id)
    may.process_for(tx, actor, process_id, "manage")
    running.require_running()
    if role not in running.tree.roles:
        raise Unknown("This process has no such role.")
    before = running.of_role(role)
    if before is not None and casting.hands(tx, [before])[before.id]:
        raise Conflict("Somebody has this role already. Reassign their task instead.")
    found, faults = casting.cast(tx, running.tree, running.process, {role: person}, only=role)
    if faults or not found:
        raise Faulty(faults or [Fault(f"participants.{role}", "Say who it is, by e-mail address.")])
    if before is not None:
        running.keep_person(replace(before, role=None))
    named = running.keep_person(found[0])
    running.chain.add(
        ParticipantNamed(role=role, participant=named.id, person=named.told()), actor=actor
    )
    troubles.resolve_all(running, "reassign", None, actor, kind="nobody")
    advance(running)


# Starting


_CURRENT = sa.select(
    *(DefinitionRow.id, DefinitionRow.key, DefinitionRow.version, DefinitionRow.digest),
    *(DefinitionRow.owner_id, DefinitionRow.team_id),
).where(DefinitionRow.key == sa.bindparam("key"), DefinitionRow.is_current)


def _current(tx: Tx, key: str) -> Any:
    row = tx.execute(_CURRENT, {"key": key}).first()
    if row is None:
        raise Faulty.one("definition", f"There is no definition with the key “{key}”.")
    return row


def _process(
    tx: Tx, row: Any, tree: Definition, actor: Actor, reference: str | None
) -> dict[str, Any]:
    return {
        "id": db.new_id(), "definition_id": row.id, "key": row.key, "version": row.version,
        "title": tree.name, "reference": remark("reference", reference, longest=200),
        "state": "running", "owner_id": row.owner_id, "team_id": row.team_id,
        "starter_kind": actor.kind, "starter_id": actor.user_id or actor.id, "inputs": {},
        "values": {}, "waiting": [], "n_steps": len(tree.all_steps()), "n_done": 0,
        "n_troubles": 0, "due_at": None, "started_at": tx.now, "changed_at": tx.now,
        "ended_at": None,
    }  # fmt: skip


def _inputs(
    tx: Tx, tree: Definition, inputs: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Fault]]:
    today = tx.now.astimezone(work_calendar(tree).timezone).date()
    entry = parse_json(tree.inputs, dict(inputs), today=today)
    return entry.values, [Fault(at, sentence) for at, sentence in entry.faults.items()]


def _begin(
    tx: Tx,
    process: dict[str, Any],
    tree: Definition,
    people: list[Person],
    row: Any,
    actor: Actor,
) -> None:
    chain = record.begin_chain(
        tx,
        process["id"],
        row.digest,
        definition=row.key,
        owner_id=row.owner_id,
        team_id=row.team_id,
    )
    running = Running(tx, process, tree, chain, is_new=True)
    for person in people:
        running.keep_person(person)
    fault = _entitle(running)
    running.chain.add(_started(running, row), actor=actor)
    if fault is not None:
        troubles.open_trouble(running, "expression", fault, step=None)
    advance(running)


def _entitle(running: Running) -> str | None:
    """Give the process its title; the sentence of what failed, where that fails."""
    try:
        title = " ".join(running.text(running.tree.title).split())
    except ExpressionFailed as failed:
        return f"The title could not be filled in: {failed.sentence}"
    running.process["title"] = title[:500] or running.tree.name
    return None


def _started(running: Running, row: Any) -> ProcessStarted:
    named = [person for person in running.people.values() if person.role]
    return ProcessStarted(
        definition=row.key,
        version=row.version,
        digest=row.digest,
        owner=row.owner_id or row.team_id,
        participants={person.role or "": person.id for person in named},
        title=running.process["title"],
        reference=running.process["reference"],
        inputs=running.process["inputs"],
        people={person.role or "": person.told() for person in named},
    )


def _keep_answer(tx: Tx, repeat: Repeat | None, process_id: str) -> None:
    if repeat is None:
        return
    row = {
        "id": repeat.id, "body_sha256": repeat.body_sha256, "kept_at": tx.now,
        "answer": {"process": process_id},
    }  # fmt: skip
    try:
        tx.execute(sa.insert(KeptAnswer), row)
    except IntegrityError:
        raise AlreadyRecorded("This request was answered already.") from None
