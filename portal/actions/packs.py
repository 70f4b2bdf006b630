"""Evidence packs: asked for by a person, built process by process by the night shift.

Each process is built by itself and its bytes are kept until all are: a worker that is killed goes
on where it stood. One that can't be built stops no other; it is named in the pack and on its page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal.access import book, may, rooms, seats
from portal.actions import trails
from portal.actor import Actor, system
from portal.db import Tx, action
from portal.engine import packing
from portal.engine.packing import BYTES_GONE, CLOSE, MOST, MOST_BYTES, Plan
from portal.errors import Conflict, NotYours, Unknown
from portal.language import mark
from portal.ledger import checkpoints, outbox
from portal.models import Pack, PackPart, Process, sights
from portal.models.packs import KEEP_DAYS

__all__ = ["MOST", "MOST_BYTES", "Plan"]

_AT_ONCE = 500
_KEEP_DRAFTS, _KEEP_ROWS = timedelta(days=2), timedelta(days=90)
# An auditor in a room is told these in their own language.
_ERASED = mark(
    "Something of a process in it was erased after the pack was made. Have a new one built."
)
_OVER = mark("It was kept for 14 days.")  # as KEEP_DAYS says
_GAVE_UP = mark("The portal failed at it each time. Tell an admin.")


@action
def draft(tx: Tx, plan: Plan, process_ids: Sequence[str], *, actor: Actor) -> str:
    """Put a pack before whoever asks for it, with nothing built yet; its id.

    Faulty at ``processes`` and ``language``; NotYours where one of them is not theirs to take,
    Unknown where they may not even see it.
    """
    trails.require_spoken(plan.language)
    ids = packing.chosen(process_ids)
    rows = [row for some in _processes(tx, ids, actor) for row in some]
    # First, so that a refusal of one does not tell of another whether it is there.
    if len(rows) < len(ids):
        raise Unknown("One of these processes is unknown.")
    for row in rows:
        may.require(actor, "evidence", row)
    how = {"auth": actor.auth, "ip": actor.ip, "agent": actor.agent}
    return packing.lay_out(tx, plan, sorted(ids), made_by=actor.user_id, how=how)


@action
def begin(tx: Tx, pack_id: str, *, size: int, room: int, actor: Actor) -> bool:
    """Have it built; False where that had begun before.

    ``size`` is what it will have by estimate, ``room`` what is free, both in bytes: Faulty at
    ``size`` where it does not fit.
    """
    return packing.set_off(tx, _mine(tx, pack_id, actor), size=size, room=room)


@action
def stop(tx: Tx, pack_id: str, *, actor: Actor) -> bool:
    """Build no more of it, and drop what was built. False where it had ended."""
    _mine(tx, pack_id, actor)
    return packing.end(tx, Pack.id == pack_id, "stopped") > 0


@action
def take(tx: Tx, pack_id: str, n: int, signer: checkpoints.Signer) -> int | None:
    """Have a checkpoint say where the ledger of that part ends now: the number of its last event.

    ``None`` where nothing is to be built any more. Raises what keeps whoever asked from it.
    """
    query = (
        sa.select(PackPart.process_id, Pack.made_by, Pack.room_id, Pack.how)
        .join(Pack, Pack.id == PackPart.pack_id)
        .where(PackPart.pack_id == pack_id, PackPart.n == n)
        .where(PackPart.state == "ready", Pack.state == "running")
    )
    row = tx.execute(query).first()
    if row is None:
        return None
    if row.room_id is None:
        may.process_for(tx, _whoever(tx, row), row.process_id, "evidence")
    elif _has_ended_with_room(tx, pack_id, row.room_id):
        return None
    else:
        rooms.require_in(tx.conn, row.room_id, row.process_id)
    seq = trails.last_event(tx, row.process_id)
    return checkpoints.anchor(tx, signer, row.process_id, seq)


@dataclass(frozen=True, slots=True)
class Built:
    """What was built of a process: its bytes, its members, and what was left out and why."""

    storage_id: str
    sha256: str
    events: int
    head: str
    members: list[dict[str, Any]]
    left_out: list[dict[str, str]]


@action
def note_built(tx: Tx, pack_id: str, n: int, round_: int, built: Built) -> bool:
    """Keep it. False where somebody else was first, or it was taken back meanwhile."""
    is_running = sa.select(Pack.id).where(Pack.id == pack_id, Pack.state == "running").exists()
    mine = sa.and_(_is(pack_id, n), PackPart.round == round_, is_running)
    values = {
        "state": "built", "storage_id": built.storage_id, "sha256": built.sha256,
        "events": built.events, "head": built.head, "members": built.members,
        "left_out": built.left_out,
    }  # fmt: skip
    return tx.execute(sa.update(PackPart).where(mine).values(values)).rowcount == 1


@action
def note_failed(tx: Tx, pack_id: str, n: int, fault: str) -> None:
    """That process can't be built; the pack says so by name."""
    values = {"state": "failed", "fault": fault[:500]}
    tx.execute(sa.update(PackPart).where(_is(pack_id, n)).values(values))


