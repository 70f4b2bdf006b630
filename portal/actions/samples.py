"""Samples of an auditor's room: drawn by a seed, so that anybody can draw them again."""

import re
from collections.abc import Mapping

import sqlalchemy as sa

from portal import db
from portal.access import book, rooms
from portal.db import Tx, action
from portal.errors import Conflict, Fault, Faulty
from portal.language import gettext as _
from portal.models import RoomSample, populations

MOST = 2_000
MOST_OF_ROOM = 100
_SEED = re.compile(r"[0-9]{1,32}")


@action
def draw(
    tx: Tx,
    secret: str | None,
    typed: Mapping[str, str],
    fresh: str,
    *,
    ip: str | None,
    agent: str | None,
) -> str:
    """Draw a sample of the population as it is now; its id, the same where it was drawn before.

    ``typed`` has ``size`` and ``seed``; where that is empty it is ``fresh``, of the same shape.
    Raises Faulty at these, Unknown outside a room, Conflict after a hundred samples.
    """
    guest = rooms.in_turn(tx, secret)
    size, seed, is_given = _judged(typed, fresh)
    picked = populations.pick(tx.conn, guest.room.scope, size, seed)
    if size > picked.total:
        raise Faulty.one(
            "size", _("Processes in scope: %(n)s. Ask for no more than that.", n=picked.total)
        )
    same = {"room_id": guest.room.id, "seed": seed, "size": size,
            "population_sha256": picked.sha256}  # fmt: skip
    query = sa.select(RoomSample.id).filter_by(**same)
    if (before := tx.execute(query).scalar()) is not None:
        return str(before)
    drawn = sa.select(sa.func.count()).where(RoomSample.room_id == guest.room.id)
    if tx.execute(drawn).scalar_one() >= MOST_OF_ROOM:
        raise Conflict(_("A hundred samples were drawn in this room, and no more can be."))
    row = {
        **same, "id": db.new_id(), "is_given": is_given, "total": picked.total,
        "process_ids": picked.process_ids, "drawn_at": tx.now,
    }  # fmt: skip
    new = tx.insert(RoomSample).values(row).on_conflict_do_nothing().returning(RoomSample.id)
    if (kept := tx.execute(new).scalar()) is None:
        return str(tx.execute(query).scalar_one())
    who = guest.actor(ip=ip, agent=agent)
    told = {"purpose": guest.room.purpose, "sample": kept, "size": size, "seed": seed}
    book.note(tx, "room-sampled", guest.room.id, actor=who, **told)
    return str(kept)


def _judged(typed: Mapping[str, str], fresh: str) -> tuple[int, str, bool]:
    """The size, the seed, and whether that was given."""
    size, seed = typed.get("size", "").strip(), typed.get("seed", "").strip()
    faults: list[Fault] = []
    if not (size.isascii() and size.isdigit() and len(size) < 8 and 1 <= int(size) <= MOST):
        faults.append(Fault("size", _("Enter a number from 1 to %(n)s.", n=MOST)))
    if seed and not _SEED.fullmatch(seed):
        faults.append(Fault("seed", _("Use up to 32 digits.")))
    if faults:
        raise Faulty(faults)
    return int(size), seed or fresh, bool(seed)
