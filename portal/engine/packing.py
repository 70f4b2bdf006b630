"""How an evidence pack is laid out, set off and ended, whoever asked for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal import db, language
from portal.db import Tx
from portal.errors import Faulty
from portal.language import gettext as _
from portal.language import mark
from portal.ledger import outbox
from portal.models import Pack, PackPart

MOST = 2_000
"""How many processes a pack may hold."""
MOST_BYTES = 20 * 10**9
PART, CLOSE = "pack.part", "pack.close"
BYTES_GONE = {"storage_id": None, "sha256": None}
ROOM_CLOSED = mark("The room was closed before the pack was ready, so nothing of it was kept.")
_PIECE = 5  # processes that a worker builds in one go
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be in a pack: its name, whether files are, and how its PDFs are made.

    ``language`` and ``paper`` as of an audit trail, ``zone`` that of the reader; empty: each
    process's own.
    """

    name: str
    files: bool = True
    language: str = language.SOURCE
    paper: str = "A4"
    zone: str = ""


def chosen(process_ids: Sequence[str]) -> list[str]:
    """Each of them once. Faulty at ``processes`` where there are none, or more than fit."""
    ids = list(dict.fromkeys(process_ids))
    if not ids:
        raise Faulty.one("processes", _("No process is chosen. Widen what you ask for."))
    if len(ids) > MOST:
        raise Faulty.one(
            "processes",
            _("A pack holds at most %(n)s processes. Choose fewer.", n=f"{MOST:,}"),
        )
    return ids


def lay_out(
    tx: Tx,
    plan: Plan,
    process_ids: Sequence[str],
    *,
    made_by: str | None = None,
    how: Mapping[str, Any],
    **asked: Any,
) -> str:
    """Write a draft of these processes in this order; its id.

    ``asked`` are ``room_id``, ``sample_id`` and ``once`` of a pack that a room asks for.
    """
    pack_id = db.new_id()
    row = {
        "id": pack_id, "name": plan.name[:200], "files": plan.files, "language": plan.language,
        "paper": plan.paper, "zone": plan.zone,
        "state": "draft", "why": None, "made_by": made_by, "made_at": tx.now, "how": dict(how),
        "begun_at": None, "ended_at": None, "kept_until": None, "round": 0,
        "storage_id": None, "sha256": None, "size": None,
        "room_id": None, "sample_id": None, "once": None, **asked,
    }  # fmt: skip
    tx.execute(sa.insert(Pack), row)
    parts = [_part(pack_id, n, id_) for n, id_ in enumerate(process_ids, 1)]
    for first in range(0, len(parts), _AT_ONCE):
        tx.execute(sa.insert(PackPart), parts[first : first + _AT_ONCE])
    return pack_id


def set_off(tx: Tx, pack: Any, *, size: int, room: int) -> bool:
    """Owe the building of a draft; False where that had begun before. Faulty at ``size``."""
    if pack.state != "draft":
        return False
    if size > MOST_BYTES:
        raise Faulty.one("size", _("This is more than a pack may hold, 20 GB. Choose fewer."))
    # While the archive is put together each byte lies there twice.
    if 2 * size > room:
        raise Faulty.one("size", _("The portal has not enough room for this. Choose fewer."))
    begun = {"state": "running", "begun_at": tx.now}
    tx.execute(sa.update(Pack).where(Pack.id == pack.id).values(begun))
    last = sa.select(sa.func.max(PackPart.n)).where(PackPart.pack_id == pack.id)
    outbox.put(tx, list(_pieces(tx, pack.id, tx.execute(last).scalar_one())))
    return True


def end(tx: Tx, which: sa.ColumnElement[bool], state: str, why: str | None = None) -> int:
    """Have these packs be ``stopped`` or ``failed`` if they go on, and drop what was built.

    How many that were.
    """
    open_ = sa.and_(which, Pack.state.in_(("draft", "running")))
    ended = sa.update(Pack).where(open_).values(state=state, ended_at=tx.now, why=why)
    ids = tx.execute(ended.returning(Pack.id)).scalars().all()
    if ids:
        drop_parts(tx, PackPart.pack_id.in_(ids))
    return len(ids)


def drop_parts(tx: Tx, which: sa.ColumnElement[bool]) -> list[str]:
    """Let go what was kept of processes; the storage ids whose bytes may go."""
    kept = sa.and_(which, PackPart.storage_id.is_not(None))
    ids = tx.execute(sa.select(PackPart.storage_id).where(kept)).scalars().all()
    gone: dict[str, Any] = {**BYTES_GONE, "members": []}
    tx.execute(sa.update(PackPart).where(kept).values(gone))
    return [id_ for id_ in ids if id_]


def take_back(tx: Tx, pack_id: str, n: int) -> None:
    """Have one process of a pack that is being built be built anew."""
    tx.execute(sa.update(Pack).where(Pack.id == pack_id).values(round=Pack.round + 1))
    anew = {"state": "ready", "round": PackPart.round + 1, "members": [], "left_out": []}
    where = sa.and_(PackPart.pack_id == pack_id, PackPart.n == n)
    again = sa.update(PackPart).where(where).values(**anew, **BYTES_GONE)
    round_ = tx.execute(again.returning(PackPart.round)).scalar_one()
    outbox.put(tx, [_effect(tx, pack_id, n, n, round_)])


def _part(pack_id: str, n: int, process_id: str) -> dict[str, Any]:
    return {
        "pack_id": pack_id, "n": n, "process_id": process_id, "state": "ready", "round": 0,
        "events": None, "head": None, "members": [], "left_out": [], "fault": None, **BYTES_GONE,
    }  # fmt: skip


def _pieces(tx: Tx, pack_id: str, last: int) -> Iterator[dict[str, Any]]:
    for first in range(1, last + 1, _PIECE):
        yield _effect(tx, pack_id, first, min(first + _PIECE - 1, last), 0)


def _effect(tx: Tx, pack_id: str, first: int, last: int, round_: int) -> dict[str, Any]:
    ref = {"pack": pack_id, "first": first, "last": last}
    once = f"pack:{pack_id}:{first}:{round_}"
    return outbox.row(PART, ref, once=once, process_id=None, now=tx.now)
