"""Batches: one verb for many at once. First drafted and looked at, then done row by row.

Each row is a verb of its own in a transaction of its own, by whoever pressed the button and with
what they may do at that moment; one that is refused stops no other. That a row is done once is
the kept answer's doing, however often a worker falls over it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import may, seats
from portal.actions import processes, tasks
from portal.actions.repeats import Repeat, kept_process
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.values import is_email
from portal.errors import (
    AlreadyRecorded,
    Conflict,
    Fault,
    Faulty,
    NotYours,
    PortalError,
    Unknown,
)
from portal.ledger import outbox
from portal.models import Batch, BatchRow, DefinitionRow

MOST = 2_000
"""How many rows a batch may have."""
EFFECT = "batch.rows"
_PIECE = 20  # rows that a worker does in one go
_INSERT_AT_ONCE = 200
_WHY = {
    "reassign": "Say in a sentence why they are handed over.",
    "cancel": "Say in a sentence why they are cancelled.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row to be: its place, what it is called, what it says, and what is wrong with it."""

    n: int
    label: str
    given: Mapping[str, Any]
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True)
class Drafted:
    """What is drafted: the kind of batch, its name, and the definition where one is started."""

    kind: str
    name: str
    key: str | None = None
    version: int | None = None


@action
def draft(tx: Tx, what: Drafted, lines: Sequence[Line], *, actor: Actor) -> str:
    """Put a batch before whoever asks for it, with nothing done yet; its id. Faulty at ``rows``."""
    may.require(actor, "start", None)
    if not lines:
        raise Faulty.one("rows", "Tick at least one row.")
    if len(lines) > MOST:
        raise Faulty.one("rows", f"Take at most {MOST:,} rows at once.")
    batch_id = db.new_id()
    batch = {
        "id": batch_id, "kind": what.kind, "key": what.key, "version": what.version,
        "name": what.name[:200], "state": "draft", "details": {}, "made_by": actor.user_id,
        "how": {"auth": actor.auth, "ip": actor.ip, "agent": actor.agent},
        "made_at": tx.now, "begun_at": None, "ended_at": None,
    }  # fmt: skip
    tx.execute(sa.insert(Batch), batch)
    rows = [_row(batch_id, line) for line in lines]
    for first in range(0, len(rows), _INSERT_AT_ONCE):
        tx.execute(sa.insert(BatchRow), rows[first : first + _INSERT_AT_ONCE])
    return batch_id


@action
def begin(
    tx: Tx,
    batch_id: str,
    *,
    reason: str | None = None,
    to: Mapping[str, str] | None = None,
    only: Collection[int] | None = None,
    actor: Actor,
) -> bool:
    """Have the rows done that are fit (of those, ``only`` some); False where it had begun before.

    Raises Faulty at ``reason``, ``to.email`` and ``rows``.
    """
    batch = _mine(tx, batch_id, actor)
    if batch.state != "draft":
        return False
    _require_as_judged(tx, batch)
    details = _details(batch.kind, reason, to)
    ready = sa.and_(BatchRow.batch_id == batch_id, BatchRow.state == "ready")
    if only is not None:
        left = sa.and_(ready, BatchRow.n.not_in(list(only)))
        tx.execute(sa.update(BatchRow).where(left).values(state="left"))
    places = tx.execute(sa.select(BatchRow.n).where(ready).order_by(BatchRow.n)).scalars().all()
    if not places:
        raise Faulty.one("rows", "No row is left that could be done.")
    begun = {"state": "running", "details": details, "begun_at": tx.now}
    tx.execute(sa.update(Batch).where(Batch.id == batch_id).values(begun))
    pieces = [places[first : first + _PIECE] for first in range(0, len(places), _PIECE)]
    outbox.put(tx, [_effect(tx, batch_id, piece) for piece in pieces])
    return True


@action
def stop(tx: Tx, batch_id: str, *, actor: Actor) -> bool:
    """Do no further row; those that are done stay done. False where it had ended."""
    _mine(tx, batch_id, actor)
    open_ = sa.and_(Batch.id == batch_id, Batch.state.in_(("draft", "running")))
    values = {"state": "stopped", "ended_at": tx.now}
    return tx.execute(sa.update(Batch).where(open_).values(values)).rowcount == 1


def carry_out(batch_id: str, first: int, last: int) -> None:
    """Do the rows of a batch from one place to another that are not done yet.

    Raises what the house itself is at fault for, the first of it once all have had their turn:
    whoever calls comes back later.
    """
    failed: Exception | None = None
    for n in _ready(batch_id, first, last):
        try:
            work = _work(batch_id, n)
            if work is None:
                return
            _do(*work)
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed


@action
def note_end(tx: Tx, batch_id: str, outbox_id: str, fence: int) -> bool:
    """Some rows are through; with the last of them the batch is done. False: a late finisher."""
    if not outbox.settle(tx, outbox_id, fence):
        return False
    ready = sa.select(BatchRow.n).where(BatchRow.batch_id == batch_id, BatchRow.state == "ready")
    over = sa.and_(Batch.id == batch_id, Batch.state == "running", ~ready.exists())
    tx.execute(sa.update(Batch).where(over).values(state="done", ended_at=tx.now))
    return True


@action
def give_up(tx: Tx, batch_id: str, first: int, last: int) -> None:
    """Say of the rows that are not done yet that they could not be, however often it was tried."""
    rows = sa.and_(
        BatchRow.batch_id == batch_id, BatchRow.n.between(first, last), BatchRow.state == "ready"
    )
    told = {"at": "", "message": "The portal failed at it each time. Tell an admin."}
    tx.execute(sa.update(BatchRow).where(rows).values(state="refused", faults=[told]))


