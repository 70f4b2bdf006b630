"""One-off steps: one process runs under its version with a step more; the version stays as it is.

The text with the step in it is kept for that process alone. When the process is moved to another
version, the steps go along: to where they stood, beside the same steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.actor import Actor
from portal.definition import additions
from portal.definition.additions import Side, Stands
from portal.definition.load import DefinitionFaults
from portal.definition.tree import Definition, Step
from portal.engine.running import Running
from portal.errors import Conflict, Fault, Faulty
from portal.ledger.catalogue import StepAdded
from portal.models import AddedStep, DefinitionRow, Process
from portal.models.definitions import own_key

_ADDED = AddedStep.__table__


def add(running: Running, text: str, near: str, side: Side, reason: str, actor: Actor) -> str:
    """Put a step beside another; its id. The walk has yet to go on.

    Faulty at ``side`` where there is no such step, and at ``LINE: key`` of the text; Conflict
    where the process has passed the place.
    """
    tree = running.tree
    if not tree.has_step(near):
        known = ", ".join(one.id for one in tree.all_steps())
        raise Faulty.one(side, f"Name a step of this process: {known}.")
    past = additions.passed_by(tree, near, side, stands(running))
    if past is not None:
        raise Conflict(
            f"A step can’t be added {side} “{tree.step(near).name}” any more: “{past.name}” has"
            " begun or is over. Add it further on."
        )
    try:
        whole, step = additions.with_step(tree, text, near, side)
    except DefinitionFaults as found:
        raise Faulty(
            [Fault(f"{one.line}: {one.key}", one.message) for one in found.faults]
        ) from None
    name = running.text(step.name) if step.name.is_constant else str(step.name)
    event = StepAdded(
        step=step.id, near=near, side=side, digest=whole.digest, name=name, text=text,
        reason=reason,
    )  # fmt: skip
    running.chain.add(event, actor=actor)
    running.tx.execute(
        sa.insert(AddedStep),
        {
            "id": db.new_id(), "process_id": running.id, "step": step.id, "near": near,
            "side": side, "source": text, "added_at": running.now,
        },
    )  # fmt: skip
    run_under(running, whole)
    return step.id


def run_under(running: Running, whole: Definition) -> None:
    """Have the process run under a text of its own."""
    running.move_to(keep(running, whole), whole)
    running.tx.execute(
        sa.update(Process)
        .where(Process.id == running.id)
        .values(definition_id=running.process["definition_id"], n_steps=len(whole.all_steps()))
    )


def keep(running: Running, whole: Definition) -> str:
    """Keep a text for this process alone; its id."""
    key = own_key(whole.key, running.id)
    before = sa.select(sa.func.count()).select_from(DefinitionRow).where(DefinitionRow.key == key)
    row = {
        "id": db.new_id(), "key": key, "is_current": False,
        "version": running.tx.execute(before).scalar_one() + 1, "digest": whole.digest,
        "name": whole.name, "purpose": whole.purpose, "source": whole.source,
        "published_at": running.now, "process_id": running.id,
    }  # fmt: skip
    running.tx.execute(sa.insert(DefinitionRow), row)
    return str(row["id"])


def stands(running: Running) -> dict[tuple[str, str], Stands]:
    """The current rounds of a whole process, as a place is judged by them."""
    return {
        place: Stands(found.state, found.answers.get("branch"))
        for place, found in running.rounds.items()
        if found.state != "withdrawn"
    }


# Under another version


@dataclass(frozen=True, slots=True)
class Carried:
    """A version with the steps that were added to a process.

    ``refusals`` say which can't go along; one that is over stays behind in the history.
    """

    tree: Definition
    is_own: bool
    refusals: Sequence[str] = ()


def carried(running: Running, tree: Definition, version: int) -> Carried:
    """The tree of another version, with the steps that this process has more than its own."""
    query = sa.select(*_ADDED.columns).where(_ADDED.c.process_id == running.id)
    whole = tree
    refusals: list[str] = []
    for row in running.tx.execute(query.order_by(_ADDED.c.id)):
        try:
            whole, _ = _again(whole, row, version)
        except _Refused as refused:
            if not _is_over(running, row.step):
                refusals.append(str(refused))
    return Carried(whole, whole is not tree, tuple(refusals))


class _Refused(Exception):
    """Why an added step can't stand in another version; a sentence."""


def _again(tree: Definition, row: Any, version: int) -> tuple[Definition, Step]:
    called = f"The step `{row.step}`, which was added,"
    if not tree.has_step(row.near):
        raise _Refused(
            f"{called} stands {row.side} `{row.near}`, which version {version} does not have."
        )
    try:
        return additions.with_step(tree, row.source, row.near, row.side, row.step)
    except DefinitionFaults as found:
        first = found.faults[0]
        raise _Refused(
            f"{called} does not fit version {version}: {first.key}: {first.message}."
        ) from None


def _is_over(running: Running, step: str) -> bool:
    """Whether the step has nothing to come: it was done or skipped wherever it began."""
    own = [found for place, found in running.rounds.items() if place.step == step]
    return bool(own) and all(found.state in ("done", "skipped") for found in own)
