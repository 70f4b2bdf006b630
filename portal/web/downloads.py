"""Stored files on their way out: the very bytes that were stored, or none at all."""

import tempfile
from typing import Any

from flask import Response, current_app, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from portal import db
from portal.actions import looks, trails, upkeep
from portal.actor import Actor
from portal.delivery.storage import CHUNK, Store, content_disposition
from portal.errors import Conflict
from portal.language import gettext as _
from portal.readings import export

_IN_MEMORY = 8_000_000  # bytes of a ledger, before it waits on disk


def handed_out(kept: Any, name: str, media_type: str) -> Response:
    """What a row of files or trails keeps, always to be saved and never opened in place.

    Conflict where its bytes are no longer those that were stored; the owner of the process is
    told then, once.
    """
    require_intact(kept, name)
    return _out(kept, name, media_type)


def _out(kept: Any, name: str, media_type: str) -> Response:
    stream = _store().open(kept.storage_id)
    response = Response(FileWrapper(stream, CHUNK), mimetype=media_type, direct_passthrough=True)
    response.headers["Content-Disposition"] = content_disposition(name)
    response.headers["Content-Length"] = str(kept.size)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.set_etag(kept.sha256)
    return _in_part(response, kept.size)


def _in_part(response: Response, size: int) -> Response:
    """The answer, or the one part of it that is asked for, so that what broke off can go on.

    After RFC 9110: ``If-Range`` with another tag, more parts than one and what is no range are
    answered by the whole; 416 where the part lies behind the end.
    """
    response.accept_ranges = "bytes"
    wanted = request.range if request.method == "GET" else None
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return response
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        response.close()
        raise
    return response


def pack_out(kept: Any, name: str) -> Response:
    """An evidence pack, to be saved. Conflict where its bytes are no longer those stored."""
    if not _store().verify(kept.storage_id, kept.sha256):
        raise Conflict(
            _("This pack is no longer the one that was stored, so it is not handed out."),
            _("Have a new one built, and tell an admin."),
        )
    return _out(kept, name, "application/zip")


def ledger_out(process_id: str) -> Response:
    """The full ledger of a process as JSON lines, to be saved, as ``portal verify`` takes it.

    Anchored in a signed checkpoint up to its last event. It waits in a file: whoever reads slowly
    must not keep a connection to the database, of which there are few.
    """
    upto = trails.anchor(process_id, current_app.extensions["seal"]())
    waiting = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - sent, then closed
    with db.reading() as conn:
        for line in export.lines(conn, process_id, upto=upto):
            waiting.write(f"{line}\n".encode())
    size = waiting.tell()
    waiting.seek(0)
    pieces = iter(lambda: waiting.read(CHUNK), b"")
    response = Response(pieces, mimetype="application/jsonl")
    response.call_on_close(waiting.close)
    response.headers["Content-Disposition"] = f'attachment; filename="ledger-{process_id}.jsonl"'
    response.headers["Content-Length"] = str(size)
    return response


def room() -> int:
    """How many bytes are free where files are stored."""
    return _store().room()


def file_out(file: Any, *, task_id: str | None = None, actor: Actor) -> Response:
    """A file that somebody sent, handed out to whoever may have it; that is noted before."""
    response = handed_out(file, file.name, file.media_type)
    if request.method != "HEAD":
        looks.note(file, looks.SAVED, task_id=task_id, actor=actor)
    return response


def require_intact(kept: Any, name: str) -> None:
    """Refuse with Conflict what is kept no longer as it was stored; the owner is told, once.

    What the malware scanner refused, or has not judged yet, is refused as well.
    """
    require_harmless(kept, name)
    if not _store().verify(kept.storage_id, kept.sha256):
        upkeep.note_changed(kept.process_id, kept.id, name)
        raise Conflict(
            _("This file is no longer the one that was stored, so it is not handed out."),
            _("The owner of the process is told."),
        )


def require_harmless(kept: Any, name: str) -> None:
    """Refuse with Conflict what the malware scanner refused, or has not judged yet."""
    scan = getattr(kept, "scan", None)
    if scan == "refused":
        raise Conflict(
            _("The malware scanner refused “%(name)s”, so it is not handed out.", name=name)
        )
    if scan == "being checked":
        raise Conflict(
            _("“%(name)s” is being checked for malware, so it is not handed out yet.", name=name),
            _("Try again in a minute."),
        )


def _store() -> Store:
    return Store(current_app.config["SETTINGS"].storage_dir)
