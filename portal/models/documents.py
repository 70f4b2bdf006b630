"""What an upload takes: the documents of its round, and how many bytes may still come.

Quotas grow with what the definition asks for, and count what lies on disk: files that were taken
back too, until upkeep removes them, so that sending and taking back fills no disk. What is on its
way counts whole from the beginning.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.definition.tree import Definition, Document, UploadStep
from portal.errors import Conflict, Unknown
from portal.language import gettext as _
from portal.language import mark, ngettext
from portal.models import trees
from portal.models.files import FileRow
from portal.models.pieces import Upload
from portal.models.processes import Process, StepRun
from portal.models.tasks import Task
from portal.prepared import prepared

# How many times all that is asked for, each file as large as it may be.
_OF_A_TASK, _OF_A_PERSON, _OF_A_PROCESS = 4, 12, 24
_TASK_FULL = mark(
    "So much was sent for this task and taken back that there is no room for more just now."
    " Try again in an hour."
)
_PERSON_FULL = mark("So much came from you that there is no room for more. Tell whoever asked you.")
_PROCESS_FULL = mark("So much came in this process that there is no room. Tell whoever asked you.")
_TASK = (
    sa.select(
        *(Task.id, Task.process_id, Task.participant_id, Task.step, Task.state, Task.name),
        *(Process.definition_id, StepRun.only),
    )
    .join(Process, Process.id == Task.process_id)
    .join(StepRun, StepRun.id == Task.run_id)
    .where(Task.id == sa.bindparam("task"))
)
_THEIRS = sa.case((Task.participant_id == sa.bindparam("person"), Task.scope))
_ASKED = prepared(
    sa.select(
        Task.step,
        sa.func.count(sa.distinct(Task.scope)).label("times"),
        sa.func.count(sa.distinct(_THEIRS)).label("times_of_person"),
    )
    .where(Task.process_id == sa.bindparam("process"), Task.kind == "upload")
    .group_by(Task.step)
)
_HERE = sa.select(FileRow.task_id, FileRow.participant_id, FileRow.size).where(
    FileRow.process_id == sa.bindparam("process")
)
_COMING = sa.select(Upload.task_id, Upload.participant_id, Upload.length).where(
    Upload.process_id == sa.bindparam("process"), Upload.result.is_(None)
)
_BOTH = _HERE.union_all(_COMING).subquery()
_KEPT = prepared(
    sa.select(
        _BOTH.c.task_id, _BOTH.c.participant_id, sa.func.sum(_BOTH.c.size).label("bytes")
    ).group_by(_BOTH.c.task_id, _BOTH.c.participant_id)
)


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes may still come, and what to say where more do."""

    left: int
    sentence: str


def wanted(conn: Connection, task_id: str) -> tuple[Any, dict[str, Document]]:
    """A task and the documents it asks for in its round, by id; Conflict for no upload."""
    task = conn.execute(_TASK, {"task": task_id}).first()
    if task is None:
        raise Unknown(_("There is no such task."))
    return task, asked_by(conn, task)


def asked_by(conn: Connection, task: Any) -> dict[str, Document]:
    """The documents that a task asks for in its round, by id; Conflict for no upload.

    ``task`` tells its ``name``, ``step``, ``definition_id`` and what its round is ``only`` for.
    """
    step = trees.tree(conn, task.definition_id).step(task.step)
    if not isinstance(step, UploadStep):
        raise Conflict(_("“%(task)s” asks for no documents.", task=task.name))
    return of_round(step, task.only)


def of_round(step: UploadStep, only: Any) -> dict[str, Document]:
    """The documents of a step by id: all of them, or those that are asked again."""
    return {one.id: one for one in step.documents if not only or one.id in only}


def room(conn: Connection, task: Any, tree: Definition, wanted: int = 0) -> Room:
    """How much room an upload's task has, its person, and the process: the least of the three.

    ``tree`` is the process's definition. Where there is room for ``wanted`` bytes even if this
    were the only upload ever asked for, that much is told and no more is looked up.
    """
    ids = {"process": task.process_id, "person": task.participant_id}
    kept = _KEPT.all(conn, ids)
    here = _Kept(
        of_task=sum(int(row.bytes) for row in kept if row.task_id == task.id),
        of_person=sum(int(row.bytes) for row in kept if row.participant_id == task.participant_id),
        of_process=sum(int(row.bytes) for row in kept),
    )
    most = _most(tree, task.step)
    alone = _least(here, most, most, most)
    if 0 < wanted <= alone.left:
        return alone
    steps = [(row, _most(tree, row.step)) for row in _ASKED.all(conn, ids)]
    asked = sum(row.times * each for row, each in steps)
    asked_of = sum(row.times_of_person * each for row, each in steps)
    return _least(here, most, asked_of, asked)


@dataclass(frozen=True, slots=True)
class _Kept:
    """How many bytes are here, or on their way."""

    of_task: int
    of_person: int
    of_process: int


def _least(here: _Kept, of_task: int, of_person: int, of_process: int) -> Room:
    """The least room beside what is here, where so much is asked for by each."""
    rooms = (
        Room(_OF_A_TASK * of_task - here.of_task, _(_TASK_FULL)),
        Room(_OF_A_PERSON * of_person - here.of_person, _(_PERSON_FULL)),
        Room(_OF_A_PROCESS * of_process - here.of_process, _(_PROCESS_FULL)),
    )
    return min(rooms, key=lambda one: one.left)


def too_many(document: Document) -> str:
    """What to say where more files come than a document has."""
    return ngettext("Send at most one file here.", "Send at most %(n)s files here.", document.max)


def no_more(document: Document) -> str:
    """What to say where as many files are here as a document has, and another is to come."""
    way_out = _("Take one back first.")
    return f"{too_many(document)} {way_out}"


def _most(tree: Definition, step_id: str) -> int:
    step = tree.step(step_id) if tree.has_step(step_id) else None
    documents = step.documents if isinstance(step, UploadStep) else ()
    return sum(max(one.max, 1) * one.max_size for one in documents)
