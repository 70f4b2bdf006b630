"""Moving a running process to another version of its definition: what stands in the way, and how.

What is done stays done. What is open goes on where it stands, so its step must be there in the
other version, of the same kind and in the same place. A step that is new and lies before where
the process stands is passed over: nobody is asked, by surprise, for what the work has gone past.
A step that is new and lies ahead is reached in its turn. One that was done before, under a
version that had it, stands again as it was done.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.actor import Actor
from portal.definition import durations
from portal.definition.expressions import ExpressionFailed
from portal.definition.tree import (
    BlockStep,
    ChooseStep,
    Definition,
    DueAt,
    EachStep,
    Field,
    FormStep,
    Step,
)
from portal.engine import adding, asking, reviving, troubles
from portal.engine.rows import Asked, Place
from portal.engine.running import Running
from portal.errors import Conflict
from portal.ledger.catalogue import ProcessMigrated, StepSkipped
from portal.models import DefinitionRow, Process, Task, Timer, trees


@dataclass(frozen=True, slots=True)
class Move:
    """What moving a process to another version would do to it.

    ``refusals`` are sentences; with any of them it stays where it is. ``stays`` are the steps
    that go on, ``new`` those still to come that it did not have, ``passed`` new ones that lie
    behind it and are not asked, ``restored`` those that were done before and stand again,
    ``gone`` those it had; ``unnamed`` roles that nobody plays yet; ``due`` the new due moments of
    open tasks by their ids (``None``: none any more).
    """

    version: int
    refusals: tuple[str, ...]
    stays: tuple[str, ...]
    new: tuple[str, ...]
    passed: tuple[str, ...]
    restored: tuple[str, ...]
    gone: tuple[str, ...]
    unnamed: tuple[str, ...]
    due: dict[str, datetime | None]


def plan(running: Running, target: DefinitionRow, tree: Definition) -> Move:
    """Judge a move of a process, whole and in hand, to ``target`` (a row) with its tree.

    What was added to the process goes along.
    """
    return _plan(running, target.version, adding.carried(running, tree, target.version))


def _plan(running: Running, version: int, carried: adding.Carried) -> Move:
    old, tree = running.tree, carried.tree
    reasons = [*carried.refusals, *_refusals(running, tree, version)]
    refusals = tuple(dict.fromkeys(reasons))
    passed, again = ([], set()) if refusals else _behind(running, tree)
    had, has = _ids(old), _ids(tree)
    behind = {place.step for place in (*passed, *again)}
    open_now = (found for found in running.rounds.values() if found.state == "open")
    return Move(
        version=version,
        refusals=refusals,
        stays=tuple(dict.fromkeys(found.step for found in open_now)),
        new=tuple(id_ for id_ in has if id_ not in had and id_ not in behind),
        passed=tuple(dict.fromkeys(place.step for place in passed)),
        restored=tuple(id_ for id_ in has if id_ in {place.step for place in again}),
        gone=tuple(id_ for id_ in had if id_ not in has),
        unnamed=tuple(role for role in tree.roles if running.of_role(role) is None),
        due={} if refusals else _new_dues(running, tree),
    )


def carry_out(
    running: Running, target: DefinitionRow, tree: Definition, reason: str, actor: Actor
) -> Move:
    """Move the process; Conflict with the reasons where it can't be. The walk has yet to go on."""
    carried = adding.carried(running, tree, target.version)
    move = _plan(running, target.version, carried)
    if move.refusals:
        raise Conflict(" ".join(move.refusals))
    tree = carried.tree
    old_id, old = running.process["definition_id"], running.tree
    once = reviving.once_run(running, tree)
    passed, again = _behind(running, tree, once)
    running.chain.add(
        ProcessMigrated(
            definition=target.key, from_version=running.process["version"],
            version=target.version, digest=target.digest,
            under=tree.digest if carried.is_own else None, reason=reason,
        ),
        actor=actor,
    )  # fmt: skip
    _keep_old_pages(running, old_id)
    _forget_gone(running, tree)
    new_id = adding.keep(running, tree) if carried.is_own else target.id
    running.move_to(new_id, tree)
    running.tx.execute(
        sa.update(Process)
        .where(Process.id == running.id)
        .values(definition_id=new_id, version=target.version, n_steps=len(tree.all_steps()))
    )
    reviving.revive(running, once, again)
    for place in passed:
        _pass_over(running, place, actor)
    for task in running.open_tasks():
        if _times(old, task) != _times(tree, task):
            _time_anew(running, task, move.due.get(task.id, task.due_at))
    # What could not begin under the old version is tried under this one.
    for kind in troubles.STUCK:
        troubles.resolve_all(running, "retry", reason, actor, kind=kind)
    return move


