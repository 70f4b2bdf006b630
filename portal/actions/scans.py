"""What the malware scanner said of a file: it passed, it was refused, or there is no verdict yet.

A file is staged as "being checked" where a scanner is set up, and as "not scanned" where none is.
One that is refused is never handed out. Had it been sent already, its process's owner is told by
an exception, and whoever sent it is asked for that document again.
"""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal.actions import renditions
from portal.actor import system
from portal.db import Tx, action
from portal.engine import changing, troubles
from portal.engine.advance import advance
from portal.engine.rounds import Item
from portal.engine.rows import Place
from portal.engine.running import Running
from portal.errors import Conflict, Faulty
from portal.ledger import outbox
from portal.ledger.catalogue import FileChecked
from portal.models import FileRow, Task
from portal.models.files import BEING_CHECKED, REFUSED

SCANNER = system("scanner")
SOONEST, LATEST = timedelta(seconds=10), timedelta(minutes=10)
TOLD_AFTER = 8
"""Attempts without a verdict, about half an hour of them, before the owner is told."""

_FILE = (
    sa.select(*FileRow.__table__.columns, Task.scope, Task.name.label("task_name"))
    .join(Task, Task.id == FileRow.task_id)
    .where(FileRow.id == sa.bindparam("file"))
)


@action
def note_verdict(tx: Tx, file_id: str, result: str, said: str, outbox_id: str, fence: int) -> bool:
    """Note what the scanner said (``passed``, ``refused``, ``not scanned``).

    False for a late finisher, or where nobody waits for it any more.
    """
    running, file = _in_hand(tx, file_id)
    if not outbox.settle(tx, outbox_id, fence) or running is None or file is None:
        return False
    # It answers again: that it did not needs nobody any more.
    troubles.resolve_all(running, "withdrawn", None, SCANNER, kind="scanner")
    changed: dict[str, Any] = {"scan": result}
    if result == REFUSED:
        changed["state"] = REFUSED if file.state == "received" else "dropped"
    tx.execute(sa.update(FileRow).where(FileRow.id == file_id).values(changed))
    if result != REFUSED:
        outbox.put(tx, renditions.owed(tx, file.process_id, file.id, file.media_type))
    if file.state == "received" or result == REFUSED:
        running.chain.add(_checked(file, result, said), actor=SCANNER)
    if file.state == "received" and result == REFUSED:
        _ask_again(running, file, said)
    return True


@action
def note_no_verdict(
    tx: Tx, file_id: str, sentence: str, outbox_id: str, fence: int, attempt: int
) -> None:
    """The scanner did not answer: it is asked again later, and the owner told in the end."""
    wait = min(SOONEST * 2 ** min(attempt - 1, 10), LATEST)
    if not outbox.retry(tx, outbox_id, fence, sentence, wait) or attempt != TOLD_AFTER:
        return
    running, file = _in_hand(tx, file_id)
    if running is not None and file is not None:
        told = f"{sentence} “{file.name}” is not handed out before it was checked."
        troubles.open_trouble(running, "scanner", told, step=None)


def _in_hand(tx: Tx, file_id: str) -> tuple[Running | None, Any]:
    """The process in hand, and the file while it waits for a verdict."""
    which = sa.select(FileRow.process_id).where(FileRow.id == file_id)
    process_id = tx.execute(which).scalar()
    if process_id is None:
        return None, None
    running = Running.load(tx, process_id)
    file = tx.execute(_FILE, {"file": file_id}).one_or_none()
    return running, file if file is not None and file.scan == BEING_CHECKED else None


def _checked(file: Any, result: str, said: str) -> FileChecked:
    return FileChecked(
        step=file.step, scope=file.scope or None, task=file.task_id, file=file.id,
        document=file.document, scan=result, file_name=file.name, said=said or None,
    )  # fmt: skip


def _ask_again(running: Running, file: Any, said: str) -> None:
    """Have the document asked again where its step can be, and tell the owner either way."""
    found = f" ({said})" if said else ""
    told = f"The malware scanner refused “{file.name}”{found}, which came for “{file.task_name}”."
    why = f"The malware scanner refused “{file.name}”{found}. Send this document again, unharmed."
    if _reopen(running, file, why):
        told += " It is handed out to nobody, and its sender was asked for it again."
    else:
        told += " It is handed out to nobody. Nobody was asked for it again."
    troubles.open_trouble(running, "malware", told, step=None, about=file.id)
    advance(running)


def _reopen(running: Running, file: Any, why: str) -> bool:
    """Whether the file will be asked for again: its step runs again, or is open already."""
    begun = running.rounds.get(Place(file.step, file.scope))
    if running.process["state"] != "running" or begun is None:
        return False
    if begun.state == "open":
        return True
    if file.id not in begun.answers.get(file.document, ()):
        return False  # another one stands in its place
    try:
        place = changing.done_at(running, file.step, file.scope)
        changing.reopen(running, place, why, SCANNER, [Item(file.step, file.document)])
    except (Conflict, Faulty):
        return False
    return True
