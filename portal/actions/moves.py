"""A running process goes on under another version of its definition."""

from typing import Any

import sqlalchemy as sa

from portal.access import may
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import moving
from portal.engine.advance import advance
from portal.engine.moving import Move
from portal.engine.running import Running
from portal.errors import Conflict, Faulty
from portal.ledger import record
from portal.models import DefinitionRow

__all__ = ["Move", "look", "migrate", "number", "told"]


def told(move: Move) -> dict[str, Any]:
    """The move as JSON, for whoever asks what it would do."""
    return {
        "version": move.version,
        "possible": not move.refusals,
        "refusals": list(move.refusals),
        "stays": list(move.stays),
        "new": list(move.new),
        "passed": list(move.passed),
        "restored": list(move.restored),
        "gone": list(move.gone),
        "unnamed_roles": list(move.unnamed),
        "due": {id_: at and record.moment(at) for id_, at in move.due.items()},
    }


class _OnlyLooked(Exception):
    """Ends a dry run with nothing written."""

    def __init__(self, move: Move) -> None:
        self.move = move


def look(process_id: str, version: object, *, key: str | None = None, actor: Actor) -> Move:
    """What moving a process would do; nothing is changed. Faulty at ``version``.

    With ``key`` it has to be a process of that definition.
    """
    try:
        return _migrate(process_id, version, "Looked at.", key, dry_run=True, actor=actor)
    except _OnlyLooked as looked:
        return looked.move


def migrate(
    process_id: str, version: object, reason: str, *, key: str | None = None, actor: Actor
) -> Move:
    """Move a process to another version, newer or older; what was done.

    With ``key`` it has to be a process of that definition. Faulty at ``version`` and ``reason``;
    Conflict with the reasons where it can't be moved.
    """
    return _migrate(process_id, version, reason, key, dry_run=False, actor=actor)


@action
def _migrate(
    tx: Tx,
    process_id: str,
    version: object,
    reason: str,
    key: str | None,
    *,
    dry_run: bool,
    actor: Actor,
) -> Move:
    running = Running.load(tx, process_id)
    may.process_for(tx, actor, process_id, "manage")
    running.require_running()
    why = words("reason", reason, "Say in a sentence why it is moved.")
    own_key, now = running.process["key"], running.process["version"]
    if key not in (None, own_key):
        raise Conflict("This process is of another definition.")
    wanted = number(version)
    found = moving.version_of(running, own_key, wanted) if wanted is not None else None
    if found is None:
        known = ", ".join(str(one) for one in _versions(tx, own_key))
        raise Faulty.one("version", f"Name the version to move to: {known}.")
    row, tree = found
    if row.version == now:
        raise Conflict(f"This process is on version {row.version} already.")
    if dry_run:
        raise _OnlyLooked(moving.plan(running, row, tree))
    move = moving.carry_out(running, row, tree, why, actor)
    advance(running)
    return move


def number(version: object) -> int | None:
    """A version as somebody gave it, as number or as text; ``None`` where it can be none."""
    if isinstance(version, bool):
        return None
    if isinstance(version, int):
        return version if 0 < version < 10**9 else None
    if isinstance(version, str) and version.isascii() and version.isdigit() and len(version) < 10:
        return int(version)
    return None


def _versions(tx: Tx, key: str) -> list[int]:
    query = sa.select(DefinitionRow.version).where(DefinitionRow.key == key)
    return list(tx.execute(query.order_by(DefinitionRow.version)).scalars())
