"""Processes: start one, cancel it, remark on it, name who takes part."""

from collections.abc import Mapping
from typing import Any

from portal.access import may
from portal.actions.repeats import Repeat, keep_answer
from portal.actions.wording import remark, words
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import closing, searching, starting, successors, troubles
from portal.engine.advance import advance
from portal.engine.running import Running
from portal.errors import Conflict, Unknown
from portal.ledger import record
from portal.ledger.catalogue import (
    CommentAdded,
    ProcessCancelled,
)
from portal.ledger.record import Recorded


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
    start = starting.prepare(
        tx,
        key,
        inputs=inputs,
        participants=participants,
        reference=remark("reference", reference, longest=200),
        actor=actor,
    )
    keep_answer(tx, repeat, start.process["id"])
    advance(starting.begin(tx, start, actor))
    return str(start.process["id"])


@action
def cancel(
    tx: Tx, process_id: str, reason: str, *, repeat: Repeat | None = None, actor: Actor
) -> None:
    """End a process before its time; everybody who was asked is told. Faulty at ``reason``.

    AlreadyRecorded where ``repeat`` was answered before.
    """
    keep_answer(tx, repeat, process_id)
    running = Running.load(tx, process_id)
    may.process_for(tx, actor, process_id, "manage")
    running.require_running()
    why = words("reason", reason, "Say in a sentence why it is cancelled.")
    closing.end_process(running, "cancelled", ProcessCancelled(reason=why), actor)


@action
def comment(tx: Tx, process_id: str, text: str, *, actor: Actor) -> Recorded:
    """Write a remark that staff can read. Faulty at ``text``."""
    chain = record.open_chain(tx, process_id)
    process = may.process_for(tx, actor, process_id, "comment")
    said = words("text", text, "Write the comment first.")
    recorded = chain.add(CommentAdded(text=said), actor=actor)
    named = {"title": process.title, "reference": process.reference}
    tx.before_commit(lambda: searching.note(tx, chain, named), last=True)
    return recorded


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
    if successors.is_played(running, role):
        raise Conflict("Somebody has this role already. Reassign their task instead.")
    successors.name(running, role, person, actor)
    troubles.resolve_all(running, "reassign", None, actor, kind="nobody")
    advance(running)