@action
def note_end(tx: Tx, pack_id: str, outbox_id: str, fence: int) -> bool:
    """Some processes are through; with the last of them the archive is owed. False: too late."""
    if not outbox.settle(tx, outbox_id, fence):
        return False
    pack = tx.execute(_PACK.where(Pack.id == pack_id).with_for_update()).one()
    if pack.state == "running" and not _has_ready(tx, pack_id):
        once = f"pack:{pack_id}:close:{pack.round}"
        ref = {"pack": pack_id}
        outbox.put(tx, [outbox.row(CLOSE, ref, once=once, process_id=None, now=tx.now)])
    return True


@action
def give_up_parts(tx: Tx, pack_id: str, first: int, last: int) -> None:
    """Say of the processes that are not built yet that they could not be, however often."""
    rows = sa.and_(
        PackPart.pack_id == pack_id, PackPart.n.between(first, last), PackPart.state == "ready"
    )
    tx.execute(sa.update(PackPart).where(rows).values(state="failed", fault=_GAVE_UP))


@action
def build_again(tx: Tx, pack_id: str, n: int) -> None:
    """What was built of that process is not there any more as it was kept: it is built anew."""
    packing.take_back(tx, pack_id, n)


@action
def note_closed(
    tx: Tx, pack_id: str, round_: int, stored: Any, *, outbox_id: str, fence: int
) -> list[str] | None:
    """The archive is stored: what it was made of may go (storage ids).

    ``None`` where somebody else was first, a process was taken back meanwhile, or the room that
    it was asked for in has closed.
    """
    if not outbox.settle(tx, outbox_id, fence):
        return None
    room_id = tx.execute(sa.select(Pack.room_id).where(Pack.id == pack_id)).scalar()
    if room_id is not None and _has_ended_with_room(tx, pack_id, room_id):
        return None
    values = {
        "state": "done", "storage_id": stored.id, "sha256": stored.sha256, "size": stored.size,
        "ended_at": tx.now, "kept_until": tx.now + timedelta(days=KEEP_DAYS),
    }  # fmt: skip
    mine = sa.and_(Pack.id == pack_id, Pack.state == "running", Pack.round == round_)
    if tx.execute(sa.update(Pack).where(mine).values(values)).rowcount == 0:
        return None
    return packing.drop_parts(tx, PackPart.pack_id == pack_id)


@action
def give_up(tx: Tx, pack_id: str, outbox_id: str, fence: int, why: str) -> None:
    """The archive could not be put together, however often it was tried."""
    if not outbox.give_up(tx, outbox_id, fence, why):
        return
    packing.end(tx, sa.and_(Pack.id == pack_id, Pack.state == "running"), "failed", why[:500])


@action
def note_taken(tx: Tx, pack_id: str, *, actor: Actor) -> None:
    """Write into the book of each process in it that whoever takes the pack has taken it."""
    _require_theirs(tx, pack_id, actor)
    query = sa.select(PackPart.process_id).where(
        PackPart.pack_id == pack_id, PackPart.state == "built"
    )
    why = actor.role if actor.role in ("admin", "auditor") else "owner"
    told = {"what": "pack", "why": why, "via": actor.via, "file": pack_id}
    book.note_reads(tx, actor, tx.execute(query).scalars().all(), told)


@action
def require_taking(tx: Tx, pack_id: str, *, actor: Actor) -> None:
    """Refuse whoever may not, or may no longer, take the evidence of each process in a pack."""
    _require_theirs(tx, pack_id, actor)


def _require_theirs(tx: Tx, pack_id: str, actor: Actor) -> None:
    _mine(tx, pack_id, actor)
    within = sa.select(PackPart.process_id).where(PackPart.pack_id == pack_id)
    rows = tx.execute(_PROCESS.where(Process.id.in_(within)))
    for row in rows:
        may.require(actor, "evidence", row)


