"""Starting a process: its definition's current version, its inputs and people, its first event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.actor import Actor
from portal.db import Tx
from portal.definition import facts as definition_facts
from portal.definition.expressions import ExpressionFailed
from portal.definition.fields import parse_json
from portal.definition.tree import Definition
from portal.engine import casting, troubles
from portal.engine.rows import Person
from portal.engine.running import Running, doer, work_calendar
from portal.errors import Fault, Faulty
from portal.ledger import record
from portal.ledger.catalogue import ProcessStarted
from portal.models import DefinitionRow, sights, trees
from portal.prepared import prepared


@dataclass(frozen=True, slots=True)
class Start:
    """A process that may begin: its row, its people, and the definition's row and tree."""

    process: dict[str, Any]
    people: list[Person]
    definition: Any
    tree: Definition


@dataclass(frozen=True, slots=True)
class Parent:
    """The round that runs a process, and how many processes are around the new one."""

    process_id: str
    run_id: str
    depth: int


_CURRENT = prepared(
    sa.select(
        *(DefinitionRow.id, DefinitionRow.key, DefinitionRow.version, DefinitionRow.digest),
        *(DefinitionRow.owner_id, DefinitionRow.team_id),
    ).where(DefinitionRow.key == sa.bindparam("key"), DefinitionRow.is_current)
)


def prepare(
    tx: Tx,
    key: str,
    *,
    inputs: Mapping[str, Any],
    participants: Mapping[str, Any],
    reference: str | None,
    actor: Actor,
    parent: Parent | None = None,
) -> Start:
    """Check all that a start needs, with nothing written.

    Raises Faulty at ``definition``, at input ids and at ``participants.ROLE``. A definition that
    is hidden from whoever starts it is not there; one that a step runs is the definition's affair.
    """
    row = tx.first(_CURRENT, key=key)
    is_there = row is not None and (parent or sights.is_known(tx.conn, actor, key))
    if not is_there:
        raise Faulty.one("definition", f"There is no definition with the key “{key}”.")
    tree = trees.tree(tx.conn, row.id)
    process = _process(tx, row, tree, actor, reference, parent)
    process["inputs"], faults = _inputs(tx, tree, inputs)
    people, unfit = casting.cast(tx, tree, process, participants)
    if faults or unfit:
        raise Faulty(faults + unfit)
    return Start(process, people, row, tree)


def begin(tx: Tx, start: Start, actor: Actor, parent: Parent | None = None) -> Running:
    """Write its first event; the process in hand, to be advanced."""
    row = start.definition
    chain = record.begin_chain(
        tx,
        start.process["id"],
        row.digest,
        definition=row.key,
        owner_id=row.owner_id,
        team_id=row.team_id,
    )
    running = Running(tx, start.process, start.tree, chain, is_new=True)
    for person in start.people:
        running.keep_person(person)
    fault = entitle(running)
    running.chain.add(_started(running, row, parent), actor=actor)
    if fault is not None:
        troubles.open_trouble(running, "expression", fault, step=None)
    return running


def _process(
    tx: Tx,
    row: Any,
    tree: Definition,
    actor: Actor,
    reference: str | None,
    parent: Parent | None,
) -> dict[str, Any]:
    return {
        "id": db.new_id(), "definition_id": row.id, "key": row.key, "version": row.version,
        "title": tree.name, "reference": reference,
        "state": "running", "owner_id": row.owner_id, "team_id": row.team_id,
        "parent_run_id": parent.run_id if parent else None, "depth": parent.depth if parent else 0,
        "starter_kind": actor.kind, "starter_id": doer(actor), "inputs": {},
        "values": {}, "waiting": [], "n_steps": len(tree.all_steps()), "n_done": 0,
        "n_troubles": 0, "due_at": None, "started_at": tx.now, "changed_at": tx.now,
        "ended_at": None,
    }  # fmt: skip


def _inputs(
    tx: Tx, tree: Definition, inputs: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Fault]]:
    zone = work_calendar(tree).timezone
    today = tx.now.astimezone(zone).date()
    facts = None
    if definition_facts.are_needed(tree.inputs):  # nothing is known yet but the time
        blank: dict[str, Any] = {"inputs": {}, "steps": {}, "values": {}, "participants": {}}
        facts = definition_facts.build(tree, now=tx.now, zone=zone, **blank)
    entry = parse_json(tree.inputs, dict(inputs), today=today, facts=facts)
    return entry.values, [Fault(at, sentence) for at, sentence in entry.faults.items()]


def entitle(running: Running) -> str | None:
    """Give the process its title; the sentence of what failed, where that fails."""
    try:
        title = " ".join(running.text(running.tree.title).split())
    except ExpressionFailed as failed:
        return f"The title could not be filled in: {failed.sentence}"
    running.process["title"] = title[:500] or running.tree.name
    return None


def _started(running: Running, row: Any, parent: Parent | None) -> ProcessStarted:
    named = [person for person in running.people.values() if person.role]
    return ProcessStarted(
        definition=row.key,
        version=row.version,
        digest=row.digest,
        owner=row.owner_id or row.team_id,
        parent=parent.process_id if parent else None,
        participants={person.role or "": person.id for person in named},
        title=running.process["title"],
        reference=running.process["reference"],
        inputs=running.process["inputs"],
        people={person.role or "": person.told() for person in named},
    )