# What stands in the way


def _refusals(running: Running, tree: Definition, version: int) -> Iterator[str]:
    old = running.tree
    for found in running.whole().rounds.values():
        if found.state == "open":
            yield from _misplaced(old, tree, found.step, version)
    for place in running.stuck:
        yield from _misplaced(old, tree, place.step, version)
    for found in running.latest.values():
        if old.has_step(found.step) and tree.has_step(found.step):
            yield from _differs(old.step(found.step), tree.step(found.step), version)
    yield from _retyped("The input", old.inputs, tree.inputs, version)


def _misplaced(old: Definition, new: Definition, step: str, version: int) -> Iterator[str]:
    """Why work can't go on at a step in the other version."""
    before = old.step(step)
    called = f"“{before.name}” ({step})"
    if not new.has_step(step):
        yield f"It stands on {called}, which version {version} does not have."
        return
    after = new.step(step)
    if after.kind != before.kind:
        yield f"It stands on {called}, which is another kind of step in version {version}."
    elif _path(old, step) != _path(new, step):
        yield f"It stands on {called}, which stands elsewhere in version {version}."
    elif _branches(before) != _branches(after):
        yield (
            f"It is inside {called}, which has {_branches(after)} branches in version {version}"
            f" and {_branches(before)} now."
        )


def _differs(before: Step, after: Step, version: int) -> Iterator[str]:
    """Why what a step brought could not be read as the other version reads it."""
    if before.kind != after.kind:
        yield (
            f"“{before.name}” ({before.id}) was done as {before.kind} and is"
            f" {after.kind} in version {version}."
        )
    elif isinstance(before, FormStep) and isinstance(after, FormStep):
        yield from _retyped(f"In “{before.name}” the field", before.fields, after.fields, version)


def _retyped(
    what: str, before: Iterable[Field], after: Iterable[Field], version: int
) -> Iterator[str]:
    known = {field.id: field.type for field in before}
    for field in after:
        if field.id in known and known[field.id] != field.type:
            yield (
                f"{what} `{field.id}` was answered as {known[field.id]} and is {field.type}"
                f" in version {version}."
            )


def _branches(step: Step) -> int:
    return len(step.branches) if isinstance(step, BlockStep) else 0


def _path(tree: Definition, step: str) -> list[tuple[str, str, int]]:
    """The blocks around a step from the outside in, each with its kind and the branch it is in."""
    blocks = tree.blocks_around(step)
    inner = [*(block.id for block in blocks), step][1:]
    return [
        (block.id, block.kind, _branch(block, one))
        for block, one in zip(blocks, inner, strict=True)
    ]


def _branch(block: BlockStep, step: str) -> int:
    return next(
        n for n, branch in enumerate(block.branches) if any(one.id == step for one in branch.steps)
    )


def _ids(tree: Definition) -> dict[str, None]:
    return dict.fromkeys(step.id for step in tree.all_steps())


# What lies behind


def _behind(
    running: Running, tree: Definition, once: dict[Place, reviving.Once] | None = None
) -> tuple[list[Place], set[Place]]:
    """What the work has gone past: steps that are new to it, and those that stand again."""
    if once is None:
        once = reviving.once_run(running, tree)
    passed = list(_passed(running, tree.steps, tree, ""))
    again = reviving.standing_again(once, passed, tree)
    return [place for place in passed if place not in again], again