def forget(tx: Tx, process_id: str) -> list[str]:
    """Take back every pack that holds something of a process: for whoever erases any of it.

    Storage ids whose bytes may go once this is committed. A pack that is being built has that
    process built anew; one that is ready is removed, and says why.
    """
    held = (
        sa.select(PackPart.pack_id, PackPart.n, PackPart.storage_id, Pack.state)
        .add_columns(Pack.storage_id.label("archive"))
        .join(Pack, Pack.id == PackPart.pack_id)
        .where(PackPart.process_id == process_id, Pack.state.in_(("running", "done")))
    )
    gone: list[str | None] = []
    for row in tx.execute(held).all():
        gone += [row.storage_id, row.archive]
        if row.state == "running":
            packing.take_back(tx, row.pack_id, row.n)
        else:
            _remove(tx, [row.pack_id], _ERASED)
    return [id_ for id_ in gone if id_]


@action
def expire(tx: Tx) -> list[str]:
    """Remove the packs whose time is over, and forget old ones; the storage ids of both."""
    old = sa.select(Pack.id, Pack.storage_id).where(Pack.kept_until <= tx.now)
    over = tx.execute(old.where(Pack.state == "done").limit(_AT_ONCE)).all()
    _remove(tx, [row.id for row in over], _OVER)
    drafts = sa.and_(Pack.state == "draft", Pack.made_at < tx.now - _KEEP_DRAFTS)
    ended = sa.and_(
        Pack.state.in_(("stopped", "failed", "removed")), Pack.ended_at < tx.now - _KEEP_ROWS
    )
    tx.execute(sa.delete(Pack).where(drafts | ended))
    return [row.storage_id for row in over]


_PROCESS = sa.select(Process.id, Process.owner_id, Process.team_id)
_PACK = sa.select(Pack.__table__)


def _processes(tx: Tx, ids: Sequence[str], actor: Actor) -> Iterator[Sequence[Any]]:
    """Those of these processes that the actor may see."""
    seen = _PROCESS.where(sights.seen_by(actor))
    for first in range(0, len(ids), _AT_ONCE):
        yield tx.execute(seen.where(Process.id.in_(ids[first : first + _AT_ONCE]))).all()


def _mine(tx: Tx, pack_id: str, actor: Actor) -> Any:
    row = tx.execute(_PACK.where(Pack.id == pack_id).with_for_update()).first()
    sees_all = actor.kind == "system" or actor.role in ("admin", "auditor")
    if row is None or not (sees_all or row.made_by == actor.user_id):
        raise Unknown("There is no such pack.")
    if row.state == "draft" and (row.room_id or row.made_by != actor.user_id):
        raise Conflict("Only whoever made this draft can have it built.")
    return row


def _whoever(tx: Tx, pack: Any) -> Actor:
    """Whoever asked for the pack, as they may now."""
    if pack.made_by is None:
        return system("packs")
    actor = seats.absent(tx.conn, pack.made_by, **pack.how)
    if actor is None:
        raise NotYours("The account of whoever asked for this is closed.")
    return actor


def _has_ended_with_room(tx: Tx, pack_id: str, room_id: str) -> bool:
    """Whether the room that a pack was asked for in is closed; then nothing more is made of it."""
    if rooms.is_open(tx, room_id):
        return False
    packing.end(tx, Pack.id == pack_id, "stopped", packing.ROOM_CLOSED)
    return True


def _is(pack_id: str, n: int) -> sa.ColumnElement[bool]:
    return sa.and_(PackPart.pack_id == pack_id, PackPart.n == n, PackPart.state == "ready")


def _has_ready(tx: Tx, pack_id: str) -> bool:
    ready = sa.select(PackPart.n).where(PackPart.pack_id == pack_id, PackPart.state == "ready")
    return tx.execute(ready.limit(1)).first() is not None


def _remove(tx: Tx, pack_ids: Sequence[str], why: str) -> None:
    values = {"state": "removed", "why": why, **BYTES_GONE}
    tx.execute(sa.update(Pack).where(Pack.id.in_(pack_ids)).values(values))
    told: dict[str, Any] = {"members": [], "left_out": []}
    tx.execute(sa.update(PackPart).where(PackPart.pack_id.in_(pack_ids)).values(told))
