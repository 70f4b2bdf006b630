"""Changing the course of one process: a step is skipped, or one that is done is asked again.

Both leave the tree as it is: a step that is skipped counts as skipped in this round, and one
that is asked again begins its next round, as a ``return_to`` would have it.
"""

from collections.abc import Sequence

from portal.actor import Actor
from portal.definition import scopes, ways
from portal.definition.tree import PersonStep, Step, within
from portal.engine import remedies, rounds, troubles
from portal.engine.rows import Place
from portal.engine.running import Running
from portal.errors import Conflict, Faulty

_MOST_NAMED = 10


def skip(running: Running, place: Place, reason: str, actor: Actor) -> None:
    """Go on without a step that stands open or stuck; its exceptions need nobody any more."""
    inside = {one.id for one in within((running.tree.step(place.step),))}
    troubles.resolve_within(running, "skip", reason, actor, inside, place.scope)
    remedies.skip(running, place, actor, why="staff", reason=reason)


def reopen(
    running: Running,
    place: Place,
    reason: str,
    actor: Actor,
    items: Sequence[rounds.Item] = (),
) -> None:
    """Have a step that was done, and all after it in its list, run again; or ``items`` of it.

    What could not begin after it is tried anew in its turn.
    """
    steps = running.tree.enclosing_list(place.step)
    later = steps[[one.id for one in steps].index(place.step) :]
    last = [one for one in later if running.standing(one.id, place.scope) is not None][-1]
    inside = {one.id for one in within(later)}
    troubles.resolve_within(running, "return_to", reason, actor, inside, place.scope)
    rounds.again_from(running, Place(last.id, place.scope), place.step, reason, actor, items)


# Where


def standing_at(running: Running, step: str, scope: str | None) -> Place:
    """Where a step stands open or stuck. Faulty at ``step`` or ``scope``; Conflict if nowhere."""
    name = _known(running, step).name
    depth = len(running.tree.eaches_around(step))
    stand = {place for place, found in running.rounds.items() if found.state == "open"}
    here = [
        place
        for place in stand | running.stuck
        if place.step == step and len(scopes.chain(place.scope)) == depth + 1
    ]
    return _one(here, scope, f"The process does not stand on “{name}”, so it can’t be skipped.")


def done_at(running: Running, step: str, scope: str | None) -> Place:
    """Where a step was done that may be asked again.

    Faulty at ``step`` or ``scope``; Conflict if it was not done, or can't be returned to.
    """
    one = _known(running, step)
    if not isinstance(one, PersonStep):
        raise Faulty.one("step", f"“{one.name}” is not done by a person, so nobody can be asked.")
    over = [
        place
        for place, found in running.rounds.items()
        if place.step == step and found.state in ("done", "skipped")
    ]
    place = _one(over, scope, f"“{one.name}” is not done, so it can’t be asked again.")
    stand = {place for place, found in running.rounds.items() if found.state == "open"}
    ended = ways.ended_around(running.tree, step, place.scope, stand)
    if ended is not None:
        raise Conflict(
            f"“{one.name}” stands inside “{ended.name}”, which is over; ask a step before that."
        )
    return place


def _known(running: Running, step: str) -> Step:
    if not running.tree.has_step(step):
        known = ", ".join(one.id for one in running.tree.all_steps())
        raise Faulty.one("step", f"Name a step of this process: {known}.")
    return running.tree.step(step)


def _one(places: list[Place], scope: str | None, none: str) -> Place:
    """The place of that scope, or the only one."""
    if scope is not None:
        places = [place for place in places if place.scope == scope]
    if not places:
        raise Conflict(none)
    if len(places) > 1:
        known = sorted((place.scope for place in places), key=scopes.order)
        named = ", ".join(known[:_MOST_NAMED])
        more = ", …" if len(known) > _MOST_NAMED else ""
        raise Faulty.one("scope", f"It stands for several items. Name one: {named}{more}.")
    return places[0]
