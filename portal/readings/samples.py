"""Samples of an auditor's room: what was drawn, and how that stands now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.errors import Unknown
from portal.language import gettext as _
from portal.models import DefinitionRow, ErasurePart, Process, RoomSample, populations

HEAD = populations.SAMPLE
_SAMPLE = sa.select(RoomSample.__table__)


def of_room(conn: Connection, room_id: str) -> Sequence[Any]:
    """Every sample that was drawn in a room, the newest first."""
    drawn = RoomSample.drawn_at.desc()
    query = _SAMPLE.where(RoomSample.room_id == room_id).order_by(drawn, RoomSample.id)
    return conn.execute(query).all()


def sample(conn: Connection, room_id: str, sample_id: str) -> Any:
    """One sample of that room; Unknown."""
    query = _SAMPLE.where(RoomSample.id == sample_id, RoomSample.room_id == room_id)
    found = conn.execute(query).first()
    if found is None:
        raise Unknown(_("There is nothing here, or nothing that is yours to see."))
    return found


@dataclass(frozen=True, slots=True)
class Drawn:
    """A process of a sample; ``row`` is ``None`` where it is in scope no more."""

    n: int
    id: str
    row: Any
    is_erased: bool


def members(conn: Connection, room: Any, sample: Any, *, after: int, limit: int) -> list[Drawn]:
    """Those behind rank ``after``, as they stand now. Two statements."""
    ids = sample.process_ids[after : after + limit]
    query = (
        sa.select(
            Process.id, Process.title, Process.state, Process.started_at,
            DefinitionRow.name.label("definition"),
        )
        .join(DefinitionRow, DefinitionRow.id == Process.definition_id)
        .where(Process.id.in_(ids))
    )  # fmt: skip
    found = {row.id: row for row in conn.execute(populations.narrowed(query, room.scope))}
    done = sa.select(ErasurePart.process_id).where(
        ErasurePart.process_id.in_(ids), ErasurePart.state == "done"
    )
    erased = set(conn.execute(done).scalars())
    return [Drawn(n, id_, found.get(id_), id_ in erased) for n, id_ in enumerate(ids, after + 1)]


def lines(sample: Any) -> Iterator[str]:
    """The sample as text: head, seed and list it is of, then ``number, id, rank`` of each."""
    yield f"{HEAD}\n"
    yield f"seed\t{sample.seed}\n"
    yield f"population\t{sample.total}\t{sample.population_sha256}\n"
    for n, id_ in enumerate(sample.process_ids, 1):
        yield f"{n}\t{id_}\t{populations.rank(sample.seed, id_)}\n"
