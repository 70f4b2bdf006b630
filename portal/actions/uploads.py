"""Sending documents: files arrive one by one, and the answer says that they are all there.

How one arrives piece by piece is in ``actions/pieces``; what of it is whole ends up here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal import db, installation
from portal.access import may
from portal.actions import codes, permits, renditions
from portal.actions.codes import Proof, Unproved
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.tree import Definition, Document, UploadStep
from portal.engine import closing, locking
from portal.engine.advance import advance
from portal.engine.rows import Asked, Round
from portal.engine.running import Running
from portal.errors import Conflict, Fault, Faulty, Unknown
from portal.language import gettext as _
from portal.language import ngettext
from portal.ledger import outbox, record
from portal.ledger.catalogue import FileReceived, UploadSubmitted
from portal.models import FileRow, Upload, documents, trees
from portal.models.files import BEING_CHECKED, NOT_SCANNED, REFUSED
from portal.models.tasks import require_open
from portal.prepared import prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A file whose bytes are stored and were judged by the door; ``size`` in bytes."""

    document: str
    name: str
    size: int
    sha256: str
    media_type: str
    storage_id: str


@action
def stage(tx: Tx, task_id: str, arrived: Sequence[Arrived], *, actor: Actor) -> list[str]:
    """Keep files that arrived for a task until it is answered; their ids.

    More of one document than it takes replace those that came before; more at once are a fault
    at the document's id.
    """
    locking.chain_of_task(tx, task_id)
    task = may.task_for(tx, actor, task_id, "decide")
    asked = documents.asked_by(tx.conn, task)
    require_open(task.state, task.name)
    return _stage(tx, trees.tree(tx.conn, task.definition_id), task, asked, arrived)


@action
def finish(tx: Tx, upload_id: str, fence: int, arrived: Arrived, *, actor: Actor) -> str:
    """Keep a file that came piece by piece; ``staged``, or ``repeated`` where it is here already.

    ``fence`` is that of the request that brought the last piece. Faulty where as many files are
    here as the document has; one that may come once alone takes the other's place. Conflict
    where somebody else goes on with it.
    """
    known = sa.select(Upload.task_id, Upload.result).where(Upload.id == upload_id)
    upload = tx.execute(known).one_or_none()
    if upload is None:
        raise Unknown(_("There is no such file on its way."))
    task_id = upload.task_id
    locking.chain_of_task(tx, task_id)
    task = may.task_for(tx, actor, task_id, "decide")
    asked = documents.asked_by(tx.conn, task)
    require_open(task.state, task.name)
    if upload.result is not None:
        return str(upload.result)
    here = tx.all(_STAGED, task=task_id)
    here = [row.sha256 for row in here if row.document == arrived.document]
    result = "repeated" if arrived.sha256 in here else "staged"
    mine = sa.update(Upload).where(Upload.id == upload_id, Upload.fence == fence)
    if tx.execute(mine.values(result=result, moved_at=tx.now)).rowcount == 0:
        raise Conflict(_("Another connection goes on with this file."))
    if result == "staged":
        document = asked.get(arrived.document)
        if document is not None and 1 < document.max <= len(here):
            raise Faulty.one(document.id, documents.no_more(document))
        _stage(tx, trees.tree(tx.conn, task.definition_id), task, asked, [arrived])
    return result


@action
def drop(tx: Tx, file_id: str, *, actor: Actor) -> None:
    """Take back a file that was not yet part of an answer; one that is gone already is no fault."""
    this = FileRow.id == file_id
    task_id = tx.execute(sa.select(FileRow.task_id).where(this)).scalar()
    if task_id is None:
        return
    locking.chain_of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "decide")
    staged = sa.update(FileRow).where(this, FileRow.state.in_(("staged", "dropped")))
    if tx.execute(staged.values(state="dropped")).rowcount == 0:
        raise Conflict(_("This file is part of an answer already and stays with it."))


