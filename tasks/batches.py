"""Does the rows of batches, some at a time."""

from collections.abc import Sequence

import structlog

from portal.actions import batches, messages
from portal.ledger.outbox import Claimed
from tasks import queues
from tasks.hold import holding, job_of

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
                said = f"{type(error).__name__}: {error}"
                messages.note_later(one.id, one.fence, one.attempts, said)
            else:
                batches.note_end(one.ref["batch"], one.id, one.fence)
            held.done(one.id)


go_on = job_of(carry_out)
