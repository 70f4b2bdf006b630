"""A file on its way, piece by piece: begun, gone on with after a lost connection, given up.

The bytes are the door's business; here is who may go on, from where, and what counts as arrived.
Nothing of it is recorded in the ledger: that begins with the answer the file becomes part of.
"""

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from portal import db
from portal.access import may
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.tree import Document
from portal.engine import locking
from portal.errors import Conflict, Faulty, TooLarge, Unknown
from portal.language import gettext as _
from portal.language import mark
from portal.models import FileRow, Piece, Upload, documents, trees
from portal.models.tasks import require_open

MOST_UNFINISHED = 40
"""Files of one task that may be on their way at once."""
MOST_PIECES = 50_000
_NONE = mark("There is no such file on its way.")


@dataclass(frozen=True, slots=True)
class Begun:
    """A file that may come: its id, and the name its bytes are stored under."""

    id: str
    storage_id: str


@dataclass(frozen=True, slots=True)
class Held:
    """A file in the hands of one request, which its ``fence`` names."""

    id: str
    fence: int
    storage_id: str
    document: Document
    name: str
    reached: int
    length: int
    result: str | None


class Elsewhere(Conflict):
    """A piece came that does not begin where the last one ended; ``reached`` is where."""

    code, title = "elsewhere", mark("This piece does not go on where the last one ended")

    def __init__(self, reached: int) -> None:
        super().__init__(_("%(n)s bytes of this file have arrived; go on from there.", n=reached))
        self.reached = reached


@action
def begin(tx: Tx, task_id: str, document: str, name: str, length: int, *, actor: Actor) -> Begun:
    """Make room for a file of ``length`` bytes that an open upload task asks for.

    Raises Faulty at the document for one that is not asked for, is empty, has as many files as
    it takes or finds no room; TooLarge beyond what one file may have; Conflict where too many
    are on their way.
    """
    locking.chain_of_task(tx, task_id)
    task = may.task_for(tx, actor, task_id, "decide")
    asked = documents.asked_by(tx.conn, task)
    require_open(task.state, task.name)
    if document not in asked:
        raise Faulty.one(document, _("No document of this name is asked for here."))
    _require_fitting(tx, task_id, asked[document], name, length)
    room = documents.room(tx.conn, task, trees.tree(tx.conn, task.definition_id))
    if length > room.left:
        raise Faulty.one(document, room.sentence)
    row = {
        "id": db.new_id(), "process_id": task.process_id, "task_id": task_id,
        "participant_id": task.participant_id, "document": document, "name": name,
        "length": length, "reached": 0, "pieces": 0, "fence": 0, "result": None,
        "storage_id": secrets.token_hex(16), "begun_at": tx.now, "moved_at": tx.now,
    }  # fmt: skip
    tx.execute(sa.insert(Upload), row)
    return Begun(row["id"], row["storage_id"])


@action
def take(tx: Tx, task_id: str, upload_id: str, reached: int, *, actor: Actor) -> Held:
    """Take a file in hand to bring its bytes from ``reached`` on; an older request lets go of it.

    Raises Elsewhere where the next piece does not begin there, Unknown for no such file.
    """
    task = may.task_for(tx, actor, task_id, "decide")
    asked = documents.asked_by(tx.conn, task)
    require_open(task.state, task.name)
    ours = sa.and_(Upload.id == upload_id, Upload.task_id == task_id)
    taken = sa.update(Upload).where(ours).values(fence=Upload.fence + 1)
    row = tx.execute(taken.returning(*Upload.__table__.columns)).one_or_none()
    if row is None or row.document not in asked:
        raise Unknown(_(_NONE))
    if row.reached != reached:
        raise Elsewhere(row.reached)
    if row.pieces >= MOST_PIECES:
        raise Conflict(_("This file came in too many pieces. Give it up and send it anew."))
    return Held(
        row.id, row.fence, row.storage_id, asked[row.document], row.name, row.reached, row.length,
        row.result,
    )  # fmt: skip


@action
def note(tx: Tx, held: Held, end: int, sha256: str) -> None:
    """The bytes up to ``end`` are on disk; Conflict where another request goes on meanwhile."""
    ours = (Upload.id == held.id, Upload.fence == held.fence, Upload.reached == held.reached)
    moved = {"reached": end, "pieces": Upload.pieces + 1, "moved_at": tx.now}
    if tx.execute(sa.update(Upload).where(*ours).values(moved)).rowcount == 0:
        raise Conflict(_("Another connection goes on with this file."))
    piece = {"upload_id": held.id, "start": held.reached, "end": end, "sha256": sha256}
    tx.execute(sa.insert(Piece), piece)


@action
def give_up(tx: Tx, task_id: str, upload_id: str, *, actor: Actor) -> str | None:
    """Let go of a file on its way; the name its bytes are stored under, if it was not whole."""
    may.task_for(tx, actor, task_id, "decide")
    ours = sa.and_(Upload.id == upload_id, Upload.task_id == task_id)
    row = tx.execute(sa.select(Upload.storage_id, Upload.result).where(ours)).one_or_none()
    if row is None:
        raise Unknown(_(_NONE))
    tx.execute(sa.delete(Piece).where(Piece.upload_id == upload_id))
    tx.execute(sa.delete(Upload).where(Upload.id == upload_id))
    return row.storage_id if row.result is None else None


def _require_fitting(tx: Tx, task_id: str, document: Document, name: str, length: int) -> None:
    if length > document.max_size:
        raise TooLarge(_("“%(name)s” is larger than a file may be here.", name=name))
    if length == 0:
        raise Faulty.one(
            document.id, _("“%(name)s” is empty. Choose the file with its content.", name=name)
        )
    here = sa.select(sa.func.count()).where(
        FileRow.task_id == task_id, FileRow.document == document.id, FileRow.state == "staged"
    )
    if document.max > 1 and tx.execute(here).scalar_one() >= document.max:
        raise Faulty.one(document.id, documents.no_more(document))
    coming = sa.select(sa.func.count()).where(Upload.task_id == task_id, Upload.result.is_(None))
    if tx.execute(coming).scalar_one() >= MOST_UNFINISHED:
        raise Conflict(_("Too many files are on their way. Let some arrive or give them up first."))
