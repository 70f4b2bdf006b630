"""What was erased, and what is being erased: by ids, counts and words, since no more is known."""

from collections.abc import Sequence, Set
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.errors import wrong_cursor
from portal.models import Erasure, ErasurePart, Mail, User

_AT_ONCE = 50
_QUOTING = ("mail.digest", "mail.room_answer", "mail.room_question")
"""Mails that belong to no process and may quote somebody outside."""


def open_parts(conn: Connection, erasure_id: str, after: str) -> Sequence[str]:
    """Processes of an erasure that are still to be erased, some at a time, by their ids."""
    query = sa.select(ErasurePart.process_id).where(
        ErasurePart.erasure_id == erasure_id,
        ErasurePart.state != "done",
        ErasurePart.process_id > after,
    )
    return conn.execute(query.order_by(ErasurePart.process_id).limit(_AT_ONCE)).scalars().all()


def quoting(conn: Connection, process_id: str, mails: Set[str]) -> set[str]:
    """Which of these mails may quote whoever was erased: the process’s, digests, those of rooms.

    Their bodies are kept nowhere else, so nobody can tell any more which ones did.
    """
    of_process = Mail.process_id == process_id
    of_house = sa.and_(Mail.process_id.is_(None), Mail.kind.in_(_QUOTING))
    query = sa.select(Mail.id).where(Mail.id.in_(mails), sa.or_(of_process, of_house))
    return set(conn.execute(query).scalars())


def line(
    conn: Connection, erasure_id: str, process_id: str, subjects: Sequence[str]
) -> dict[str, Any]:
    """What the list outside the database keeps of one process of an erasure.

    ``process_id`` is empty for what the house kept of a person beside any process.
    """
    row = conn.execute(
        sa.select(
            Erasure.kind, Erasure.basis, Erasure.reference, Erasure.asked_by, Erasure.asked_at,
            ErasurePart.participants,
        )
        .outerjoin(
            ErasurePart,
            sa.and_(
                ErasurePart.erasure_id == Erasure.id, ErasurePart.process_id == process_id
            ),
        )
        .where(Erasure.id == erasure_id)
    ).one()  # fmt: skip
    return {
        "erasure": erasure_id, "process": process_id, "participants": row.participants or [],
        "kind": row.kind, "basis": row.basis, "reference": row.reference,
        "asked_by": row.asked_by, "asked_at": row.asked_at.isoformat(),
        "subjects": list(subjects),
    }  # fmt: skip


def latest(
    conn: Connection, limit: int = 50, *, before: str | None = None, only: str | None = None
) -> Sequence[Any]:
    """Erasures, newest first, with who asked and how far they are.

    ``before`` is the id of the one after which they go on, Faulty at ``cursor`` where there is no
    such erasure; ``only`` of the one that is wanted.
    """
    n = sa.func.count(ErasurePart.process_id)
    done = sa.func.count(ErasurePart.process_id).filter(ErasurePart.state == "done")
    running = sa.func.count(ErasurePart.process_id).filter(ErasurePart.why == "running")
    on_hold = sa.func.count(ErasurePart.process_id).filter(ErasurePart.why == "hold")
    query = (
        sa.select(
            Erasure.__table__, User.name.label("by"), n.label("n"), done.label("done"),
            running.label("running"), on_hold.label("held"),
        )
        .outerjoin(ErasurePart, ErasurePart.erasure_id == Erasure.id)
        .outerjoin(User, User.id == Erasure.asked_by)
        .group_by(Erasure.id, User.name)
        .order_by(Erasure.id.desc())
        .limit(limit)
    )  # fmt: skip
    if before is not None:
        if conn.execute(sa.select(Erasure.id).where(Erasure.id == before)).first() is None:
            raise wrong_cursor()
        query = query.where(Erasure.id < before)
    if only is not None:
        query = query.where(Erasure.id == only)
    return conn.execute(query).all()


def of_process(conn: Connection, process_id: str) -> Sequence[Any]:
    """The erasures of one process, newest first."""
    query = (
        sa.select(
            Erasure.id, Erasure.kind, Erasure.basis, Erasure.asked_at, ErasurePart.state,
            ErasurePart.why, ErasurePart.done_at,
        )
        .join(ErasurePart, ErasurePart.erasure_id == Erasure.id)
        .where(ErasurePart.process_id == process_id)
        .order_by(Erasure.id.desc())
    )  # fmt: skip
    return conn.execute(query).all()


def of_subject(conn: Connection, subject: str) -> Sequence[Any]:
    """When somebody was erased, by the keyed digest of their address, newest first."""
    query = sa.select(Erasure.__table__).where(Erasure.subject == subject)
    return conn.execute(query.order_by(Erasure.id.desc())).all()
