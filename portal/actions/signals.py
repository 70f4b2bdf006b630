"""Signals: a program or a member of staff tells a process that something happened outside."""

from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import may
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition import facts
from portal.definition.blocks import ID
from portal.definition.tree import WaitStep
from portal.engine import waiting
from portal.engine.advance import advance
from portal.engine.running import Running
from portal.errors import Faulty
from portal.ledger.catalogue import SignalReceived
from portal.models import Signal


@action
def send(tx: Tx, process_id: str, name: str, data: Any = None, *, actor: Actor) -> bool:
    """Tell a process of a signal; whether a step waited for it.

    Every step that waits for it now goes on, and has ``data`` (JSON); where none does, it is kept
    for the next one. Raises Faulty at ``name`` and ``data``.
    """
    running = Running.load(tx, process_id)
    may.process_for(tx, actor, process_id, "signal")
    running.require_running()
    if not ID.fullmatch(name):
        raise Faulty.one("name", f"“{name}” can't be the name of a signal.")
    brought = {"data": _packed(data)}
    told = facts.plain_json(brought["data"])
    running.chain.add(SignalReceived(signal=name, data=told), actor=actor)
    waits = [
        found
        for found in running.rounds.values()
        if found.state == "open"
        and isinstance(step := running.tree.step(found.step), WaitStep)
        and step.signal == name
    ]
    if not waits:
        _keep(running, name, brought)
        return False
    for found in waits:
        waiting.end(running, found, "succeeded", brought)
    advance(running)
    return True


def _packed(data: Any) -> Any:
    try:
        return facts.of_json(data)
    except ValueError as fault:
        raise Faulty.one("data", str(fault)) from None


def _keep(running: Running, name: str, brought: dict[str, Any]) -> None:
    running.tx.execute(
        sa.insert(Signal),
        {
            "id": db.new_id(), "process_id": running.id, "name": name, "data": brought,
            "came_at": running.now, "taken_at": None,
        },
    )  # fmt: skip
