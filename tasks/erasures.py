"""Carries out erasures: process by process, then what lies on disk, then the list of them.

Whatever is cut off is done again from where it was: each process once, a file that is gone already
is no fault, and a line of the list that is there is not written again.
"""

from collections.abc import Callable, Sequence

import structlog

from portal import db, fault
from portal.access import pseudonyms
from portal.actions import erasures, messages, retention
from portal.delivery import catcher, erased
from portal.delivery.pieces import Growing
from portal.delivery.storage import Store
from portal.ledger.outbox import Claimed
from portal.readings import erasures as readings
from tasks import queues
from tasks.hold import holding, job_of
from tasks.job import house, job

_MOST_FAULTS = 20
log = structlog.get_logger(__name__)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Erase what these effects name."""
    _each(claimed, _erase)


def clear(claimed: Sequence[Claimed]) -> None:
    """Remove from disk what these effects name, and note it in the list of erasures."""
    _each(claimed, _clear)


@job
def keep_time() -> int:
    """Have erased whatever has been kept long enough, and what was left because it still ran."""
    erasures.take_up()
    return retention.run()


def _each(claimed: Sequence[Claimed], work: Callable[[Claimed], None]) -> None:
    with holding(claimed, queues.TIME_LIMITS["slow"]) as held:
        for one in claimed:
            if not held.mine(one.id):
                continue
            try:
                work(one)
            except Exception as error:  # one that fails must not stop the others
                log.exception("erasure.failed", outbox=one.id)
                said = type(error).__name__  # its words may name somebody
                if one.attempts >= _MOST_FAULTS:
                    messages.note_failed(one, None, said)
                else:
                    messages.note_later(one.id, one.fence, one.attempts, said)
            held.done(one.id)


def _erase(one: Claimed) -> None:
    erasure = one.ref["erasure"]
    after = ""
    while True:
        with db.reading() as conn:
            ids = readings.open_parts(conn, erasure, after)
        if not ids:
            break
        for process in ids:
            erasures.carry_out(erasure, process)
        after = ids[-1]
    erasures.note_end(erasure)
    messages.note_needless(one.id, one.fence)


def _clear(one: Claimed) -> None:
    settings = house()
    store = Store(settings.storage_dir)
    for storage_id in one.ref["stored"]:
        Growing(store, storage_id).delete()
        store.delete(storage_id)
        fault.at("F10")
    subjects = set(one.ref["subjects"])
    with db.reading() as conn:
        catcher.forget(
            settings.data_dir,
            lambda kept: readings.quoting(conn, one.ref["process"], kept) | set(one.ref["mails"]),
            lambda email: pseudonyms.of(email) in subjects,
        )
        line = readings.line(conn, one.ref["erasure"], one.ref["process"], one.ref["subjects"])
    erased.note(settings.data_dir, line)
    erasures.scrub()
    messages.note_needless(one.id, one.fence)


go_on = job_of(carry_out)
sweep = job_of(clear)
