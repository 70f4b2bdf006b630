"""Changing the course of one process: a step is skipped, or one that is done is asked again."""

from portal.actor import Actor
from portal.definition.tree import Step
from portal.engine import remedies, rounds, troubles
from portal.engine.rows import Place
from portal.engine.running import Running
from portal.errors import Conflict, Faulty
from portal.ledger.catalogue import ExceptionProposed


def skip(running: Running, step_id: str, reason: str, by: str, actor: Actor) -> bool:
    """Go on without a step that the process stands on; False where a second person has to agree.

    Then an exception holds the proposal. Faulty at ``step``, Conflict where it does not stand.
    """
    step = _step(running, step_id)
    place = Place(step.id, "")
    if running.standing(step.id, "") not in ("open", "stuck"):
        raise Conflict(f"The process does not stand on “{step.name}”, so it can’t be skipped.")
    if step.control:
        _propose(running, step, reason, by, actor)
        return False
    remedies.skip(running, place, actor, why="staff", reason=reason)
    troubles.resolve_all(running, "skip", reason, actor, step=step.id, scope="")
    return True


def reopen(running: Running, step_id: str, reason: str, actor: Actor) -> None:
    """Have a step that is done asked again, and all that came after it run again.

    Faulty at ``step``, Conflict where it is not done, or stands inside a block that is over.
    """
    step = _step(running, step_id)
    if running.standing(step.id, "") not in ("done", "skipped"):
        raise Conflict(f"“{step.name}” is not done, so it can’t be asked again.")
    for block in running.tree.blocks_around(step.id):
        if running.standing(block.id, "") != "open":
            raise Conflict(
                f"“{step.name}” stands inside “{block.name}”, which is over: ask that again."
            )
    last = _last_begun(running, step)
    rounds.again_from(running, last, step.id, reason, actor)


def _last_begun(running: Running, step: Step) -> Step:
    """How far the process has come in the list of the step."""
    siblings = running.tree.enclosing_list(step.id)
    begun = [one for one in siblings if running.standing(one.id, "") is not None]
    return begun[-1]


def _step(running: Running, step_id: str) -> Step:
    if not running.tree.has_step(step_id):
        known = ", ".join(step.id for step in running.tree.all_steps())
        raise Faulty.one("step", f"Name a step of this process: {known}.")
    if running.tree.eaches_around(step_id):
        raise Conflict("This step runs once for each of several items; deal with its tasks alone.")
    return running.whole().tree.step(step_id)


def _propose(running: Running, step: Step, reason: str, by: str, actor: Actor) -> None:
    """Hold the wish to skip a safeguard until a second person agrees."""
    message = f"{actor.name} proposes to go on without “{step.name}”, which is a safeguard."
    before = len(running.troubles)
    troubles.open_trouble(running, "control", message, step=step.id)
    if len(running.troubles) == before:
        raise Conflict("This was proposed already; a second person has to agree.")
    opened = running.troubles[-1]
    opened["proposal"] = {"how": "skip", "by": by, "name": actor.name, "reason": reason}
    event = ExceptionProposed(step=step.id, exception=opened["id"], how="skip", reason=reason)
    running.chain.add(event, actor=actor)
