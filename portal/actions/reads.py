"""Reads of what people sent, written into the book: who, what, why. No setting ends it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.access import book
from portal.actor import Actor
from portal.db import Tx, action
from portal.models import Participant, Process, Task

WINDOW = 600  # seconds in which the same page, looked at again, is one read


@action
def note(
    tx: Tx,
    what: str,
    *,
    actor: Actor,
    process_id: str | None = None,
    task_id: str | None = None,
    detail: str | None = None,
    is_each: bool = False,
) -> None:
    """Write down that somebody read this.

    ``what`` is a word of ``readings.book.READ``, ``detail`` a file’s id. ``is_each``: every time,
    as for what leaves the house; a page that is looked at again within ``WINDOW`` is one read.
    """
    if task_id is not None and process_id is None:
        process_id = tx.execute(sa.select(Task.process_id).where(Task.id == task_id)).scalar()
    told = {"what": what, "why": _why(tx, actor, process_id), "via": actor.via}
    parts = (actor.id, what, process_id, task_id, detail, window(tx.now))
    once = None if is_each else ":".join(str(part) for part in ("read", *parts))
    if detail is not None:
        told["file"] = detail
    book.note_read(tx, actor, process_id, told, once)


def window(now: datetime) -> int:
    """Which stretch of ``WINDOW`` seconds a moment falls into."""
    return int(now.timestamp()) // WINDOW


def _why(tx: Tx, actor: Actor, process_id: str | None) -> str:
    """On what ground they may read it: a word of ``readings.book.WHY``."""
    process: Any = None
    if process_id is not None:
        query = sa.select(Process.owner_id, Process.team_id).where(Process.id == process_id)
        process = tx.execute(query).first()
    if process is not None:
        if process.owner_id == actor.user_id or process.team_id in actor.team_ids:
            return "owner"
        mine = sa.or_(Participant.user_id == actor.user_id, Participant.team_id.in_(actor.team_ids))
        plays = sa.select(Participant.id).where(Participant.process_id == process_id, mine)
        if tx.execute(plays.limit(1)).first() is not None:
            return "part"
    return actor.role or "member"
