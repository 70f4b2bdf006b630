"""A process that another one runs has ended: the step that waits for it goes on."""

import sqlalchemy as sa

from portal.db import Tx, action
from portal.engine import closing, troubles
from portal.engine.advance import advance
from portal.engine.running import Running
from portal.ledger import outbox
from portal.models import Process


@action
def note_ended(tx: Tx, outbox_id: str, fence: int, run_id: str, child_id: str) -> bool:
    """End the round that ran a process with what that came to; False for a late finisher.

    A child that was cancelled by itself opens an exception. A round that was taken back
    meanwhile stays as it is.
    """
    if not outbox.settle(tx, outbox_id, fence):
        return False
    child = tx.execute(
        sa.select(Process.state, Process.values, Process.title).where(Process.id == child_id)
    ).one()
    running = Running.of_round(tx, run_id)
    begun = running.round_with(run_id)
    if begun is None or begun.state != "open" or not running.is_running:
        return True
    if child.state == "cancelled":
        message = f"“{child.title}”, which this step runs, was cancelled."
        troubles.open_trouble(running, "run", message, step=begun.step, scope=begun.scope)
        return True
    answers = {"process": child_id, "values": child.values}
    closing.end_round(running, begun, child.state, answers)
    advance(running)
    return True
