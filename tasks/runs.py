"""Tells processes that those which they run have ended."""

from collections.abc import Sequence

import structlog

from portal.actions import messages, runs
from portal.ledger.outbox import Claimed
from tasks.hold import LEASE
from tasks.job import job

log = structlog.get_logger(__name__)


@job
def go_on(held: list[tuple[str, int]]) -> int:
    """Do what is still in our hands of these effects (id and fence); how many that was."""
    claimed = messages.hold([(id_, fence) for id_, fence in held], LEASE)
    carry_out(claimed)
    return len(claimed)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Let every parent go on."""
    for one in claimed:
        try:
            runs.note_ended(one.id, one.fence, one.ref["run"], one.ref["process"])
        except Exception as error:  # one that fails must not stop the others
            log.exception("run.failed", outbox=one.id)
            said = f"{type(error).__name__}: {error}"
            messages.note_later(one.id, one.fence, one.attempts, said)
