"""Steps that a process had once, lost with a version, and has again under another.

What was done in them stands again where the process has gone past them: moving back undoes the
move. Where they lie ahead they are asked in their turn, with what was sent filled in. Either way
a new round is numbered after those there were.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from portal.definition.scopes import is_within
from portal.definition.tree import Definition, Step, within
from portal.engine.rows import Place, Round
from portal.engine.running import Running
from portal.models import StepRun, Task, trees


@dataclass(frozen=True, slots=True)
class Once:
    """The rounds that a step ran for once: the ``last``, and what it came to.

    ``ended`` is ``None`` where that can't be read as the other version reads it.
    """

    last: Round
    ended: Round | None

    @property
    def can_stand(self) -> bool:
        """Whether the step was over, and not asked anew, when it was lost."""
        return self.ended is self.last


def once_run(running: Running, tree: Definition) -> dict[Place, Once]:
    """What was run of the steps that ``tree`` has and the process's own tree has not."""
    new = [step.id for step in tree.all_steps() if not running.tree.has_step(step.id)]
    if not new:
        return {}
    query = sa.select(*StepRun.__table__.columns).where(
        StepRun.process_id == running.id, StepRun.step.in_(new)
    )
    rounds: dict[Place, list[Round]] = {}
    for row in running.tx.execute(query.order_by(StepRun.round)).mappings():
        found = Round(**row)
        rounds.setdefault(found.place, []).append(found)
    if not rounds:
        return {}
    before = list(_earlier_trees(running))
    return {place: _once(tree, found, before) for place, found in rounds.items()}


def _once(tree: Definition, rounds: list[Round], before: list[Definition]) -> Once:
    over = [found for found in rounds if found.state in ("done", "skipped")]
    step = tree.step(rounds[0].step)
    is_known = any(
        known.has_step(step.id) and _reads_alike(known.step(step.id), step) for known in before
    )
    return Once(rounds[-1], over[-1] if over and is_known else None)


def _earlier_trees(running: Running) -> Iterator[Definition]:
    """The versions that the process was on when tasks of it were closed."""
    query = sa.select(Task.closed_under).where(
        Task.process_id == running.id, Task.closed_under.is_not(None)
    )
    for id_ in running.tx.execute(query.distinct()).scalars():
        yield trees.tree(running.tx.conn, id_)


def _reads_alike(before: Step, after: Step) -> bool:
    """Whether what a step brought means the same to another version's step of that id."""
    if before.kind != after.kind:
        return False
    types = {field.id: field.type for field in getattr(before, "fields", ())}
    fields = getattr(after, "fields", ())
    return all(types.get(field.id, field.type) == field.type for field in fields)


def standing_again(
    once: dict[Place, Once], passed: Collection[Place], tree: Definition
) -> set[Place]:
    """Those that stand as they did: the process has gone past them, or past what they are in."""
    behind = [(place, {one.id for one in within((tree.step(place.step),))}) for place in passed]
    return {
        place
        for place, found in once.items()
        if found.can_stand
        and any(
            place.step in inside and is_within(place.scope, around.scope)
            for around, inside in behind
        )
    }


def revive(running: Running, once: dict[Place, Once], again: Collection[Place]) -> None:
    """Have the steps go on from the rounds there were; those of ``again`` stand as they did."""
    running.forget_facts()
    for place, found in once.items():
        if found.ended is not None:
            found.ended.is_current = place in again
            running.make_latest(found.ended)
        if not found.can_stand:
            _keep_number(running, found.last)


def _keep_number(running: Running, last: Round) -> None:
    """Leave a withdrawn round standing, so that the next one is numbered after it."""
    if last.state == "withdrawn":
        last.is_current = True
        running.keep_round(last)
        return
    mark = Round(
        id=running.new_id(), process_id=running.id, step=last.step, scope=last.scope,
        round=last.round + 1, state="withdrawn", opened_at=running.now, done_at=running.now,
    )  # fmt: skip
    running.keep_round(mark)