def _passed(
    running: Running, steps: tuple[Step, ...], tree: Definition, scope: str
) -> Iterator[Place]:
    """The steps of a list, and of the open blocks in it, that the work has gone past."""
    stands = [running.standing(step.id, scope) for step in steps]
    last = max((n for n, standing in enumerate(stands) if standing is not None), default=-1)
    for n, step in enumerate(steps[: last + 1]):
        if stands[n] is None:
            yield Place(step.id, scope)
        elif stands[n] == "open" and isinstance(step, BlockStep):
            for inner, inside in _open_lists(running, step, scope):
                yield from _passed(running, inner, tree, inside)


def _open_lists(
    running: Running, step: BlockStep, scope: str
) -> Iterator[tuple[tuple[Step, ...], str]]:
    if isinstance(step, EachStep):
        yield from ((step.steps, item) for item in running.open_items(step, scope))
    elif isinstance(step, ChooseStep):
        chosen = running.chosen(step, scope)
        if chosen is not None:
            yield step.branches[chosen].steps, scope
    else:
        yield from ((branch.steps, scope) for branch in step.branches)


def _pass_over(running: Running, place: Place, actor: Actor) -> None:
    skipped = running.new_round(place.step, "skipped", place.scope)
    skipped.answers = {}
    running.settle_round(skipped, None)
    event = StepSkipped(
        step=place.step, scope=place.scope or None, round=skipped.round, why="migrated"
    )
    running.chain.add(event, actor=actor)


def _forget_gone(running: Running, tree: Definition) -> None:
    """What was done in steps that are gone stands no more; it stays in the history."""
    stood = [*running.rounds.values(), *running.latest.values()]
    for found in {one.id: one for one in stood if not tree.has_step(one.step)}.values():
        running.set_aside(found)


def _keep_old_pages(running: Running, definition_id: str) -> None:
    """Have closed tasks show for good what they showed under the version they were done in."""
    closed = sa.and_(
        Task.process_id == running.id, Task.state != "open", Task.closed_under.is_(None)
    )
    running.tx.execute(sa.update(Task).where(closed).values(closed_under=definition_id))


# Times


def _times(tree: Definition, task: Asked) -> Any:
    """What of a step sets the clocks of its tasks."""
    step = tree.person_step(task.step)
    due = step.due.at.source if isinstance(step.due, DueAt) else str(step.due)
    calendar = repr(tree.calendar)
    return due, repr(step.remind), repr(step.escalate), repr(step.on_timeout), calendar


def _new_dues(running: Running, tree: Definition) -> dict[str, datetime | None]:
    """By when open tasks are due in the other version, where that is another moment."""
    found = {}
    for task in running.open_tasks():
        if _times(running.tree, task) != _times(tree, task):
            at = _due(running, tree, task)
            if at != task.due_at:
                found[task.id] = at
    return found


def _due(running: Running, tree: Definition, task: Asked) -> datetime | None:
    """The due moment, counted from when the task was opened; as it was where that fails."""
    step = tree.person_step(task.step)
    zone = running.zone_of(running.person(task.participant_id))
    try:
        facts = running.facts(task.scope) if isinstance(step.due, DueAt) else {}
        return durations.due_moment(step.due, task.opened_at, running.calendar, zone, facts)
    except ExpressionFailed:
        return task.due_at


def _time_anew(running: Running, task: Asked, due_at: datetime | None) -> None:
    step = running.tree.person_step(task.step)
    task.due_at = due_at
    running.keep_task(task)
    its = sa.delete(Timer).where(Timer.task_id == task.id, Timer.kind != "pick_up")
    running.tx.execute(its)
    asking.set_due_timers(running, step, task)


def version_of(running: Running, key: str, version: int) -> tuple[Any, Definition] | None:
    """The row and tree of a version of the process's own definition; ``None`` if there is none."""
    row = running.tx.execute(
        sa.select(DefinitionRow.__table__).where(
            DefinitionRow.key == key, DefinitionRow.version == version
        )
    ).first()
    return (row, trees.tree(running.tx.conn, row.id)) if row else None
