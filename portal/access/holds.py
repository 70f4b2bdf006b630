"""Legal holds, as whoever wants to erase has to know them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import Hold, Participant, Process, addresses


def on_processes(conn: Connection, ids: Sequence[str]) -> dict[str, Any]:
    """The hold that stands on each of these processes, where one does; in one statement.

    A hold on a person is on each process that they take part in.
    """
    if not ids:
        return {}
    people = sa.select(Participant.process_id).where(
        Participant.email == Hold.email, Participant.process_id == Process.id
    )
    query = (
        sa.select(Process.id.label("process"), Hold.__table__)
        .select_from(Process)
        .join(
            Hold,
            sa.or_(
                Hold.process_id == Process.id,
                Hold.definition == Process.key,
                people.correlate(Hold, Process).exists(),
            ),
        )
        .where(Process.id.in_(ids), Hold.lifted_at.is_(None))
    )
    return {row.process: row for row in conn.execute(query)}


def standing_on(conn: Connection, email: str) -> Any:
    """The hold that stands on a person, or ``None``."""
    query = sa.select(Hold.__table__).where(
        Hold.email == addresses.plain(email), Hold.lifted_at.is_(None)
    )
    return conn.execute(query.limit(1)).first()
