"""What staff change in the course of a running process: skip a step, ask one again."""

from portal.access import may
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import changing, safeguards
from portal.engine.advance import advance
from portal.engine.running import Running


@action
def skip(
    tx: Tx, process_id: str, step: str, reason: str, scope: str | None = None, *, actor: Actor
) -> bool:
    """Go on without a step that the process stands on; False where a second person has to agree.

    ``scope`` tells for which item, where it stands for several. Faulty at ``step``, ``reason``
    and ``scope``; Conflict where it does not stand on that step.
    """
    running = Running.load(tx, process_id)
    may.process_for(tx, actor, process_id, "manage")
    running.require_running()
    why = words("reason", reason, "Say in a sentence why it is skipped.")
    place = changing.standing_at(running, step, scope)
    if safeguards.is_only_proposed(running, place, why, actor):
        return False
    changing.skip(running, place, why, actor)
    advance(running)
    return True


@action
def reopen(
    tx: Tx, process_id: str, step: str, reason: str, scope: str | None = None, *, actor: Actor
) -> None:
    """Have a step that is done asked again; what came after it runs again.

    As with `return_to`, it is of a list that still runs. Faulty at ``step``, ``reason`` and
    ``scope``; Conflict where it is not done, or the block around it is over.
    """
    running = Running.load(tx, process_id)
    may.process_for(tx, actor, process_id, "manage")
    running.require_running()
    why = words("reason", reason, "Say in a sentence why; whoever is asked again reads it.")
    changing.reopen(running, changing.done_at(running, step, scope), why, actor)
    advance(running)
