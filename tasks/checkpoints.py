"""Signs a checkpoint as soon as a process has ended, many of them under one signature."""

from collections.abc import Sequence

import structlog

from portal.actions import messages, upkeep
from portal.delivery.seal import Seal
from portal.ledger.outbox import Claimed
from tasks.hold import job_of
from tasks.job import house

log = structlog.get_logger(__name__)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Sign for them all; where that fails, for all of them later."""
    if not claimed:
        return
    try:
        upkeep.seal_ends(Seal.of(house().data_dir), claimed)
    except Exception as error:
        log.exception("checkpoint.failed", processes=len(claimed))
        for one in claimed:
            said = f"{type(error).__name__}: {error}"
            messages.note_later(one.id, one.fence, one.attempts, said)


sign = job_of(carry_out)
