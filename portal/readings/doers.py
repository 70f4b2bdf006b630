"""Who really did the rounds that a page tells of: of several who may do a task, one did."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from portal.definition import scopes
from portal.definition.tree import ApprovalStep, Definition
from portal.models import Participant, Process, StepRun, Task, User

Row = Any

_DOER, _DONE_BY, _HOLDER = aliased(Participant), aliased(User), aliased(User)
_DONE = (
    sa.select(
        *(Task.run_id, Task.participant_id, Task.done_by, Task.outcome, Task.answers),
        sa.func.coalesce(User.name, _DOER.name, _DOER.email).label("name"),
    )
    .join(StepRun, StepRun.id == Task.run_id)
    .outerjoin(User, User.id == Task.done_by)
    .outerjoin(_DOER, _DOER.id == Task.done_by)
    .where(
        Task.process_id == sa.bindparam("process"),
        Task.state == "done",
        StepRun.process_id == sa.bindparam("process"),
        sa.text("(step_runs.is_current OR step_runs.is_latest)"),
    )
    .order_by(Task.done_at, Task.id)
)
_DONE_AROUND = _DONE.where(StepRun.scope.in_(sa.bindparam("scopes", expanding=True)))
_TAKEN = (
    sa.select(
        *(Task.step, Task.scope, Participant.kind, Participant.email),
        _DOER.email.label("doer"),
        _DONE_BY.email.label("user"),
        _HOLDER.email.label("holder"),
    )
    .join(Participant, Participant.id == Task.participant_id)
    .outerjoin(_DOER, _DOER.id == Task.done_by)
    .outerjoin(_DONE_BY, _DONE_BY.id == Task.done_by)
    .outerjoin(_HOLDER, _HOLDER.id == Task.holder_id)
    .where(
        Task.process_id == sa.bindparam("process"),
        Task.step.in_(sa.bindparam("steps", expanding=True)),
        Task.state == "done",
    )
)
_STARTER = (
    sa.select(User.email)
    .join(Process, Process.starter_id == User.id)
    .where(Process.id == sa.bindparam("process"))
)


def of_rounds(
    conn: Connection, process_id: str, around: Sequence[str] | None
) -> dict[str, list[Row]]:
    """The done tasks by round, each with the ``name`` of who did it; of these scopes or of all."""
    ids = {"process": process_id}
    if around is None:
        rows = conn.execute(_DONE, ids).all()
    else:
        rows = conn.execute(_DONE_AROUND, {**ids, "scopes": around}).all()
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.run_id, []).append(row)
    return found


def took_part(conn: Connection, tree: Definition, task: Row, email: str) -> bool:
    """Whether the person of this address did what the approval must be separate from."""
    step = tree.step(task.step)
    if not isinstance(step, ApprovalStep) or not step.separate_from:
        return False
    ids = {"process": task.process_id}
    if "starter" in step.separate_from and conn.execute(_STARTER, ids).scalar() == email:
        return True
    rows = conn.execute(_TAKEN, {**ids, "steps": list(step.separate_from)}).all()
    return any(email in _addresses(row) for row in rows if _is_beside(tree, row, task))


def _addresses(row: Row) -> Mapping[str | None, None]:
    own = None if row.kind == "team" else row.email
    return dict.fromkeys((row.doer, row.user, row.holder, own))


def _is_beside(tree: Definition, done: Row, task: Row) -> bool:
    """Whether a task is of the items that the approval is of, as far as it stands within them."""
    pairs = zip(tree.eaches_around(task.step), tree.eaches_around(done.step), strict=False)
    depth = sum(ours is theirs for ours, theirs in pairs)
    return scopes.outer(done.scope, depth) == scopes.outer(task.scope, depth)
