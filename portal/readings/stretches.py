"""Who held the work of some processes, from when to when, as of this very moment.

What is written down is a few seconds old; what came since is told in memory and never written:
reading changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger import following
from portal.ledger.stretches import MOVING, Telling, people_in, step_of
from portal.ledger.tables import Head
from portal.models import Stretch, Told
from portal.models.stretches import kinds, reaches

_MOST_NEW = 5000


class Held(NamedTuple):
    """One stretch, as ``models.stretches`` describes it."""

    place: int
    what: str
    court: str
    why: str | None
    step: str | None
    kind: str | None
    task_id: str | None
    participant_id: str | None
    user_id: str | None
    team_id: str | None
    due_at: datetime | None
    from_at: datetime
    to_at: datetime | None


_COLUMNS = [getattr(Stretch, name) for name in Held._fields]
_STRETCHES = (
    sa.select(Stretch.process_id, *_COLUMNS)
    .where(Stretch.process_id.in_(sa.bindparam("these", expanding=True)))
    .order_by(Stretch.process_id, Stretch.place)
)
# A process that nobody has told of yet has no row there.
_BEHIND = (
    sa.select(Head.log, Told.seq, Told.state)
    .outerjoin(Told, Told.process_id == Head.log)
    .where(
        Head.log.in_(sa.bindparam("these", expanding=True)),
        sa.or_(Told.seq.is_(None), Told.seq < Head.seq),
    )
)


def of(conn: Connection, ids: Sequence[str]) -> dict[str, list[Held]]:
    """The stretches of these processes, each in the order in which they began.

    Two statements where the follower has kept up; two more where it has not.
    """
    found: dict[str, list[Held]] = {id_: [] for id_ in ids}
    if not ids:
        return found
    for id_, *values in conn.execute(_STRETCHES, {"these": ids}):
        found[id_].append(Held(*values))
    behind = conn.execute(_BEHIND, {"these": ids}).all()
    if behind:
        _catch_up(conn, found, behind)
    return found


def _catch_up(conn: Connection, found: dict[str, list[Held]], behind: Sequence[Any]) -> None:
    """Tell the rest of the ledgers that are ahead of what is written down."""
    told = {row.log: -1 if row.seq is None else row.seq for row in behind}
    states: dict[str, Any] = {row.log: row.state for row in behind if row.state is not None}
    entries = following.tail(conn, told, _MOST_NEW)
    steps = [(entry.log, step_of(entry)) for entry in entries if entry.type in MOVING]
    people = kinds(conn, people_in((step for _, step in steps), states.values()))
    tellings = {id_: Telling(states.get(id_, {}), people, reaches(conn)) for id_ in told}
    for log, step in steps:
        tellings[log].take(step)
    for id_, telling in tellings.items():
        ended = [one for one in found[id_] if one.to_at is not None]
        rows = (*telling.closed, *telling.open_rows())
        found[id_] = [*ended, *_held(rows)]


def _held(rows: Iterable[Mapping[str, Any]]) -> list[Held]:
    return [Held(*(row[name] for name in Held._fields)) for row in rows]
