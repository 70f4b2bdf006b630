"""Makes what is shown of files: pictures of their pages, or their text."""

from collections.abc import Sequence

import structlog

from portal import db
from portal.actions import messages, renditions
from portal.delivery.renditions import Shelf
from portal.delivery.storage import Store
from portal.errors import Unknown
from portal.ledger.outbox import Claimed
from portal.readings import files
from tasks import queues
from tasks.hold import Held, holding, job_of
from tasks.job import house, job

_MOST_FAULTS = 5
_AT_ONCE, _MOST_OWED = 500, 500
log = structlog.get_logger(__name__)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Make the pictures of these files, each noted as it ends."""
    if not claimed:
        return
    with holding(claimed, queues.TIME_LIMITS["slow"]) as held:
        for one in claimed:
            _do(one, held)


def _do(one: Claimed, held: Held) -> None:
    if not held.mine(one.id):
        return
    with db.reading() as conn:
        file = files.one(conn, one.ref["file"])
    try:
        if file is not None:
            shelf().build(file.storage_id, file.media_type, file.sha256)
    except Unknown:
        log.info("file.gone", file=one.ref["file"])
    except Exception as error:  # one that fails must not stop the others
        log.exception("rendition.failed", file=one.ref["file"])
        if one.attempts < _MOST_FAULTS:
            messages.note_later(one.id, one.fence, one.attempts, type(error).__name__)
            held.done(one.id)
            return
    messages.note_needless(one.id, one.fence)
    held.done(one.id)


def shelf() -> Shelf:
    """Where the house keeps what is shown of its files."""
    settings = house()
    return Shelf(Store(settings.storage_dir), settings.secret_keys)


@job
def catch_up() -> int:
    """Owe their pictures to files that have none, some at a time; how many those were.

    They are older than the showing of files, their pictures were lost or spoilt, or the secret
    key that vouched for them was retired.
    """
    bare: list[str] = []
    after, store = "", shelf()
    while len(bare) < _MOST_OWED:
        with db.reading() as conn:
            found = files.to_show(conn, after, _AT_ONCE)
        if not found:
            break
        bare += [one.id for one in found if store.find(one.storage_id, one.sha256) is None]
        after = found[-1].id
    if bare:
        renditions.owe(bare[:_MOST_OWED])
    return min(len(bare), _MOST_OWED)


show = job_of(carry_out)
