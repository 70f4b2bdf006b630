"""Afterwards: what was received, with its proof, and the files to be saved."""

from typing import Any

from flask import Response, redirect, render_template
from flask.typing import ResponseReturnValue

from portal import db
from portal.delivery.storage import CHUNK, Store, content_disposition
from portal.errors import Conflict, Gone
from portal.readings import asked as asked_readings
from portal.web.participant.door import SessionOver, doors, guest_for, settings, zone_of
from portal.web.participant.refusals import refusal


@doors.get("/w/<task_id>/receipt")
def receipt(task_id: str) -> ResponseReturnValue:
    """What was received, and the ledger's head that lets anyone hold the portal to it."""
    with db.reading() as conn:
        try:
            guest = guest_for(conn, task_id)
        except (Gone, SessionOver) as error:
            return refusal(error, task_id)
        if guest.task.state != "done":
            return redirect(f"/w/{task_id}", 303)
        asked = asked_readings.about(conn, guest.task, guest.process, guest.person.id)
    others = [
        one
        for one in guest.process.waiting
        if (one.get("who") or {}).get("email") == guest.person.email and one.get("task") != task_id
    ]
    return render_template(
        "participant/receipt.html", asked=asked, others=others, tz=zone_of(guest, asked)
    )


@doors.get("/w/<task_id>/files/<file_id>")
def download(task_id: str, file_id: str) -> ResponseReturnValue:
    """A file that the task's page shows, always to be saved and never opened in place."""
    with db.reading() as conn:
        try:
            guest = guest_for(conn, task_id)
        except (Gone, SessionOver) as error:
            return refusal(error, task_id)
        file = asked_readings.about(conn, guest.task, guest.process, guest.person.id).file(file_id)
    return handed_out(file)


def handed_out(file: Any) -> Response:
    """A stored file as an answer; Conflict where its bytes are no longer those received."""
    store = Store(settings().storage_dir)
    if not store.verify(file.storage_id, file.sha256):
        raise Conflict(
            "This file is no longer the one that was received, so it is not handed out.",
            "Tell the person who asked you.",
        )
    body = store.open(file.storage_id)
    response = Response(iter(lambda: body.read(CHUNK), b""), mimetype=file.media_type)
    response.call_on_close(body.close)
    response.headers["Content-Disposition"] = content_disposition(file.name)
    response.headers["Content-Length"] = str(file.size)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
