"""Does the rows of batches, some at a time."""

from collections.abc import Sequence

import structlog

from portal.actions import batches, messages
from portal.ledger.outbox import Claimed
from tasks import queues
from tasks.hold import holding, job_of

MOST_ATTEMPTS = 12  # over some hours
log = structlog.get_logger(__name__)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Have these rows done; what the house itself fails at is tried again later."""
    if not claimed:
        return
    with holding(claimed, queues.TIME_LIMITS["slow"]) as held:
        for one in claimed:
            if not held.mine(one.id):
                continue
            try:
                batches.carry_out(one.ref["batch"], one.ref["first"], one.ref["last"])
            except Exception as error:  # one that fails must not stop the others
                log.exception("batch.failed", outbox=one.id)
                _note_failed(one, f"{type(error).__name__}: {error}")
            else:
                batches.note_end(one.ref["batch"], one.id, one.fence)
            held.done(one.id)


def _note_failed(one: Claimed, said: str) -> None:
    """Try again later; at last the rows that are left say that they could not be done."""
    if one.attempts < MOST_ATTEMPTS:
        messages.note_later(one.id, one.fence, one.attempts, said)
        return
    batches.give_up(one.ref["batch"], one.ref["first"], one.ref["last"])
    batches.note_end(one.ref["batch"], one.id, one.fence)


go_on = job_of(carry_out)
