"""Evidence packs as the auditor sees them who made them in a room."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.errors import Unknown
from portal.language import gettext as _
from portal.models import Pack, PackPart, Process, populations

_COUNT = (
    sa.select(sa.func.count())
    .where(PackPart.pack_id == Pack.id)
    .correlate(Pack)
    .scalar_subquery()
    .label("count")
)
_PACKS = sa.select(*Pack.__table__.columns, _COUNT).where(Pack.state != "draft")


def of_room(conn: Connection, room_id: str) -> Sequence[Any]:
    """Every pack that was made in a room, the newest first, each with its ``count``."""
    return conn.execute(_PACKS.where(Pack.room_id == room_id).order_by(Pack.id.desc())).all()


def pack(conn: Connection, room_id: str, pack_id: str) -> Any:
    """One of them; Unknown."""
    query = _PACKS.where(Pack.room_id == room_id, Pack.id == pack_id)
    found = conn.execute(query).first()
    if found is None:
        raise Unknown(_("There is nothing here, or nothing that is yours to see."))
    return found


@dataclass(frozen=True, slots=True)
class Packed:
    """A process of a pack; ``title`` is ``None`` where the room grants it no more."""

    n: int
    id: str
    title: str | None
    state: str
    fault: str | None
    left_out: Sequence[dict[str, str]]


def members(
    conn: Connection, room: Any, pack_id: str, *, after: int, limit: int
) -> Sequence[Packed]:
    """Those behind place ``after``, as they stand now. Two statements."""
    query = sa.select(PackPart).with_only_columns(*PackPart.__table__.columns)
    parts = query.where(PackPart.pack_id == pack_id, PackPart.n > after).order_by(PackPart.n)
    rows = conn.execute(parts.limit(limit)).all()
    titles = sa.select(Process.id, Process.title).where(
        Process.id.in_([row.process_id for row in rows])
    )
    granted = {row.id: row.title for row in conn.execute(populations.narrowed(titles, room.scope))}
    return [
        Packed(
            row.n, row.process_id, granted.get(row.process_id), row.state, row.fault, row.left_out
        )
        for row in rows
    ]
