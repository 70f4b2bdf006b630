"""Who held the work of some processes, from when to when, as of this very moment.

What is written down is a few seconds old; what came since is told in memory and never written:
reading changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
import sqlalchemy.orm
from sqlalchemy.engine import Connection

from portal.ledger import following
from portal.ledger.stretches import MOVING, Telling, people_in, step_of
from portal.ledger.tables import Head
from portal.models import Stretch, Told
from portal.models.stretches import kinds, reaches

_MOST_NEW = 5000
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


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
_MOST = 150
# The last stretch that began before the end of the window: of a process with thousands of them
# those before it are looked at, up to a bound.
_began = sa.orm.aliased(Stretch)
_EDGE = (
    sa.select(_began.place)
    .where(_began.process_id == Head.log, _began.from_at < sa.bindparam("end"))
    .order_by(_began.from_at.desc(), _began.place.desc())
    .limit(1)
    .correlate(Head)
    .scalar_subquery()
)
# Of a process that nobody has told of yet, or of which nothing is in sight, the rest is empty.
_STRETCHES = (
    sa.select(Head.log, Head.seq, Told.seq.label("told"), *_COLUMNS)
    .outerjoin(Told, Told.process_id == Head.log)
    .outerjoin(
        Stretch,
        sa.and_(
            Stretch.process_id == Head.log,
            Stretch.place <= _EDGE,
            Stretch.place > _EDGE - _MOST,
            sa.or_(Stretch.to_at.is_(None), Stretch.to_at > sa.bindparam("start")),
        ),
    )
    .where(Head.log.in_(sa.bindparam("these", expanding=True)))
    .order_by(Head.log, Stretch.place)
)
_STATES = sa.select(Told.process_id, Told.state).where(
    Told.process_id.in_(sa.bindparam("these", expanding=True))
)


def of(
    conn: Connection, ids: Sequence[str], start: datetime = _FIRST, end: datetime = _LAST
) -> dict[str, list[Held]]:
    """The stretches of these processes in that time, each in the order in which they began.

    Of a process with more than ``_MOST`` the last of them. One statement where the follower has
    kept up; three more where it has not.
    """
    found: dict[str, list[Held]] = {id_: [] for id_ in ids}
    behind: dict[str, int] = {}
    given = {"these": ids, "start": start, "end": end}
    for id_, seq, told, *values in conn.execute(_STRETCHES, given) if ids else ():
        if told is None or told < seq:
            behind[id_] = -1 if told is None else told
        if values[0] is not None:
            found[id_].append(Held(*values))
    for id_, rows in _caught_up(conn, behind).items():
        ended = [one for one in found[id_] if one.to_at is not None]
        in_sight = (one for one in rows if one.from_at < end and (one.to_at or end) > start)
        found[id_] = [*ended, *in_sight]
    return found


def _caught_up(conn: Connection, behind: Mapping[str, int]) -> dict[str, list[Held]]:
    """What the ledgers tell that are ahead of what is written down, by their processes.

    That is what has ended since then and what lasts.
    """
    if not behind:
        return {}
    states = {row.process_id: row.state for row in conn.execute(_STATES, {"these": [*behind]})}
    entries = following.tail(conn, behind, _MOST_NEW)
    steps = [(entry.log, step_of(entry)) for entry in entries if entry.type in MOVING]
    people = kinds(conn, people_in((step for _, step in steps), states.values()))
    tellings = {id_: Telling(states.get(id_, {}), people, reaches(conn)) for id_ in behind}
    for log, step in steps:
        tellings[log].take(step)
    return {id_: _held((*one.closed, *one.open_rows())) for id_, one in tellings.items()}


def _held(rows: Iterable[Mapping[str, Any]]) -> list[Held]:
    return [Held(*(row[name] for name in Held._fields)) for row in rows]
