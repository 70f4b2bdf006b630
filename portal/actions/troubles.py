"""What went wrong and needs a person: try again, or cancel the process."""

from typing import Any

import sqlalchemy as sa

from portal.access import may
from portal.actions.tasks import ASKED_FOR
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import closing, troubles
from portal.engine.advance import advance
from portal.engine.running import Running
from portal.errors import Conflict, Faulty, Unknown
from portal.ledger.catalogue import ProcessCancelled
from portal.models import Trouble

WAYS = ("retry", "cancel")


@action
def resolve(tx: Tx, trouble_id: str, how: str, reason: str, *, actor: Actor) -> None:
    """Deal with an exception: ``retry`` what failed, or ``cancel`` the process.

    Raises Faulty at ``how`` and ``reason``. A retry that fails again opens the next exception.
    Once the process has ended there is nothing to cancel, but a mail or a trail may go on.
    """
    running = Running.load(tx, _process_of(tx, trouble_id))
    may.process_for(tx, actor, running.id, "manage")
    trouble = tx.execute(sa.select(Trouble.__table__).where(Trouble.id == trouble_id)).one()
    if trouble.state != "open":
        raise Conflict("This was resolved already.")
    why = _checked(how, reason)
    if how == "cancel":
        running.require_running()
    troubles.resolve(running, trouble, how, why, actor)
    if how == "cancel":
        closing.end_process(running, "cancelled", ProcessCancelled(reason=why), actor)
        return
    _owe_again(running, trouble)
    advance(running)


def _process_of(tx: Tx, trouble_id: str) -> str:
    found = tx.execute(sa.select(Trouble.process_id).where(Trouble.id == trouble_id)).scalar()
    if found is None:
        raise Unknown("There is no such exception.")
    return str(found)


def _checked(how: str, reason: str) -> str:
    if how not in WAYS:
        raise Faulty.one("how", f"Choose one of: {', '.join(WAYS)}.")
    return words("reason", reason, "Say in a sentence why.")


def _owe_again(running: Running, trouble: Any) -> None:
    """Owe just what failed; whoever let a task go overdue is reminded."""
    kind, ref = "", {}
    if trouble.effect is not None:
        kind, ref = trouble.effect["kind"], trouble.effect["ref"]
    elif trouble.kind == "overdue":
        rung = -int(running.now.timestamp())
        kind, ref = "mail.reminder", {"task": trouble.task_id, "rung": rung, "label": ASKED_FOR}
    if kind:
        running.chain.send(kind, ref, once=f"retry:{trouble.id}")
