"""What a task asks, read with all that its page shows beside it: in three statements.

One or two more tell of earlier work, and of who may not decide on it.
The same reading serves the participant behind a link and the member of staff at the desk.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.definition import scopes
from portal.definition.tree import (
    ApprovalStep,
    Definition,
    Document,
    EachStep,
    UploadStep,
)
from portal.errors import Unknown
from portal.language import gettext as _
from portal.models import FileRow, Participant, Process, StepRun, Task, User
from portal.models import documents as document_rules
from portal.models import tasks as task_rules
from portal.models.documents import Room, too_many
from portal.readings import doers, trees
from portal.readings.owners import Asker, asker
from portal.readings.sheet import Asked

__all__ = ["Asked", "about", "documents", "of_task", "require_open", "too_many"]

Row = Any

_RUNS = sa.select(*StepRun.__table__.columns).where(
    StepRun.process_id == sa.bindparam("process"),
    sa.text("(step_runs.is_current OR step_runs.is_latest)"),
)
_RUNS_AROUND = _RUNS.where(StepRun.scope.in_(sa.bindparam("scopes", expanding=True)))
_PEOPLE = (
    sa.select(
        Participant.id,
        Participant.role,
        Participant.kind,
        Participant.email,
        Participant.name,
        User.name.label("owner_name"),
        User.email.label("owner_email"),
    )
    .join(Process, Process.id == Participant.process_id)
    .outerjoin(User, sa.and_(User.id == Process.owner_id, User.is_active))
    .where(
        Participant.process_id == sa.bindparam("process"),
        sa.or_(Participant.role.is_not(None), Participant.id == sa.bindparam("holder")),
    )
    .order_by(Participant.added_at, Participant.id)
)
_FILES = (
    sa.select(*FileRow.__table__.columns)
    .where(
        FileRow.process_id == sa.bindparam("process"),
        sa.or_(
            FileRow.state.in_(("received", "refused", "replaced")),
            sa.and_(
                FileRow.task_id == sa.bindparam("task"),
                sa.or_(
                    FileRow.state == "staged",
                    sa.and_(FileRow.state == "dropped", FileRow.scan == "refused"),
                ),
            ),
        ),
    )
    .order_by(FileRow.arrived_at, FileRow.id)
)
_TASK = sa.select(*(c.label(f"task_{c.key}") for c in Task.__table__.columns),
                  *(c.label(f"process_{c.key}") for c in Process.__table__.columns)).join(
    Process, Process.id == Task.process_id
)  # fmt: skip


def of_task(conn: Connection, task_id: str, email: str | None = None) -> Asked:
    """The task with all that its page shows a member of staff with this address.

    Unknown where there is none. One statement more.
    """
    row = conn.execute(_TASK.where(Task.id == task_id)).mappings().first()
    if row is None:
        raise Unknown(_("There is no such task."))
    return about(conn, _Part(dict(row), "task_"), _Part(dict(row), "process_"), email=email)


def about(
    conn: Connection,
    task: Row,
    process: Row,
    viewer: str | None = None,
    *,
    email: str | None = None,
) -> Asked:
    """The same for rows that are at hand, as the participant ``viewer`` reads it.

    ``email`` is the address of a member of staff, to tell them where they may not decide.
    """
    # What was closed before the process moved to another version shows what it showed then.
    tree = trees.tree(conn, task.closed_under or process.definition_id)
    ids = {"process": process.id, "task": task.id, "holder": task.participant_id}
    around = _around(tree, task)
    runs = _runs(conn, task, around)
    people = conn.execute(_PEOPLE, ids).all()
    reader = email or next((one.email for one in people if one.id == viewer), None)
    with_files = any(isinstance(step, UploadStep) for step in tree.all_steps())
    return Asked(
        task=task,
        process=process,
        tree=tree,
        runs={(run.step, run.scope): run for run in runs if run.is_current},
        latest={(run.step, run.scope): run for run in runs if run.is_latest},
        people=people,
        files=conn.execute(_FILES, ids).all() if with_files else (),
        done=doers.of_rounds(conn, process.id, around) if _tells_who(tree, task) else {},
        owner=_owner(conn, process, people),
        viewer=viewer,
        is_barred=reader is not None and doers.took_part(conn, tree, task, reader),
    )


def _owner(conn: Connection, process: Row, people: Sequence[Row]) -> Asker | None:
    """Who asks; a statement more where that is no single user."""
    if people and people[0].owner_email is not None:
        return Asker(people[0].owner_name, (people[0].owner_email,))
    return asker(conn, process.owner_id, process.team_id)


def _around(tree: Definition, task: Row) -> list[str] | None:
    """The scopes that the task's page may tell of; ``None`` where other items are among them."""
    around = tree.eaches_around(task.step)
    if all(one in around for one in tree.all_steps() if isinstance(one, EachStep)):
        return scopes.chain(task.scope)
    return None


def _runs(conn: Connection, task: Row, around: list[str] | None) -> Sequence[Row]:
    ids = {"process": task.process_id}
    if around is None:
        return conn.execute(_RUNS, ids).all()
    return conn.execute(_RUNS_AROUND, {**ids, "scopes": around}).all()


def _tells_who(tree: Definition, task: Row) -> bool:
    """Whether the page names who did earlier work, or who of several still decides."""
    has_approvals = any(isinstance(step, ApprovalStep) for step in tree.all_steps())
    return has_approvals and (
        task.kind == "approval" or task.round > 1 or bool(task.state == "done")
    )


def documents(conn: Connection, task_id: str) -> tuple[list[Document], Room]:
    """What an upload asks for in its round, and the room for it; Conflict for another kind."""
    task, wanted = document_rules.wanted(conn, task_id)
    tree = trees.tree(conn, task.definition_id)
    return list(wanted.values()), document_rules.room(conn, task, tree)


class _Part:
    """The columns of one table in a row of two, by their own names."""

    def __init__(self, row: Mapping[Any, Any], prefix: str) -> None:
        for name, value in row.items():
            if name.startswith(prefix):
                setattr(self, name.removeprefix(prefix), value)


def require_open(task: Row) -> None:
    """Refuse a task that is not open, in the words its state deserves."""
    task_rules.require_open(task.state, task.name)
