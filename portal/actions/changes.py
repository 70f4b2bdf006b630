"""What staff change in the course of a running process: skip a step, ask one again."""

from portal.access import may
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import changing
from portal.engine.advance import advance
from portal.engine.running import Running, doer


@action
def skip(tx: Tx, process_id: str, step: str, reason: str, *, actor: Actor) -> bool:
    """Go on without a step that the process stands on; False where a second person has to agree.

    Faulty at ``step`` and ``reason``; Conflict where it does not stand on that step.
    """
    running = Running.load(tx, process_id)
    may.process_for(tx, actor, process_id, "manage")
    running.require_running()
    why = words("reason", reason, "Say in a sentence why it is skipped.")
    is_done = changing.skip(running, step, why, doer(actor), actor)
    if is_done:
        advance(running)
    return is_done


@action
def reopen(tx: Tx, process_id: str, step: str, reason: str, *, actor: Actor) -> None:
    """Have a step that is done asked again; what came after it runs again.

    Faulty at ``step`` and ``reason``; Conflict where it is not done.
    """
    running = Running.load(tx, process_id)
    may.process_for(tx, actor, process_id, "manage")
    running.require_running()
    why = words("reason", reason, "Say in a sentence why; whoever is asked again reads it.")
    changing.reopen(running, step, why, actor)
    advance(running)
