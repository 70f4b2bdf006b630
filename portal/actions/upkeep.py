"""What the night shift does for the house: signs of life, alarms, pruning."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.access import limits, steps
from portal.db import Tx, action
from portal.engine import searching, troubles
from portal.engine.running import Running
from portal.ledger import checkpoints, outbox, record
from portal.models import (
    AddressCode,
    Batch,
    BrowserSession,
    Code,
    Draft,
    FileRow,
    Heartbeat,
    KeptAnswer,
    Look,
    LostLink,
    Piece,
    Process,
    ProvedAddress,
    RoomCode,
    RoomSession,
    SessionLink,
    StaffSession,
    Task,
    Upload,
)
from portal.models.heartbeats import SILENT_AFTER

_KEEP_EFFECTS = timedelta(days=30)
_KEEP_SESSIONS = timedelta(days=2)
# Meanwhile it also tells from where its user comes: there, nobody's guesses keep them out.
_KEEP_STAFF_SESSIONS = timedelta(days=30)
_KEEP_CODES = timedelta(days=2)  # they are counted for a day
_KEEP_DRAFTS = timedelta(days=14)
# How long somebody may take to come back to a file that arrived in part.
KEEP_UPLOADS = timedelta(days=3)
_KEEP_UNUSED = timedelta(hours=1)  # of which nothing arrived; meanwhile it takes up room
_KEEP_ANSWERS = timedelta(days=7)
_KEEP_BATCHES = timedelta(days=30)
_AT_ONCE = 1000
_SOME_PROCESSES = sa.select(Process.id).order_by(Process.id).limit(20)
_SILENCES = {
    "worker": "No worker has shown a sign of life for two minutes: mails and audit trails wait.",
    "scheduler": "No scheduler has shown a sign of life for two minutes: reminders wait.",
}


@action
def beat(tx: Tx, role: str) -> None:
    """Leave a sign of life of a role, and owe the admins an alarm for one that fell silent.

    Whoever was silent itself just now judges nobody: the machine slept, its clock was moved, or
    the whole portal was down, and the others need a moment too.
    """
    beats = {row.name: row for row in tx.execute(sa.select(Heartbeat.__table__))}
    alive = {"beat_at": tx.now, "told_at": None}
    if role not in beats:
        tx.execute(sa.insert(Heartbeat).values(name=role, **alive))
        return
    tx.execute(sa.update(Heartbeat).where(Heartbeat.name == role).values(alive))
    if tx.now - beats[role].beat_at > SILENT_AFTER:
        return
    for other in beats.values():
        if other.told_at is None and tx.now - other.beat_at > SILENT_AFTER:
            _tell_silence(tx, other.name, other.beat_at)


@action
def prune(tx: Tx) -> int:
    """Drop some of what nobody needs any more: done effects, ended sessions, old windows."""
    gone = outbox.prune(tx, tx.now - _KEEP_EFFECTS, _AT_ONCE)
    limits.prune(tx)
    steps.prune(tx)
    tx.execute(sa.delete(KeptAnswer).where(KeptAnswer.kept_at < tx.now - _KEEP_ANSWERS))
    tx.execute(sa.delete(Code).where(Code.made_at < tx.now - _KEEP_CODES))
    tx.execute(sa.delete(AddressCode).where(AddressCode.made_at < tx.now - _KEEP_CODES))
    tx.execute(sa.delete(RoomCode).where(RoomCode.made_at < tx.now - _KEEP_CODES))
    tx.execute(sa.delete(LostLink).where(LostLink.asked_at < tx.now - _KEEP_CODES))
    tx.execute(sa.delete(Batch).where(Batch.made_at < tx.now - _KEEP_BATCHES))
    _forget_drafts(tx)
    gone += _forget_uploads(tx)
    before = tx.now - _KEEP_SESSIONS
    old = _some(BrowserSession.id, BrowserSession.started_at < before)
    tx.execute(sa.delete(SessionLink).where(SessionLink.session_id.in_(old)))
    tx.execute(sa.delete(ProvedAddress).where(ProvedAddress.session_id.in_(old)))
    gone += tx.execute(sa.delete(BrowserSession).where(BrowserSession.id.in_(old))).rowcount
    tx.execute(sa.delete(RoomSession).where(RoomSession.entered_at < before))
    # No session lives as long: whichever is as old has ended or timed out.
    old = _some(StaffSession.id, StaffSession.started_at < tx.now - _KEEP_STAFF_SESSIONS)
    return gone + tx.execute(sa.delete(StaffSession).where(StaffSession.id.in_(old))).rowcount


@action
def forget_files(tx: Tx, file_ids: Sequence[str]) -> list[str]:
    """Forget files that are part of no answer; the storage ids whose bytes may go."""
    never_sent = sa.and_(FileRow.id.in_(file_ids), FileRow.state.in_(("staged", "dropped")))
    gone = sa.delete(FileRow).where(never_sent).returning(FileRow.id, FileRow.storage_id)
    forgotten = tx.execute(gone).all()
    tx.execute(sa.delete(Look).where(Look.file_id.in_([row.id for row in forgotten])))
    return [row.storage_id for row in forgotten]


@action
def checkpoint(tx: Tx, signer: checkpoints.Signer) -> int:
    """Sign a checkpoint over the ledgers that have news; how many those were."""
    return checkpoints.publish(tx, signer)


@action
def seal_ends(tx: Tx, signer: checkpoints.Signer, ended: Sequence[outbox.Claimed]) -> None:
    """Sign a checkpoint over the processes that have ended, and settle what was owed to them."""
    checkpoints.anchor_heads(tx, signer, [str(one.process_id) for one in ended])
    for one in ended:
        outbox.settle(tx, one.id, one.fence)


@action
def refresh_search(tx: Tx, after: str = "") -> tuple[str | None, int]:
    """Compare what some processes are found by with their ledgers, and mend what differs.

    Those whose ids come after ``after``; the last of them (``None`` at the end) and how many were
    mended. A process that is written to just now is left to its writer.
    """
    ids = tx.execute(_SOME_PROCESSES.where(Process.id > after)).scalars().all()
    free = record.open_chains(tx, ids) if ids else {}
    return (ids[-1] if ids else None), sum(searching.rebuild(tx, id_) for id_ in free)


@action
def note_changed(tx: Tx, process_id: str, file_id: str, name: str) -> None:
    """A stored file does not hold what was stored: the owner of its process is told."""
    message = f"The stored file “{name}” was changed or is lost. Put it back from a backup."
    running = Running.load(tx, process_id)
    troubles.open_trouble(running, "file", message, step=None, about=file_id)


def _forget_drafts(tx: Tx) -> None:
    """Drop what was typed for tasks that are closed by now, and what is old."""
    closed = sa.select(Draft.task_id).join(Task, Task.id == Draft.task_id)
    is_closed = Draft.task_id.in_(closed.where(Task.state != "open"))
    tx.execute(sa.delete(Draft).where(is_closed | (Draft.kept_at < tx.now - _KEEP_DRAFTS)))


def _forget_uploads(tx: Tx) -> int:
    """Forget files that came in part, some days ago or for tasks that are closed by now.

    Their bytes are strays then, as those of any upload that was cut off are.
    """
    closed = sa.select(Task.id).where(Task.id == Upload.task_id, Task.state != "open").exists()
    unused = sa.and_(Upload.reached == 0, Upload.moved_at < tx.now - _KEEP_UNUSED)
    old = _some(Upload.id, closed | unused | (Upload.moved_at < tx.now - KEEP_UPLOADS))
    tx.execute(sa.delete(Piece).where(Piece.upload_id.in_(old)))
    return tx.execute(sa.delete(Upload).where(Upload.id.in_(old))).rowcount


@action
def tell_of_seal(tx: Tx, sentence: str, about: str) -> None:
    """Owe the admins a mail about the certificate of the seal; once for each ``about``."""
    _alarm(tx, "seal", sentence, once=f"alarm:seal:{about}")


def _tell_silence(tx: Tx, role: str, since: datetime) -> None:
    tx.execute(sa.update(Heartbeat).where(Heartbeat.name == role).values(told_at=tx.now))
    sentence = _SILENCES.get(role, f"The role {role} is silent.")
    _alarm(tx, role, sentence, once=f"alarm:{role}:{since.timestamp()}")


def _some(column: Any, which: sa.ColumnElement[bool]) -> "sa.Select[tuple[str]]":
    """Some ids at a time, always the same ones within a transaction."""
    return sa.select(column).where(which).order_by(column).limit(_AT_ONCE)


def _alarm(tx: Tx, role: str, sentence: str, *, once: str) -> None:
    ref = {"role": role, "sentence": sentence}
    outbox.put(tx, [outbox.row("mail.alarm", ref, once=once, process_id=None, now=tx.now)])
