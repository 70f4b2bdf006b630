"""What went wrong and needs a person: seven ways out, always with a reason."""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from portal.access import may
from portal.actions.tasks import ASKED_FOR
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.tree import within
from portal.engine import closing, declines, remedies, safeguards, troubles
from portal.engine.advance import advance
from portal.engine.rows import Place
from portal.engine.running import Running
from portal.errors import Conflict, Faulty, Unknown
from portal.ledger.catalogue import ProcessCancelled
from portal.models import Trouble

WAYS = ("retry", "skip", "complete", "edit", "reassign", "return_to", "cancel")


@action
def resolve(
    tx: Tx,
    trouble_id: str,
    how: str,
    reason: str,
    details: Mapping[str, Any] | None = None,
    *,
    actor: Actor,
) -> bool:
    """Deal with an exception in one of ``WAYS``; False where a second person has to agree.

    ``details``: ``values`` for ``complete``; ``inputs``, ``values`` and ``steps`` for ``edit``;
    ``to`` for ``reassign``; ``step`` for ``return_to``. Raises Faulty at ``how``, ``reason`` and
    at what is wrong in the details. A retry that fails again opens the next exception. Once the
    process has ended a mail or a trail may still go on.
    """
    running = Running.load(tx, _process_of(tx, trouble_id))
    may.process_for(tx, actor, running.id, "manage")
    trouble = tx.execute(sa.select(Trouble.__table__).where(Trouble.id == trouble_id)).one()
    if trouble.state != "open":
        raise Conflict("This was resolved already.")
    why = _checked(how, reason)
    if how != "retry":
        running.require_running()
    if how == "skip":
        place = Place(remedies.step_of(running, trouble).id, trouble.scope)
        if safeguards.is_only_proposed(running, place, why, actor, trouble):
            return False
    troubles.resolve(running, trouble, how, why, actor)
    _DOES[how](running, trouble, why, details or {}, actor)
    if trouble.kind == declines.KIND:
        others = {"kind": declines.KIND, "task_id": trouble.task_id}
        troubles.resolve_all(running, how, why, actor, **others)
        declines.ask_again(running, trouble.task_id, trouble.id)
    if how in ("skip", "complete", "return_to"):
        inside = {one.id for one in within((remedies.step_of(running, trouble),))}
        troubles.resolve_within(running, how, why, actor, inside, trouble.scope)
    if running.is_running:
        advance(running)
    return True


def _process_of(tx: Tx, trouble_id: str) -> str:
    found = tx.execute(sa.select(Trouble.process_id).where(Trouble.id == trouble_id)).scalar()
    if found is None:
        raise Unknown("There is no such exception.")
    return str(found)


def _checked(how: str, reason: str) -> str:
    if how not in WAYS:
        raise Faulty.one("how", f"Choose one of: {', '.join(WAYS)}.")
    return words("reason", reason, "Say in a sentence why.")


def _retry(
    running: Running, trouble: Any, why: str, details: Mapping[str, Any], actor: Actor
) -> None:
    """Owe just what failed; whoever let a task go overdue is reminded."""
    remedies.try_again(running, trouble)
    kind, ref = "", {}
    if trouble.effect is not None:
        kind, ref = trouble.effect["kind"], trouble.effect["ref"]
    elif trouble.kind == "overdue":
        rung = -int(running.now.timestamp())
        kind, ref = "mail.reminder", {"task": trouble.task_id, "rung": rung, "label": ASKED_FOR}
    if kind:
        running.chain.send(kind, ref, once=f"retry:{trouble.id}")


def _complete(
    running: Running, trouble: Any, why: str, details: Mapping[str, Any], actor: Actor
) -> None:
    values = details.get("values") or {}
    if not isinstance(values, Mapping):
        raise Faulty.one("values", "`values` is not an object: send {…}.")
    remedies.complete(running, trouble, values, actor)


_DOES: dict[str, Callable[[Running, Any, str, Mapping[str, Any], Actor], None]] = {
    "retry": _retry,
    "skip": lambda running, trouble, _w, _d, actor: remedies.skip(running, trouble, actor),
    "complete": _complete,
    "edit": lambda running, trouble, _w, details, actor: remedies.edit(
        running, trouble, details, actor
    ),
    "reassign": lambda running, trouble, why, details, actor: remedies.give_to(
        running, trouble, details.get("to"), why, actor
    ),
    "return_to": lambda running, trouble, why, details, _a: remedies.return_to(
        running, trouble, details.get("step"), why
    ),
    "cancel": lambda running, _t, why, _d, actor: closing.end_process(
        running, "cancelled", ProcessCancelled(reason=why), actor
    ),
}
