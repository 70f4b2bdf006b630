"""What needs a person: opened once, shown by the process, told to its owner."""

from typing import Any

import sqlalchemy as sa

from portal import db
from portal.actor import Actor
from portal.engine.rows import Place
from portal.engine.running import ENGINE, Running
from portal.ledger.catalogue import ExceptionOpened, ExceptionResolved
from portal.models import Trouble


def open_trouble(
    running: Running,
    kind: str,
    message: str,
    *,
    step: str | None,
    scope: str = "",
    task: str | None = None,
) -> None:
    """Open an exception of that kind at that step, unless the same one is open already."""
    states = _states(running, kind, step, scope)
    if "open" in states:
        return
    trouble = db.new_id()
    running.troubles.append(
        {
            "id": trouble, "process_id": running.id, "scope": scope, "step": step,
            "once": f"{kind}:{step}:{scope}:{len(states) + 1}", "task_id": task, "kind": kind,
            "message": message, "state": "open",
            "owner_id": running.process["owner_id"], "opened_at": running.now,
            "resolved_at": None,
        }
    )  # fmt: skip
    running.process["n_troubles"] += 1
    event = ExceptionOpened(
        exception=trouble, kind=kind, message=message, step=step, scope=scope or None, task=task
    )
    running.chain.add(event, actor=ENGINE, once=f"trouble:{trouble}")
    running.chain.send("mail.trouble", {"trouble": trouble}, once=f"trouble:{trouble}")


def resolve(running: Running, trouble: Any, how: str, reason: str | None, actor: Actor) -> None:
    """Close an open exception (a row of ``troubles``)."""
    running.tx.execute(
        sa.update(Trouble)
        .where(Trouble.id == trouble.id)
        .values(state="resolved", resolved_at=running.now)
    )
    running.process["n_troubles"] -= 1
    running.stuck.discard(Place(trouble.step, trouble.scope))
    running.chain.add(
        ExceptionResolved(
            exception=trouble.id, how=how, reason=reason, step=trouble.step, task=trouble.task_id
        ),
        actor=actor,
        once=f"trouble:{trouble.id}:end",
    )


def resolve_all(running: Running, how: str, reason: str | None, actor: Actor, **which: str) -> None:
    """Close the open exceptions whose columns have the values of ``which``."""
    if not running.process["n_troubles"]:
        return
    table = Trouble.__table__
    wanted = [table.c[name] == value for name, value in which.items()]
    found = sa.select(table).where(
        table.c.process_id == running.id, table.c.state == "open", *wanted
    )
    for trouble in running.tx.execute(found).all():
        resolve(running, trouble, how, reason, actor)


def _states(running: Running, kind: str, step: str | None, scope: str) -> list[str]:
    """The states of all exceptions of that kind at that step, those not yet written included."""
    written = sa.select(Trouble.state).where(
        Trouble.process_id == running.id,
        Trouble.kind == kind,
        Trouble.step.is_not_distinct_from(step),
        Trouble.scope == scope,
    )
    same = (kind, step, scope)
    fresh = [
        one["state"] for one in running.troubles if (one["kind"], one["step"], one["scope"]) == same
    ]
    return [*running.tx.execute(written).scalars(), *fresh]
