"""Tells processes that those which they run have ended."""

from collections.abc import Sequence

import structlog

from portal.actions import messages, runs
from portal.ledger.outbox import Claimed
from tasks.hold import job_of

log = structlog.get_logger(__name__)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Let every parent go on."""
    for one in claimed:
        try:
            runs.note_ended(one.id, one.fence, one.ref["run"], one.ref["process"])
        except Exception as error:  # one that fails must not stop the others
            log.exception("run.failed", outbox=one.id)
            said = f"{type(error).__name__}: {error}"
            messages.note_later(one.id, one.fence, one.attempts, said)


go_on = job_of(carry_out)
