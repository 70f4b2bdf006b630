"""Evidence packs that an outside auditor makes in a room: of all, of a sample, or of some."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal.access import book, rooms
from portal.actions import trails
from portal.db import Tx, action
from portal.engine import packing
from portal.errors import Conflict, TooFast, Unknown
from portal.language import gettext as _
from portal.models import Pack, PackPart, Process, Room, RoomSample, RoomSession, populations

MOST_AT_ONCE = 2
MOST_A_DAY = 20
_DAY = timedelta(days=1)
_SETTING_OFF = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What goes in: those of a ``sample`` (its id), or ``process_ids``; neither: all in scope.

    ``nonce`` is that of the page that was sent: it makes one pack.
    """

    nonce: str
    files: bool
    language: str
    paper: str = trails.PAPERS[0]
    sample: str | None = None
    process_ids: Sequence[str] | None = None


@action
def draft(tx: Tx, secret: str | None, wanted: Wanted, *, ip: str | None, agent: str | None) -> str:
    """Lay out a pack, with nothing built yet; its id, the same for a page that is sent twice.

    Its audit trails tell times in the zone that the auditor chose, else each in that of its
    process. Faulty at ``processes``, ``language`` and ``paper``, Unknown outside a room and for
    what it does not grant, Conflict where others are being built, TooFast after twenty in a day.
    """
    guest = rooms.in_turn(tx, secret)
    once = f"room:{guest.room.id}:{wanted.nonce}"
    if (before := tx.execute(sa.select(Pack.id).filter_by(once=once)).scalar()) is not None:
        return str(before)
    trails.require_spoken(wanted.language)
    trails.require_paper(wanted.paper)
    name, ids = _chosen(tx, guest.room, wanted)
    ids = sorted(packing.chosen(ids))
    _require_turn(tx, guest.room.id)
    plan = packing.Plan(
        f"{name}, for the audit “{guest.room.purpose}”", wanted.files and guest.room.files,
        wanted.language, wanted.paper, guest.zone or "",
    )  # fmt: skip
    # How the auditor came stands in the book; what names a browser is not kept twice.
    asked = {"room_id": guest.room.id, "sample_id": wanted.sample, "once": once}
    pack_id = packing.lay_out(tx, plan, ids, how={}, **asked)
    told = {"purpose": guest.room.purpose, "pack": pack_id, "count": len(ids)}
    book.note(tx, "room-packed", guest.room.id, actor=guest.actor(ip=ip, agent=agent), **told)
    return pack_id


@action
def begin(tx: Tx, secret: str | None, pack_id: str, *, size: int, room: int) -> bool:
    """Have it built; False where that had begun before. ``size``, ``room``: ``packs.begin``."""
    return packing.set_off(tx, _its(tx, secret, pack_id), size=size, room=room)


@action
def stop(tx: Tx, secret: str | None, pack_id: str) -> bool:
    """Build no more of it, and drop what was built. False where it had ended."""
    found = _its(tx, secret, pack_id)
    return packing.end(tx, Pack.id == found.id, "stopped") > 0


@action
def take(tx: Tx, secret: str | None, pack_id: str, *, ip: str | None, agent: str | None) -> None:
    """Write into the book of each process in it that the auditor takes the pack with them.

    Conflict where it is not ready, or holds what the room grants no more.
    """
    guest = rooms.in_turn(tx, secret)
    found = _its(tx, secret, pack_id)
    if found.storage_id is None:
        raise Conflict(_(found.why or "This pack is not ready yet."), _("Look at its page."))
    query = sa.select(PackPart.process_id).filter_by(pack_id=pack_id, state="built")
    held = tx.execute(query).scalars().all()
    granted = populations.narrowed(sa.select(Process.id), guest.room.scope)
    if len(tx.execute(granted.where(Process.id.in_(query))).all()) < len(held):
        raise Conflict(_("The room grants something in this pack no more."), _("Make a new one."))
    told = {"what": "pack", "why": "room", "via": "page", "room": guest.room.id,
            "purpose": guest.room.purpose, "file": pack_id}  # fmt: skip
    book.note_reads(tx, guest.actor(ip=ip, agent=agent), held, told)
    tx.execute(sa.update(Room).filter_by(id=guest.room.id).values(looked_at=tx.now))
    tx.execute(sa.update(RoomSession).filter_by(id=guest.session_id).values(seen_at=tx.now))


def _its(tx: Tx, secret: str | None, pack_id: str) -> Any:
    """A pack of the room that this browser is in; Unknown for every other."""
    guest = rooms.required(tx, secret)
    mine = sa.select(Pack.__table__).where(Pack.id == pack_id, Pack.room_id == guest.room.id)
    row = tx.execute(mine.with_for_update()).first()
    if row is None:
        raise Unknown(_("There is nothing here, or nothing that is yours to see."))
    return row


def _chosen(tx: Tx, room: Any, wanted: Wanted) -> tuple[str, Sequence[str]]:
    """What the pack is called in the house, and its processes.

    Those of a sample are all named; one that is in scope no more is not built, and the pack says
    so of it.
    """
    granted = populations.narrowed(sa.select(Process.id), room.scope)
    if wanted.sample is not None:
        drawn = sa.select(RoomSample).with_only_columns(*RoomSample.__table__.columns)
        sample = tx.execute(drawn.filter_by(id=wanted.sample, room_id=room.id)).first()
        if sample is None:
            raise Unknown(_("There is nothing here, or nothing that is yours to see."))
        return f"Sample of {sample.size:,} with the seed {sample.seed}", sample.process_ids
    if wanted.process_ids is None:
        ids: Sequence[str] = tx.execute(granted.limit(packing.MOST + 1)).scalars().all()
        return f"Population of {len(ids):,}", ids
    ticked = set(wanted.process_ids)
    ids = tx.execute(granted.where(Process.id.in_(ticked))).scalars().all()
    if len(ids) < len(ticked):
        raise Unknown(_("There is nothing here, or nothing that is yours to see."))
    return f"{len(ids):,} chosen of the population", ids


def _require_turn(tx: Tx, room_id: str) -> None:
    mine = sa.select(sa.func.count()).where(Pack.room_id == room_id)
    # One that is asked for at this very moment counts, too; one whose making broke off does not.
    fresh = sa.and_(Pack.state == "draft", Pack.made_at > tx.now - _SETTING_OFF)
    going = mine.where(sa.or_(Pack.state == "running", fresh))
    if tx.execute(going).scalar_one() >= MOST_AT_ONCE:
        raise Conflict(
            _("Packs of this room are being built already."), _("Wait for them, or stop one.")
        )
    if tx.execute(mine.where(Pack.made_at > tx.now - _DAY)).scalar_one() >= MOST_A_DAY:
        raise TooFast(
            _("Twenty packs were made in this room within a day. Make more tomorrow."),
            int(_DAY.total_seconds()),
        )
