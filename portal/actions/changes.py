"""What staff change in the course of a running process: skip a step, ask one again, add one."""

from portal.access import may
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.additions import Side
from portal.engine import adding, changing, safeguards
from portal.engine.advance import advance
from portal.engine.running import Running
from portal.errors import Faulty


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


@action
def add_step(
    tx: Tx,
    process_id: str,
    text: str,
    reason: str,
    *,
    before: str | None = None,
    after: str | None = None,
    actor: Actor,
) -> str:
    """Add a step that a person does to this process alone; its id.

    ``text`` is the step in the language of definitions, ``before`` or ``after`` the step beside
    which it stands. Faulty at ``reason``, ``before``, ``after`` and, by ``text``, at
    ``LINE: key``; Conflict where the process has passed the place.
    """
    running = Running.load(tx, process_id)
    may.process_for(tx, actor, process_id, "manage")
    running.require_running()
    why = words("reason", reason, "Say in a sentence why the step is added.")
    near, side = _beside(before, after)
    added = adding.add(running, text, near, side, why, actor)
    advance(running)
    return added


def _beside(before: str | None, after: str | None) -> tuple[str, Side]:
    if before and after:
        raise Faulty.one("after", "Name one step beside which it stands: before or after it.")
    if before:
        return before, "before"
    if after:
        return after, "after"
    raise Faulty.one("after", "Name the step before or after which it stands.")