def _do(batch: Any, row: Any, actor: Actor | None) -> None:
    repeat = Repeat(f"batch:{batch.id}:{row.n}", batch.kind)
    process_id: str | None
    try:
        if actor is None:
            raise NotYours("The account of whoever asked for this is closed.")
        process_id = _VERBS[batch.kind](batch, row, repeat, actor)
    except AlreadyRecorded:
        process_id = kept_process(repeat)
    except Faulty as fault:
        faults = [_told(one) for one in fault.faults]
        _note(batch.id, row.n, "refused", row.process_id, faults)
        return
    except PortalError as refused:
        if refused.status >= 500:
            raise
        told = {"at": "", "message": str(refused)}
        _note(batch.id, row.n, "refused", row.process_id, [told])
        return
    _note(batch.id, row.n, "done", process_id, [])


def _start(batch: Any, row: Any, repeat: Repeat, actor: Actor) -> str:
    given = row.given
    return processes.start(
        batch.key,
        inputs=given["inputs"],
        participants=given["participants"],
        reference=given["reference"],
        repeat=repeat,
        actor=actor,
    )


def _remind(_batch: Any, row: Any, repeat: Repeat, actor: Actor) -> str:
    tasks.remind(row.given["task"], repeat=repeat, actor=actor)
    return str(row.given["process"])


def _reassign(batch: Any, row: Any, repeat: Repeat, actor: Actor) -> str:
    to, why = batch.details["to"], batch.details["reason"]
    tasks.reassign(row.given["task"], to, why, repeat=repeat, actor=actor)
    return str(row.given["process"])


def _cancel(batch: Any, row: Any, repeat: Repeat, actor: Actor) -> str:
    process_id = str(row.given["process"])
    processes.cancel(process_id, batch.details["reason"], repeat=repeat, actor=actor)
    return process_id


_VERBS: Mapping[str, Callable[[Any, Any, Repeat, Actor], str]] = {
    "start": _start,
    "remind": _remind,
    "reassign": _reassign,
    "cancel": _cancel,
}


@action
def _note(
    tx: Tx, batch_id: str, n: int, state: str, process_id: str | None, faults: list[dict[str, str]]
) -> None:
    mine = sa.and_(BatchRow.batch_id == batch_id, BatchRow.n == n, BatchRow.state == "ready")
    values = {"state": state, "process_id": process_id, "faults": faults}
    tx.execute(sa.update(BatchRow).where(mine).values(values))


def _ready(batch_id: str, first: int, last: int) -> Sequence[int]:
    query = sa.select(BatchRow.n).where(
        BatchRow.batch_id == batch_id,
        BatchRow.n.between(first, last),
        BatchRow.state == "ready",
    )
    with db.reading() as conn:
        return conn.execute(query.order_by(BatchRow.n)).scalars().all()


def _work(batch_id: str, n: int) -> tuple[Any, Any, Actor | None] | None:
    """The batch, its row and who does it; nothing where it was stopped or the row is through."""
    row_of = sa.select(BatchRow.__table__).where(BatchRow.batch_id == batch_id, BatchRow.n == n)
    with db.reading() as conn:
        batch = conn.execute(sa.select(Batch.__table__).where(Batch.id == batch_id)).one()
        row = conn.execute(row_of).one()
        if batch.state != "running" or row.state != "ready":
            return None
        return batch, row, seats.absent(conn, batch.made_by, **batch.how)


def _mine(tx: Tx, batch_id: str, actor: Actor) -> Any:
    row = tx.execute(
        sa.select(Batch.__table__).where(Batch.id == batch_id).with_for_update()
    ).first()
    if row is None or (row.made_by != actor.user_id and actor.role != "admin"):
        raise Unknown("There is no such batch.")
    may.require(actor, "start", None)
    if row.made_by != actor.user_id and row.state == "draft":
        raise Conflict("Only whoever made this draft can have it done.")
    return row


def _require_as_judged(tx: Tx, batch: Any) -> None:
    """Refuse what was judged by a version that is no longer the one that would be started."""
    if batch.key is None:
        return
    current = sa.and_(DefinitionRow.key == batch.key, DefinitionRow.is_current)
    if tx.execute(sa.select(DefinitionRow.version).where(current)).scalar() != batch.version:
        raise Faulty.one("rows", "There is a new version of the definition. Send the sheet again.")


def _details(kind: str, reason: str | None, to: Mapping[str, str] | None) -> dict[str, Any]:
    """What holds for every row, as the kind asks for it."""
    faults: list[Fault] = []
    details: dict[str, Any] = {}
    if kind in _WHY:
        try:
            details["reason"] = words("reason", reason, _WHY[kind])
        except Faulty as fault:
            faults += fault.faults
    if kind == "reassign":
        person = {name: text for name, text in (to or {}).items() if text}
        if not is_email(person.get("email", "")):
            faults.append(Fault("to.email", "Give the e-mail address of whoever takes them over."))
        details["to"] = person
    if faults:
        raise Faulty(faults)
    return details


def _row(batch_id: str, line: Line) -> dict[str, Any]:
    return {
        "batch_id": batch_id, "n": line.n, "label": line.label[:300], "given": dict(line.given),
        "state": "faulty" if line.faults else "ready",
        "faults": [_told(one) for one in line.faults],
        # Known from the beginning: what is left or refused is erased with its process, too.
        "process_id": line.given.get("process"),
    }  # fmt: skip


def _effect(tx: Tx, batch_id: str, piece: Sequence[int]) -> dict[str, Any]:
    ref = {"batch": batch_id, "first": piece[0], "last": piece[-1]}
    once = f"batch:{batch_id}:{piece[0]}"
    return outbox.row(EFFECT, ref, once=once, process_id=None, now=tx.now)


def _told(one: Fault) -> dict[str, str]:
    return {"at": one.at, "message": one.message}