@action
def submit(
    tx: Tx,
    task_id: str,
    *,
    arrived: Sequence[Arrived] = (),
    nonce: str | None = None,
    proof: Proof | None = None,
    actor: Actor,
) -> Unproved | None:
    """Answer an upload with the files staged for it and those that came with the answer itself.

    What is missing before it counts is returned; the files stay staged then.

    Raises Faulty at document ids; what ``arrived`` is then not kept. In a later round a document
    without a new file keeps those it has. The same page's answer again changes nothing and is
    no fault.
    """
    running = permits.take_in_hand(tx, task_id, actor)
    task = running.task_to_do(task_id, nonce)
    if task is None:
        return None
    step = running.step_of(task, UploadStep, "an upload")
    begun = running.round_of(task)
    if arrived:
        _stage(tx, running.tree, task, documents.of_round(step, begun.only), arrived)
    proved = _proved(running, task, step, actor, proof)
    if isinstance(proved, Unproved):
        return proved
    new = _receive(tx, task_id)
    answers = _answers(step, begun, new, _harmful(tx, begun, new))
    _retire(tx, begun, answers)
    for row in new:
        running.chain.add(_received(task, row), actor=proved)
    files = [id_ for ids in answers.values() for id_ in ids]
    sent = [row.id for row in new]
    event = UploadSubmitted(step=step.id, task=task.id, round=task.round, files=files, sent=sent)
    closing.finish_task(
        running, task, event, outcome="completed", answers=answers, nonce=nonce, actor=proved
    )
    closing.end_round(running, begun, "completed", answers)
    advance(running)
    return None


# Arriving

_ADD = prepared(sa.insert(FileRow))
_STAGED = prepared(
    sa.select(FileRow.id, FileRow.document, FileRow.sha256).where(
        FileRow.task_id == sa.bindparam("task"), FileRow.state == "staged"
    )
)


def _stage(
    tx: Tx,
    tree: Definition,
    task: Any,
    asked: dict[str, Document],
    arrived: Sequence[Arrived],
) -> list[str]:
    _require_fitting(asked, arrived)
    _require_room(tx, tree, task, arrived)
    _make_room(tx, task.id, asked, arrived)
    rows = [_row(tx, task, one) for one in arrived]
    if rows:
        tx.run(_ADD, rows)
    if installation.current.scans:
        record.owe(tx, [_scan(tx, row) for row in rows])  # shown once the scanner has let it pass
    else:
        record.owe(tx, [one for row in rows for one in _pictures(tx, row)])
    return [row["id"] for row in rows]


def _require_fitting(asked: dict[str, Document], arrived: Sequence[Arrived]) -> None:
    faults = []
    for document in dict.fromkeys(one.document for one in arrived):
        count = sum(one.document == document for one in arrived)
        if document not in asked:
            faults.append(Fault(document, _("No document of this name is asked for here.")))
        elif count > asked[document].max:
            faults.append(Fault(document, documents.too_many(asked[document])))
    if faults:
        raise Faulty(faults)


def _require_room(tx: Tx, tree: Definition, task: Any, arrived: Sequence[Arrived]) -> None:
    size = sum(one.size for one in arrived)
    room = documents.room(tx.conn, task, tree, size)
    if arrived and size > room.left:
        raise Faulty.one(arrived[0].document, room.sentence)


def _make_room(
    tx: Tx, task_id: str, asked: dict[str, Document], arrived: Sequence[Arrived]
) -> None:
    """Drop earlier files that the new ones repeat, or that leave no room for them."""
    before = tx.all(_STAGED, task=task_id)
    dropped = []
    for document in {one.document for one in arrived}:
        new = {one.sha256 for one in arrived if one.document == document}
        old = [row for row in before if row.document == document and row.sha256 not in new]
        is_full = len(old) + len(new) > asked[document].max
        kept = set() if is_full else {row.id for row in old}
        dropped += [row.id for row in before if row.document == document and row.id not in kept]
    if dropped:
        tx.execute(sa.update(FileRow).where(FileRow.id.in_(dropped)).values(state="dropped"))


def _scan(tx: Tx, row: dict[str, Any]) -> dict[str, Any]:
    """What is owed to a file that arrived: the scanner's verdict."""
    ref, once = {"file": row["id"]}, f"scan:{row['id']}"
    return outbox.row("file.scan", ref, once=once, process_id=row["process_id"], now=tx.now)


