"""Noting who looked at a file. Whatever leaves the house is noted before it does (A09, U09)."""

from typing import Any

from portal import db
from portal.actor import Actor
from portal.db import Tx, action
from portal.models import Look
from portal.models.looks import PAGE, SAVED, TEXT

__all__ = ["PAGE", "SAVED", "TEXT", "note"]


@action
def note(
    tx: Tx,
    file: Any,
    how: str,
    *,
    page: int = 0,
    rendition: str | None = None,
    task_id: str | None = None,
    actor: Actor,
) -> None:
    """Note that a file (its row) is handed out, or that a page of it is shown.

    ``how`` is a word of ``models/looks``. The same page shown to the same person again within an
    hour is one look; a constraint of the table counts.
    """
    id_ = db.new_id()
    is_outside = actor.kind == "participant"
    reader = actor.id if is_outside else actor.user_id
    again = f"{file.id}/{reader}/{how}/{page}/{rendition}/{tx.now:%Y-%m-%dT%H}"
    row = {
        "id": id_, "process_id": file.process_id, "file_id": file.id, "task_id": task_id,
        "participant_id": actor.id if is_outside else None,
        "user_id": None if is_outside else actor.user_id,
        "how": how, "page": page, "rendition": rendition,
        "once": id_ if how == SAVED else again, "at": tx.now,
    }  # fmt: skip
    tx.execute(tx.insert(Look).values(row).on_conflict_do_nothing())
