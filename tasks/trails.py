"""Builds audit trails: anchor the ledger, set the pages, store them, note it."""

import hashlib
import io
from collections.abc import Sequence

import structlog

from portal import db, fault, installation, language
from portal.actions import messages, trails
from portal.delivery.seal import Seal
from portal.delivery.storage import Store
from portal.ledger.outbox import Claimed
from portal.readings import trail as readings
from tasks import queues, sealing, typeset
from tasks.hold import holding, job_of
from tasks.job import house

_MOST_FAULTS = 5
_MOST_BYTES = 500 * 1000 * 1000
log = structlog.get_logger(__name__)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Build the trails of these effects."""
    with holding(claimed, queues.TIME_LIMITS["slow"]):
        for one in claimed:
            if one.attempts > _MOST_FAULTS:  # it ended its worker each time
                _later(one, "It ended its worker each time.")
                continue
            try:
                _build(one)
            except Exception as error:  # one that fails must not stop the others
                log.exception("trail.failed", outbox=one.id)
                _later(one, f"{type(error).__name__}: {error}")


def _build(one: Claimed) -> None:
    settings = house()
    with db.reading() as conn:
        trail = readings.to_build(conn, one.ref["trail"])
    if trail is None:
        messages.note_needless(one.id, one.fence)
        return
    key = Seal.of(settings.data_dir)
    store = Store(settings.storage_dir)
    trails.anchor(trail.process_id, key, trail.seq)

    def pages(told: sealing.Told) -> bytes:
        with db.reading() as conn:
            return typeset.trail(
                conn, trail.process_id, trail.seq, brand=installation.current.brand.name,
                tz=installation.current.timezone, public_key=str(key.public_key), told=told,
                spoken=trail.language, paper=trail.paper,
                carry=store if trail.with_files else None,
            )  # fmt: skip

    with language.speaking(trail.language):
        made = sealing.made(settings, key, pages)
    _keep(one, trail.id, made.pdf, store)


def _keep(one: Claimed, trail_id: str, pdf: bytes, store: Store) -> None:
    stored = store.put(io.BytesIO(pdf), max_bytes=_MOST_BYTES)
    fault.at("F11")
    digest = hashlib.sha256(pdf).hexdigest()
    noted = trails.note_built(
        trail_id, stored.id, digest, len(pdf), outbox_id=one.id, fence=one.fence
    )
    if not noted:
        store.delete(stored.id)


def _later(one: Claimed, error: str) -> None:
    if one.attempts >= _MOST_FAULTS:
        messages.note_failed(one, None, error)
    else:
        messages.note_later(one.id, one.fence, one.attempts, error)


build = job_of(carry_out)
