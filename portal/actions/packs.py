"""Evidence packs: asked for by a person, built process by process by the night shift.

Each process is built by itself and its bytes are kept until all are: a worker that is killed goes
on where it stood. One that can't be built stops no other; it is named in the pack and on its page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import db, language
from portal.access import book, may, seats
from portal.actions import trails
from portal.actor import Actor, system
from portal.db import Tx, action
from portal.errors import Conflict, Faulty, NotYours, Unknown
from portal.ledger import checkpoints, outbox
from portal.models import Pack, PackPart, Process, sights
from portal.models.packs import KEEP_DAYS

MOST = 2_000
"""How many processes a pack may hold."""
MOST_BYTES = 20 * 10**9
PART, CLOSE = "pack.part", "pack.close"
_PIECE = 5  # processes that a worker builds in one go
_AT_ONCE = 500
_KEEP_DRAFTS, _KEEP_ROWS = timedelta(days=2), timedelta(days=90)
_BYTES_GONE = {"storage_id": None, "sha256": None}
_ERASED = "Something of a process in it was erased after the pack was made. Have a new one built."


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be in a pack: its name, whether files are, and the language of the PDFs."""

    name: str
    files: bool = True
    language: str = language.SOURCE


@action
def draft(tx: Tx, plan: Plan, process_ids: Sequence[str], *, actor: Actor) -> str:
    """Put a pack before whoever asks for it, with nothing built yet; its id.

    Faulty at ``processes`` and ``language``; NotYours where one of them is not theirs to take,
    Unknown where they may not even see it.
    """
    trails.require_spoken(plan.language)
    ids = list(dict.fromkeys(process_ids))
    if not ids:
        raise Faulty.one("processes", "No process is chosen. Widen what you ask for.")
    if len(ids) > MOST:
        raise Faulty.one("processes", f"A pack holds at most {MOST:,} processes. Choose fewer.")
    rows = [row for some in _processes(tx, ids, actor) for row in some]
    # First, so that a refusal of one does not tell of another whether it is there.
    if len(rows) < len(ids):
        raise Unknown("One of these processes is unknown.")
    for row in rows:
        may.require(actor, "evidence", row)
    pack_id = db.new_id()
    tx.execute(sa.insert(Pack), _row(tx, pack_id, plan, actor))
    parts = [_part(pack_id, n, id_) for n, id_ in enumerate(sorted(ids), 1)]
    for first in range(0, len(parts), _AT_ONCE):
        tx.execute(sa.insert(PackPart), parts[first : first + _AT_ONCE])
    return pack_id


@action
def begin(tx: Tx, pack_id: str, *, size: int, room: int, actor: Actor) -> bool:
    """Have it built; False where that had begun before.

    ``size`` is what it will have by estimate, ``room`` what is free, both in bytes: Faulty at
    ``size`` where it does not fit.
    """
    pack = _mine(tx, pack_id, actor)
    if pack.state != "draft":
        return False
    if size > MOST_BYTES:
        raise Faulty.one("size", "This is more than a pack may hold, 20 GB. Choose fewer.")
    # While the archive is put together each byte lies there twice.
    if 2 * size > room:
        raise Faulty.one("size", "The portal has not enough room for this. Choose fewer.")
    begun = {"state": "running", "begun_at": tx.now}
    tx.execute(sa.update(Pack).where(Pack.id == pack_id).values(begun))
    last = sa.select(sa.func.max(PackPart.n)).where(PackPart.pack_id == pack_id)
    outbox.put(tx, list(_pieces(tx, pack_id, tx.execute(last).scalar_one())))
    return True


@action
def stop(tx: Tx, pack_id: str, *, actor: Actor) -> bool:
    """Build no more of it, and drop what was built. False where it had ended."""
    _mine(tx, pack_id, actor)
    open_ = sa.and_(Pack.id == pack_id, Pack.state.in_(("draft", "running")))
    values = {"state": "stopped", "ended_at": tx.now}
    if tx.execute(sa.update(Pack).where(open_).values(values)).rowcount == 0:
        return False
    _drop_parts(tx, PackPart.pack_id == pack_id)
    return True


@action
def take(tx: Tx, pack_id: str, n: int, signer: checkpoints.Signer) -> int | None:
    """Have a checkpoint say where the ledger of that part ends now: the number of its last event.

    ``None`` where nothing is to be built any more. Raises what keeps whoever asked from it.
    """
    query = (
        sa.select(PackPart.process_id, Pack.made_by, Pack.how)
        .join(Pack, Pack.id == PackPart.pack_id)
        .where(PackPart.pack_id == pack_id, PackPart.n == n)
        .where(PackPart.state == "ready", Pack.state == "running")
    )
    row = tx.execute(query).first()
    if row is None:
        return None
    may.process_for(tx, _whoever(tx, row), row.process_id, "evidence")
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
    fault = "The portal failed at it each time. Tell an admin."
    tx.execute(sa.update(PackPart).where(rows).values(state="failed", fault=fault))


@action
def build_again(tx: Tx, pack_id: str, n: int) -> None:
    """What was built of that process is not there any more as it was kept: it is built anew."""
    _take_back(tx, pack_id, n)