def _pictures(tx: Tx, row: dict[str, Any]) -> list[dict[str, Any]]:
    return renditions.owed(tx, row["process_id"], row["id"], row["media_type"])


def _row(tx: Tx, task: Any, one: Arrived) -> dict[str, Any]:
    return {
        "id": db.new_id(), "process_id": task.process_id, "task_id": task.id,
        "participant_id": task.participant_id, "step": task.step, "document": one.document,
        "name": one.name, "size": one.size, "sha256": one.sha256, "media_type": one.media_type,
        "storage_id": one.storage_id, "state": "staged",
        "scan": BEING_CHECKED if installation.current.scans else NOT_SCANNED,
        "arrived_at": tx.now,
    }  # fmt: skip


# Answering

_RECEIVE = prepared(
    sa.update(FileRow)
    .where(FileRow.task_id == sa.bindparam("task"), FileRow.state == "staged")
    .values(state="received")
    .returning(*FileRow.__table__.columns)
)

_HARMFUL = prepared(
    sa.select(FileRow.id).where(
        FileRow.id.in_(sa.bindparam("before", expanding=True)), FileRow.state == REFUSED
    )
)
_RETIRE = prepared(
    sa.update(FileRow)
    .where(FileRow.id.in_(sa.bindparam("old", expanding=True)), FileRow.state != REFUSED)
    .values(state="replaced")
)


def _receive(tx: Tx, task_id: str) -> list[Any]:
    """The files that arrived for the task, now part of its answer, in the order they came."""
    rows = tx.all(_RECEIVE, task=task_id)
    return sorted(rows, key=lambda row: row.id)


def _proved(
    running: Running, task: Asked, step: UploadStep, actor: Actor, proof: Proof | None
) -> Actor | Unproved:
    """Judge the files while they are still staged: they become an answer when it counts."""
    if step.verify != "code":
        return actor
    staged = running.tx.all(_STAGED, task=task.id)
    begun, new = running.round_of(task), sorted(staged, key=lambda row: str(row.id))
    answers = _answers(step, begun, new, _harmful(running.tx, begun, new))
    return codes.prove(running, task, actor, answers, proof)


def _harmful(tx: Tx, begun: Round, new: Sequence[Any]) -> set[str]:
    """Of the files of earlier rounds that stay, those that the scanner refused since."""
    replaced = {row.document for row in new}
    before = [id_ for name, ids in begun.answers.items() if name not in replaced for id_ in ids]
    if not before:
        return set()
    return {row.id for row in tx.all(_HARMFUL, before=before)}


def _answers(
    step: UploadStep, begun: Round, new: Sequence[Any], harmful: Collection[str]
) -> dict[str, list[str]]:
    """The ids of the files that now stand, by document."""
    answers, faults = {}, []
    for document in step.documents:
        sent = [row.id for row in new if row.document == document.id]
        before = [id_ for id_ in begun.answers.get(document.id, []) if id_ not in harmful]
        standing = sent or before
        answers[document.id] = standing
        if len(standing) > document.max:
            faults.append(Fault(document.id, documents.too_many(document)))
        elif len(standing) < document.min and (standing or document.required):
            faults.append(Fault(document.id, _too_few(document)))
    if faults:
        raise Faulty(faults)
    return answers


def _too_few(document: Document) -> str:
    if document.min <= 1:
        return _("Choose a file to send.")
    least = document.min
    return ngettext("Send at least %(n)s file here.", "Send at least %(n)s files here.", least)


def _retire(tx: Tx, begun: Round, answers: dict[str, list[str]]) -> None:
    standing = {id_ for ids in answers.values() for id_ in ids}
    old = [id_ for ids in begun.answers.values() for id_ in ids if id_ not in standing]
    if old:
        tx.run(_RETIRE, {"old": old})


def _received(task: Asked, row: Any) -> FileReceived:
    return FileReceived(
        step=task.step,
        task=task.id,
        file=row.id,
        document=row.document,
        scan=row.scan,
        media_type=row.media_type,
        file_name=row.name,
        sha256=row.sha256,
        size=row.size,
    )
