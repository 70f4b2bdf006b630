"""Safeguards: a step with ``control: true`` is gone without only where two people say so."""

from typing import Any

import sqlalchemy as sa

from portal.actor import Actor
from portal.definition.tree import Step, within
from portal.engine import troubles
from portal.engine.rows import Place
from portal.engine.running import Running, doer
from portal.errors import Conflict
from portal.ledger.catalogue import ExceptionProposed
from portal.models import Trouble


def is_safeguard(step: Step) -> bool:
    """Whether going without the step goes without a safeguard: itself, or one inside it."""
    return any(one.control for one in within((step,)))


def is_only_proposed(
    running: Running, place: Place, reason: str, actor: Actor, trouble: Any = None
) -> bool:
    """Whether a safeguard would be skipped by one person alone: then it is only proposed.

    The proposal stands with ``trouble`` (a row), else with an exception of its own, which tells
    the owner. By whichever door the second person comes, they agree to it. Conflict where the
    one who proposed it asks again.
    """
    step = running.tree.step(place.step)
    if not is_safeguard(step):
        return False
    before = [one.proposal for one in troubles.open_at(running, place) if one.proposal]
    if any(one["by"] != doer(actor) for one in before):
        return False
    if before:
        raise Conflict(
            "You proposed this; a second person has to agree: the owner of the process or an admin."
        )
    proposal = {"how": "skip", "by": doer(actor), "name": actor.name, "reason": reason}
    if trouble is None:
        opened = _open(running, step, place, actor)
        opened["proposal"], id_ = proposal, opened["id"]
    else:
        id_ = trouble.id
        running.tx.execute(sa.update(Trouble).where(Trouble.id == id_).values(proposal=proposal))
    event = ExceptionProposed(
        step=place.step, scope=place.scope or None, exception=id_, how="skip", reason=reason
    )
    running.chain.add(event, actor=actor)
    return True


def _open(running: Running, step: Step, place: Place, actor: Actor) -> dict[str, Any]:
    """An exception that holds the proposal until somebody agrees, or the step is over."""
    message = f"{actor.name} proposes to go on without “{step.name}”, which is a safeguard."
    troubles.open_trouble(running, "control", message, step=place.step, scope=place.scope)
    return running.troubles[-1]