@action
def note_closed(
    tx: Tx, pack_id: str, round_: int, stored: Any, *, outbox_id: str, fence: int
) -> list[str] | None:
    """The archive is stored: what it was made of may go (storage ids).

    ``None`` where somebody else was first, or a process was taken back meanwhile.
    """
    if not outbox.settle(tx, outbox_id, fence):
        return None
    values = {
        "state": "done", "storage_id": stored.id, "sha256": stored.sha256, "size": stored.size,
        "ended_at": tx.now, "kept_until": tx.now + timedelta(days=KEEP_DAYS),
    }  # fmt: skip
    mine = sa.and_(Pack.id == pack_id, Pack.state == "running", Pack.round == round_)
    if tx.execute(sa.update(Pack).where(mine).values(values)).rowcount == 0:
        return None
    return _drop_parts(tx, PackPart.pack_id == pack_id)


@action
def give_up(tx: Tx, pack_id: str, outbox_id: str, fence: int, why: str) -> None:
    """The archive could not be put together, however often it was tried."""
    if not outbox.give_up(tx, outbox_id, fence, why):
        return
    values = {"state": "failed", "ended_at": tx.now, "why": why[:500]}
    open_ = sa.and_(Pack.id == pack_id, Pack.state == "running")
    tx.execute(sa.update(Pack).where(open_).values(values))
    _drop_parts(tx, PackPart.pack_id == pack_id)


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
            _take_back(tx, row.pack_id, row.n)
        else:
            _remove(tx, [row.pack_id], _ERASED)
    return [id_ for id_ in gone if id_]


@action
def expire(tx: Tx) -> list[str]:
    """Remove the packs whose time is over, and forget old ones; the storage ids of both."""
    old = sa.select(Pack.id, Pack.storage_id).where(Pack.kept_until <= tx.now)
    over = tx.execute(old.where(Pack.state == "done").limit(_AT_ONCE)).all()
    _remove(tx, [row.id for row in over], f"It was kept for {KEEP_DAYS} days.")
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


def _row(tx: Tx, pack_id: str, plan: Plan, actor: Actor) -> dict[str, Any]:
    return {
        "id": pack_id, "name": plan.name[:200], "files": plan.files, "language": plan.language,
        "state": "draft", "why": None, "made_by": actor.user_id, "made_at": tx.now,
        "how": {"auth": actor.auth, "ip": actor.ip, "agent": actor.agent},
        "begun_at": None, "ended_at": None, "kept_until": None, "round": 0,
        "storage_id": None, "sha256": None, "size": None,
    }  # fmt: skip


def _part(pack_id: str, n: int, process_id: str) -> dict[str, Any]:
    return {
        "pack_id": pack_id, "n": n, "process_id": process_id, "state": "ready", "round": 0,
        "events": None, "head": None, "members": [], "left_out": [], "fault": None, **_BYTES_GONE,
    }  # fmt: skip


def _pieces(tx: Tx, pack_id: str, last: int) -> Iterator[dict[str, Any]]:
    for first in range(1, last + 1, _PIECE):
        yield _effect(tx, pack_id, first, min(first + _PIECE - 1, last), 0)


def _effect(tx: Tx, pack_id: str, first: int, last: int, round_: int) -> dict[str, Any]:
    ref = {"pack": pack_id, "first": first, "last": last}
    once = f"pack:{pack_id}:{first}:{round_}"
    return outbox.row(PART, ref, once=once, process_id=None, now=tx.now)


def _mine(tx: Tx, pack_id: str, actor: Actor) -> Any:
    row = tx.execute(_PACK.where(Pack.id == pack_id).with_for_update()).first()
    sees_all = actor.kind == "system" or actor.role in ("admin", "auditor")
    if row is None or not (sees_all or row.made_by == actor.user_id):
        raise Unknown("There is no such pack.")
    if row.state == "draft" and row.made_by != actor.user_id:
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


def _is(pack_id: str, n: int) -> sa.ColumnElement[bool]:
    return sa.and_(PackPart.pack_id == pack_id, PackPart.n == n, PackPart.state == "ready")


def _has_ready(tx: Tx, pack_id: str) -> bool:
    ready = sa.select(PackPart.n).where(PackPart.pack_id == pack_id, PackPart.state == "ready")
    return tx.execute(ready.limit(1)).first() is not None


def _take_back(tx: Tx, pack_id: str, n: int) -> None:
    """Have one process of a pack that is being built be built anew."""
    tx.execute(sa.update(Pack).where(Pack.id == pack_id).values(round=Pack.round + 1))
    anew = {"state": "ready", "round": PackPart.round + 1, "members": [], "left_out": []}
    where = sa.and_(PackPart.pack_id == pack_id, PackPart.n == n)
    again = sa.update(PackPart).where(where).values(**anew, **_BYTES_GONE)
    round_ = tx.execute(again.returning(PackPart.round)).scalar_one()
    outbox.put(tx, [_effect(tx, pack_id, n, n, round_)])


def _remove(tx: Tx, pack_ids: Sequence[str], why: str) -> None:
    values = {"state": "removed", "why": why, **_BYTES_GONE}
    tx.execute(sa.update(Pack).where(Pack.id.in_(pack_ids)).values(values))
    told: dict[str, Any] = {"members": [], "left_out": []}
    tx.execute(sa.update(PackPart).where(PackPart.pack_id.in_(pack_ids)).values(told))


def _drop_parts(tx: Tx, which: sa.ColumnElement[bool]) -> list[str]:
    """Let go what was kept of processes; the storage ids whose bytes may go."""
    kept = sa.and_(which, PackPart.storage_id.is_not(None))
    ids = tx.execute(sa.select(PackPart.storage_id).where(kept)).scalars().all()
    gone: dict[str, Any] = {**_BYTES_GONE, "members": []}
    tx.execute(sa.update(PackPart).where(kept).values(gone))
    return [id_ for id_ in ids if id_]
