"""Writing into the book at the door, in the transaction of what is written about."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.actor import Actor
from portal.db import Tx
from portal.models import BookEntry


def note(
    tx: Tx,
    kind: str,
    user_id: str | None,
    *,
    actor: Actor,
    process_id: str | None = None,
    **told: Any,
) -> str:
    """Write one line: what happened, to whose account, by whom; ``told`` are words and ids.

    The line's id.
    """
    line = {**_line(tx, kind, actor), "process_id": process_id}
    tx.execute(sa.insert(BookEntry).values(**line, user_id=user_id, told=told))
    return str(line["id"])


def note_own(
    tx: Tx, kind: str, user: Any, *, ip: str | None, agent: str | None, **told: Any
) -> None:
    """Write what somebody did who is not signed in yet; ``user`` has ``id`` and ``name``."""
    who = {"actor_id": user.id, "actor_name": user.name, "user_id": user.id}
    line = {"id": db.new_id(), "at": tx.now, "kind": kind, "told": told, "ip": ip, "agent": agent}
    tx.execute(sa.insert(BookEntry).values(**who, **line))


def note_read(
    tx: Tx, actor: Actor, process_id: str | None, told: dict[str, Any], once: str | None
) -> None:
    """Write that somebody read; what has the same ``once`` is one line."""
    line = {**_line(tx, "read", actor), "process_id": process_id, "told": told, "once": once}
    tx.execute(tx.insert(BookEntry).values(line).on_conflict_do_nothing(index_elements=["once"]))


def note_reads(
    tx: Tx, actor: Actor, process_ids: Sequence[str], told: dict[str, Any], at_once: int = 500
) -> None:
    """Write for each of these processes that somebody read it, each time anew."""
    lines = [
        {**_line(tx, "read", actor), "process_id": id_, "told": told, "once": None}
        for id_ in process_ids
    ]
    for first in range(0, len(lines), at_once):
        tx.execute(sa.insert(BookEntry), lines[first : first + at_once])


def _line(tx: Tx, kind: str, actor: Actor) -> dict[str, Any]:
    return {
        "id": db.new_id(),
        "at": tx.now,
        "kind": kind,
        "actor_id": actor.user_id or actor.id,
        "actor_name": actor.name,
        "ip": actor.ip,
        "agent": actor.agent,
    }
