"""Following all ledgers, to write down who held the work: the one place that writes stretches.

It runs beside the work, never in its transactions, so that no step waits for it.
"""

from typing import Any

import sqlalchemy as sa

from portal.actions import insights
from portal.db import Tx, action
from portal.ledger import following
from portal.ledger.stretches import MOVING, Telling, people_in, step_of
from portal.models import Follower, Stretch, Told
from portal.models.stretches import kinds, reaches

_NAME = "stretches"
_AT_ONCE = 1000

_OPEN_ONES = sa.delete(Stretch).where(
    Stretch.process_id.in_(sa.bindparam("these", expanding=True)), Stretch.to_at.is_(None)
)


@action
def follow(tx: Tx, at_once: int = _AT_ONCE) -> int:
    """Tell the next events of all ledgers; how many those were, 0 once there is no more."""
    query = sa.select(Follower.upto).where(Follower.name == _NAME).with_for_update()
    upto = tx.execute(query).scalar()
    entries = following.news(tx.conn, upto or 0, at_once)
    if not entries:
        return 0
    _tell(tx, entries)
    if upto is None:
        tx.execute(sa.insert(Follower).values(name=_NAME, upto=entries[-1].id))
    else:
        its = sa.update(Follower).where(Follower.name == _NAME)
        tx.execute(its.values(upto=entries[-1].id))
    return len(entries)


@action
def forget(tx: Tx) -> None:
    """Drop all that was told; ``follow`` tells it anew from the first event on."""
    for table in (Stretch, Told):
        tx.execute(sa.delete(table))
    insights.forget(tx)
    tx.execute(sa.delete(Follower).where(Follower.name == _NAME))


def _tell(tx: Tx, entries: Any) -> None:
    ids = list(dict.fromkeys(entry.log for entry in entries))
    query = sa.select(Told.process_id, Told.seq, Told.state)
    told = {row.process_id: row for row in tx.execute(query.where(Told.process_id.in_(ids)))}
    fresh = [one for one in entries if one.log not in told or one.seq > told[one.log].seq]
    steps = {entry.id: step_of(entry) for entry in fresh if entry.type in MOVING}
    states = {id_: row.state for id_, row in told.items()}
    people = kinds(tx.conn, people_in(steps.values(), states.values()))
    tellings = {id_: Telling(states.get(id_, {}), people, reaches(tx.conn)) for id_ in ids}
    last: dict[str, int] = {}
    for entry in fresh:
        last[entry.log] = entry.seq
        if entry.id in steps:
            tellings[entry.log].take(steps[entry.id])
    moved = {id_: tellings[id_] for id_ in last}
    insights.add(tx, fresh, steps, moved)
    _write(tx, moved, last, set(told))


def _write(tx: Tx, tellings: dict[str, Telling], last: dict[str, int], known: set[str]) -> None:
    if not tellings:
        return
    tx.execute(_OPEN_ONES, {"these": list(tellings)})
    rows = [
        {**row, "process_id": id_}
        for id_, one in tellings.items()
        for row in (*one.closed, *one.open_rows())
    ]
    if rows:
        tx.execute(sa.insert(Stretch), rows)
    heads = [
        {"process_id": id_, "seq": last[id_], "state": one.state} for id_, one in tellings.items()
    ]
    new = [head for head in heads if head["process_id"] not in known]
    if new:
        tx.execute(sa.insert(Told), new)
    for head in heads:
        if head["process_id"] in known:
            its = sa.update(Told).where(Told.process_id == head["process_id"])
            tx.execute(its.values(seq=head["seq"], state=head["state"]))
