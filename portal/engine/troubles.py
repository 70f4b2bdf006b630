"""What needs a person: opened once, shown by the process, told to its owner."""

from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.actor import Actor
from portal.definition.scopes import is_within
from portal.engine.rows import Place
from portal.engine.running import ENGINE, Running
from portal.ledger.catalogue import ExceptionOpened, ExceptionResolved
from portal.models import Trouble
from portal.models.troubles import Kind, told_again_after

STUCK = ("expression", "nobody")
"""The kinds that keep a step from beginning."""


def open_trouble(
    running: Running,
    kind: Kind,
    message: str,
    *,
    step: str | None,
    scope: str = "",
    task: str | None = None,
    about: str = "",
    effect: Mapping[str, Any] | None = None,
) -> None:
    """Open an exception of that kind at that step, unless the same one is open already.

    ``about`` (the task, where not given) tells apart what has a step in common. ``effect`` is
    what a retry owes.
    """
    same = f"{kind}:{step}:{scope}:{about or task or ''}"
    states = _states(running, same)
    if "open" in states:
        return
    trouble, calendar = db.new_id(), running.calendar
    running.troubles.append(
        {
            "id": trouble, "process_id": running.id, "scope": scope, "step": step,
            "once": f"{same}:{len(states) + 1}", "task_id": task, "kind": kind,
            "message": message, "effect": effect, "proposal": None, "state": "open",
            "owner_id": running.process["owner_id"], "opened_at": running.now,
            "resolved_at": None, "rung": 0,
            "tell_at": told_again_after(0).after(running.now, calendar, calendar.timezone),
        }
    )  # fmt: skip
    running.process["n_troubles"] += 1
    event = ExceptionOpened(
        exception=trouble, kind=kind, message=message, step=step, scope=scope or None, task=task
    )
    running.chain.add(event, actor=ENGINE, once=f"trouble:{trouble}")
    running.chain.send("mail.trouble", {"trouble": trouble}, once=f"trouble:{trouble}")


def resolve(running: Running, trouble: Any, how: str, reason: str | None, actor: Actor) -> None:
    """Close an open exception (a row of ``troubles``), be it of this very transaction."""
    over = {"state": "resolved", "resolved_at": running.now, "tell_at": None}
    new = next((one for one in running.troubles if one["id"] == trouble.id), None)
    if new is not None:
        new.update(over)
    else:
        running.tx.execute(sa.update(Trouble).where(Trouble.id == trouble.id).values(over))
    running.process["n_troubles"] -= 1
    running.stuck.discard(Place(trouble.step, trouble.scope))
    running.chain.add(
        ExceptionResolved(
            exception=trouble.id, how=how, reason=reason, step=trouble.step, task=trouble.task_id
        ),
        actor=actor,
        once=f"trouble:{trouble.id}:end",
    )


def resolve_all(
    running: Running,
    how: str,
    reason: str | None,
    actor: Actor,
    *,
    effect: str | None = None,
    **which: str,
) -> None:
    """Close the open exceptions whose columns have the values of ``which``.

    With ``effect`` only those of an effect of that kind.
    """
    for trouble in _open_of(running, **which):
        if effect is None or (trouble.effect or {}).get("kind") == effect:
            resolve(running, trouble, how, reason, actor)


def open_at(running: Running, place: Place) -> list[Any]:
    """The open exceptions (rows) of a step as it runs for one item."""
    return _open_of(running, step=place.step, scope=place.scope)


def resolve_within(
    running: Running, how: str, reason: str, actor: Actor, steps: Collection[str], scope: str
) -> None:
    """Close the open exceptions at these steps, in the items of ``scope``."""
    for trouble in _open_of(running, step=frozenset(steps)):
        if is_within(trouble.scope, scope):
            resolve(running, trouble, how, reason, actor)


def free(running: Running, steps: Collection[str], scope: str) -> None:
    """Hold nothing back any more at these steps in the items of ``scope``: they are over.

    What kept one of them from beginning needs nobody now; if it is come to again it is tried.
    """
    for place in [one for one in running.stuck if one.step in steps]:
        if is_within(place.scope, scope):
            for kind in STUCK:
                where = {"step": place.step, "scope": place.scope, "kind": kind}
                resolve_all(running, "withdrawn", None, ENGINE, **where)


def bounced(running: Running, task: str) -> set[str]:
    """The people to whom a mail about a task was refused for good."""
    about = sa.select(Trouble.effect).where(
        Trouble.process_id == running.id, Trouble.task_id == task, Trouble.kind == "bounced"
    )
    effects = [effect or {} for effect in running.tx.execute(about).scalars()]
    return {one for effect in effects for one in effect.get("ref", {}).get("only", ())}


def drop_proposals(running: Running, places: Collection[Place]) -> None:
    """Close what somebody proposed about rounds that are over."""
    for trouble in _open_of(running, kind="control"):
        if Place(trouble.step, trouble.scope) in places:
            resolve(running, trouble, "withdrawn", None, ENGINE)


def _open_of(running: Running, **which: str | frozenset[str]) -> list[Any]:
    """The open exceptions with those values, or one of those, in their columns."""
    if not running.process["n_troubles"]:
        return []
    table = Trouble.__table__
    wanted = [
        table.c[name].in_(value) if isinstance(value, frozenset) else table.c[name] == value
        for name, value in which.items()
    ]
    its = (table.c.process_id == running.id, table.c.state == "open")
    written: list[Any] = list(running.tx.execute(sa.select(table).where(*its, *wanted)).all())
    return written + [
        SimpleNamespace(**one)
        for one in running.troubles
        if one["state"] == "open" and all(_has(one[name], value) for name, value in which.items())
    ]


def _has(value: str | None, wanted: str | frozenset[str]) -> bool:
    return value in wanted if isinstance(wanted, frozenset) else value == wanted


def _states(running: Running, same: str) -> list[str]:
    """The states of all exceptions that were the same one, those not yet written included."""
    kind = same.partition(":")[0]
    written = sa.select(Trouble.once, Trouble.state).where(
        Trouble.process_id == running.id, Trouble.kind == kind
    )
    known = [(row.once, row.state) for row in running.tx.execute(written)]
    known += [(one["once"], one["state"]) for one in running.troubles]
    return [state for once, state in known if once.rpartition(":")[0] == same]
