"""What must not be erased, and by what words anything is: the pages of privacy."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from portal.errors import wrong_cursor
from portal.models import DefinitionRow, Hold, Process, User, addresses
from portal.models.privacy import ASKABLE, BASES

WORDS = dict(BASES)
ASKED_FOR = {basis: BASES[basis] for basis in ASKABLE}
MOST = 200


def holds(
    conn: Connection, process_id: str | None = None, *, before: str | None = None, limit: int = MOST
) -> Sequence[Any]:
    """Holds that stand, newest first: of a process alone those that were put on it itself.

    ``before`` is the id of the hold after which they go on; Faulty at ``cursor`` where there is no
    such hold. One that was lifted since is.
    """
    query = _holds().where(Hold.lifted_at.is_(None)).order_by(Hold.id.desc()).limit(limit)
    if process_id is not None:
        query = query.where(Hold.process_id == process_id)
    if before is not None:
        if conn.execute(sa.select(Hold.id).where(Hold.id == before)).first() is None:
            raise wrong_cursor()
        query = query.where(Hold.id < before)
    return conn.execute(query).all()


def hold(conn: Connection, hold_id: str) -> Any:
    """One hold, standing or lifted."""
    return conn.execute(_holds().where(Hold.id == hold_id)).one()


def _holds() -> "sa.Select[*tuple[Any, ...]]":
    placer = aliased(User)
    return (
        sa.select(
            Hold.__table__, placer.name.label("by"), Process.title,
            DefinitionRow.name.label("definition_name"),
        )
        .outerjoin(placer, placer.id == Hold.placed_by)
        .outerjoin(Process, Process.id == Hold.process_id)
        .outerjoin(
            DefinitionRow,
            sa.and_(DefinitionRow.key == Hold.definition, DefinitionRow.is_current),
        )
    )  # fmt: skip


def definitions(conn: Connection) -> Sequence[Any]:
    """Key and name of what can be put on hold, by name."""
    query = sa.select(DefinitionRow.key, DefinitionRow.name).where(DefinitionRow.is_current)
    return conn.execute(query.order_by(DefinitionRow.name)).all()


def process(conn: Connection, process_id: str) -> Any:
    """What the page of erasing tells of a process; ``None`` where there is none."""
    query = sa.select(
        Process.id, Process.title, Process.state, Process.owner_id, Process.team_id,
        Process.ended_at,
    ).where(Process.id == process_id)  # fmt: skip
    return conn.execute(query).first()


def titles(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    """What processes are called, by their ids."""
    query = sa.select(Process.id, Process.title).where(Process.id.in_(ids))
    return {row.id: row.title for row in conn.execute(query)}


def has_account(conn: Connection, email: str) -> bool:
    """Whether an address is that of somebody on the staff."""
    query = sa.select(User.id).where(User.email == addresses.plain(email))
    return conn.execute(query).first() is not None
