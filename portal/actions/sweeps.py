"""The look over all stored evidence: where it stands, and what becomes of what it finds."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal.db import Tx, action
from portal.engine import troubles
from portal.engine.running import Running
from portal.ledger import outbox
from portal.ledger.tables import Entry, Head
from portal.models import Process, Sweep

STAGES = ("ledgers", "tree", "checkpoints", "files")
_NAME = "evidence"
_EVERY = timedelta(hours=23)  # once a night, whatever minute the last one began at
_STUCK = timedelta(days=1)
_TABLE = Sweep.__table__
_RUNBOOK = (
    "Change nothing in the database and keep a copy of it now. Then go by “When stored evidence "
    "was changed” in the README."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a round stands; ``stage`` is empty at its end."""

    stage: str
    after: str
    looked: int
    found: int


@action
def go_on(tx: Tx, *, now: bool = True) -> Place | None:
    """Where to look next: in the round that is at work, or at the beginning of a new one.

    None where the last round ended less than a night ago, unless it shall be ``now``. A round
    that got no further for a day is told to the admins.
    """
    row = _row(tx)
    if row is not None and row.ended_at is None:
        if tx.now - row.moved_at > _STUCK:
            sentence = (
                f"The look over the stored evidence got no further than “{row.stage}” since "
                f"{row.moved_at:%Y-%m-%d %H:%M} UTC. The scheduler's log says why."
            )
            _alarm(tx, "ledger", sentence, once=f"alarm:sweep-stuck:{row.moved_at.timestamp()}")
        return _place(row)
    if row is not None and not now and tx.now - row.began_at < _EVERY:
        return None
    fresh = {"stage": STAGES[0], "after": "", "looked": 0, "found": 0, "began_at": tx.now,
             "moved_at": tx.now, "ended_at": None}  # fmt: skip
    if row is None:
        tx.execute(sa.insert(Sweep).values(name=_NAME, **fresh))
    else:
        tx.execute(sa.update(Sweep).where(Sweep.name == _NAME).values(fresh))
    return Place(STAGES[0], "", 0, 0)


@action
def reach(tx: Tx, place: Place, upto: str | None, looked: int, found: int) -> Place:
    """Note how far the round came; ``upto`` is None at the end of its stage."""
    stage, after = place.stage, upto or ""
    if upto is None:
        later = STAGES[STAGES.index(stage) + 1 :]
        stage = later[0] if later else ""
    reached = Place(stage, after, place.looked + looked, place.found + found)
    change: dict[str, Any] = {"after": reached.after, "looked": reached.looked,
                              "found": reached.found, "moved_at": tx.now}  # fmt: skip
    change |= {"stage": stage} if stage else {"ended_at": tx.now}
    tx.execute(sa.update(Sweep).where(Sweep.name == _NAME).values(change))
    return reached


@action
def note_altered(tx: Tx, process_id: str | None, fault: str) -> None:
    """Stored evidence is not what it was: the process's owner is told, and the admins.

    The admins once in a round: whoever changed one row may have changed a million.
    """
    _open_trouble(tx, process_id, f"The stored ledger was altered. {fault}")
    where = f" of process {process_id}" if process_id else ""
    _alarm_of_round(tx, "ledger", f"Stored evidence{where} was changed. {fault} {_RUNBOOK}")


@action
def note_drifted(tx: Tx, process_id: str, fault: str) -> None:
    """Where a process stands is not where its ledger, which is whole, says; told the same way."""
    message = f"Where this process stands is stored otherwise than its ledger tells. {fault}"
    _open_trouble(tx, process_id, message, about="state")
    sentence = f"Where process {process_id} stands is stored otherwise than its ledger tells."
    _alarm_of_round(tx, "state", f"{sentence} {fault} {_RUNBOOK}")


def _open_trouble(tx: Tx, process_id: str | None, message: str, about: str = "") -> None:
    if process_id is not None and _may_go_on(tx, process_id):
        running = Running.load(tx, process_id)
        troubles.open_trouble(running, "ledger", message, step=None, about=about)


def _may_go_on(tx: Tx, process_id: str) -> bool:
    """Whether an exception may be written behind the last event.

    Behind a head that is not that event's, our own entry would break what a backup could mend.
    """
    last = sa.select(Entry.hash).where(Entry.log == process_id).order_by(Entry.seq.desc()).limit(1)
    head = sa.select(Head.hash).join(Process, Process.id == Head.log).where(Head.log == process_id)
    found = tx.execute(head).scalar()
    return found is not None and found == tx.execute(last).scalar()


def _row(tx: Tx) -> Any:
    return tx.execute(sa.select(_TABLE).where(_TABLE.c.name == _NAME)).first()


def _place(row: Any) -> Place:
    return Place(row.stage, row.after, row.looked, row.found)


def _alarm_of_round(tx: Tx, role: str, sentence: str) -> None:
    row = _row(tx)
    began = row.began_at.timestamp() if row is not None else tx.now.timestamp()
    _alarm(tx, role, sentence, once=f"alarm:sweep:{began}")


def _alarm(tx: Tx, role: str, sentence: str, *, once: str) -> None:
    ref = {"role": role, "sentence": sentence}
    outbox.put(tx, [outbox.row("mail.alarm", ref, once=once, process_id=None, now=tx.now)])
