"""Signs a checkpoint as soon as a process has ended, many of them under one signature."""

from collections.abc import Sequence

import structlog

from portal.actions import messages, upkeep
from portal.delivery.seal import Seal
from portal.ledger.outbox import Claimed
from tasks.hold import LEASE
from tasks.job import house, job

log = structlog.get_logger(__name__)


@job
def sign(held: list[tuple[str, int]]) -> int:
    """Do what is still in our hands of these effects (id and fence); how many that was."""
    claimed = messages.hold([(id_, fence) for id_, fence in held], LEASE)
    carry_out(claimed)
    return len(claimed)


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
