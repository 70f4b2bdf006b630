"""Starts that are safe to repeat: the answer is kept under the number of the request."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import db
from portal.db import Tx
from portal.errors import AlreadyRecorded
from portal.models import KeptAnswer


@dataclass(frozen=True, slots=True)
class Repeat:
    """What makes a start safe to repeat: the kept answer's id, and a digest of what was sent."""

    id: str
    body_sha256: str


def keep_answer(tx: Tx, repeat: Repeat | None, process_id: str) -> None:
    """Keep which process was started; AlreadyRecorded where this request was answered before."""
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


def kept_process(repeat: Repeat) -> str | None:
    """Which process this request was answered with; ``None`` where nothing is kept of it."""
    query = sa.select(KeptAnswer.answer).where(KeptAnswer.id == repeat.id)
    with db.reading() as conn:
        answer = conn.execute(query).scalar()
    return str(answer["process"]) if answer else None
