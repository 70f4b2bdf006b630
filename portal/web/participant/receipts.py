"""Afterwards: what was received, with its proof, and the files to be saved."""

from flask import redirect, render_template
from flask.typing import ResponseReturnValue

from portal import db
from portal.errors import Gone
from portal.readings import asked as asked_readings
from portal.web.downloads import handed_out
from portal.web.participant.door import SessionOver, doors, guest_for, zone_of
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
    return handed_out(file, file.name, file.media_type)
