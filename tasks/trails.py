"""Builds audit trails: anchor the ledger, set the pages, store them, note it."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from portal import db, fault, installation, language
from portal.actions import messages, trails
from portal.certificates import Expired, Unusable
from portal.delivery import handover
from portal.delivery.seal import Seal
from portal.delivery.storage import Store
from portal.ledger.outbox import Claimed
from portal.readings import trail as readings
from portal.settings import Settings
from tasks import queues, sealing, typeset
from tasks.hold import holding, job_of
from tasks.job import house

_MOST_FAULTS = 5
_MOST_BYTES = 500 * 1000 * 1000
log = structlog.get_logger(__name__)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Build the trails of these effects, or give them what their seals lack."""
    with holding(claimed, queues.TIME_LIMITS["slow"]):
        for one in claimed:
            if one.attempts > _most(one):  # it ended its worker each time
                _later(one, "It ended its worker each time.")
                continue
            try:
                _stamp(one) if one.kind == trails.STAMP else _build(one)
            except (Expired, Unusable) as refusal:  # no further attempt would end otherwise
                log.warning("trail.refused", outbox=one.id, why=refusal.sentence)
                messages.note_failed(one, None, str(refusal))
            except Exception as error:  # one that fails must not stop the others
                log.exception("trail.failed", outbox=one.id)
                _later(one, f"{type(error).__name__}: {error}")


def _build(one: Claimed) -> None:
    with db.reading() as conn:
        trail = readings.to_build(conn, one.ref["trail"])
    if trail is None:
        messages.note_needless(one.id, one.fence)
        return
    with _folder() as folder:
        path = Path(folder) / "trail.pdf"
        _keep(one, trail, _made(house(), trail, path), path)


def _stamp(one: Claimed) -> None:
    """Build a trail again whose seal lacked something, once that can be had."""
    settings = house()
    with db.reading() as conn:
        trail = readings.to_stamp(conn, one.ref["trail"])
    if trail is None:
        messages.note_needless(one.id, one.fence)
        return
    lacks, why = sealing.lacking(settings)
    if lacks == trail.lacks:
        _later(one, why)
        return
    with _folder() as folder:
        path = Path(folder) / "trail.pdf"
        made = _made(settings, trail, path)
        if made.lacks == trail.lacks:
            _later(one, made.why)
        elif _keep(one, trail, made, path):
            Store(settings.storage_dir).delete(trail.storage_id)


def _folder() -> "TemporaryDirectory[str]":
    """Where a trail lies while it is set and sealed: a long one is too large for memory."""
    return TemporaryDirectory(prefix="portal-trail-")


def _made(settings: Settings, trail: Any, into: Path) -> sealing.Made:
    key = Seal.of(settings.data_dir)
    store = Store(settings.storage_dir)
    trails.anchor(trail.process_id, key, trail.seq)

    def pages(told: sealing.Told, path: Path) -> None:
        with db.reading() as conn:
            typeset.trail(
                conn, trail.process_id, trail.seq, path,
                brand=installation.current.brand.name, tz=installation.current.timezone,
                public_key=str(key.public_key), told=told,
                spoken=trail.language, paper=trail.paper, zone=trail.zone,
                carry=store if trail.with_files else None,
                changes=handover.notes(settings.data_dir),
            )  # fmt: skip

    with language.speaking(trail.language):
        return sealing.made(settings, key, pages, into)


def _keep(one: Claimed, trail: Any, made: sealing.Made, path: Path) -> bool:
    store = Store(house().storage_dir)
    with path.open("rb") as file:
        stored = store.put(file, max_bytes=_MOST_BYTES)
    fault.at("F11")
    built = trails.Built(stored.id, stored.sha256, stored.size, made.level, made.lacks)
    noted = trails.note_built(
        trail.id, built, outbox_id=one.id, fence=one.fence, instead_of=trail.storage_id
    )
    if not noted:
        store.delete(stored.id)
    return noted


def _most(one: Claimed) -> int:
    """A service may be away for a day and a half; what fails at home fails soon."""
    return messages.MOST_ATTEMPTS if one.kind == trails.STAMP else _MOST_FAULTS


def _later(one: Claimed, error: str) -> None:
    if one.attempts >= _most(one):
        messages.note_failed(one, None, error)
    else:
        messages.note_later(one.id, one.fence, one.attempts, error)


build = job_of(carry_out)
