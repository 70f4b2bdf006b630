"""What was received, with its proof; and files, to be looked at and to be saved."""

from typing import Any

from flask import Response, current_app, redirect, render_template
from flask.typing import ResponseReturnValue

from portal import db
from portal.access.sessions import Guest
from portal.delivery.storage import content_disposition
from portal.errors import Gone
from portal.readings import asked as asked_readings
from portal.readings.asked import Asked
from portal.web import viewing
from portal.web.downloads import file_out
from portal.web.participant.door import SessionOver, actor_of, doors, guest_for, zone_of
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


@doors.get("/w/<task_id>/receipt.txt")
def receipt_file(task_id: str) -> ResponseReturnValue:
    """The proof of the receipt alone, to be kept and handed to a verifier in years."""
    with db.reading() as conn:
        try:
            task = guest_for(conn, task_id).task
        except (Gone, SessionOver) as error:
            return refusal(error, task_id)
    if task.state != "done":
        return redirect(f"/w/{task_id}", 303)
    place = f"{current_app.config['SETTINGS'].base_url}/.well-known/portal-ledger"
    text = render_template(
        "participant/receipt.txt", task=task, place=place,
        key=current_app.extensions["seal"]().public_key,
    )  # fmt: skip
    response = Response(text, mimetype="text/plain")
    name = f"receipt-{task.process_id[:8]}-{task.done_seq}.txt"
    response.headers["Content-Disposition"] = content_disposition(name)
    return response


@doors.get("/w/<task_id>/files/<file_id>")
def download(task_id: str, file_id: str) -> ResponseReturnValue:
    """A file that the task's page shows, always to be saved and never opened in place."""
    try:
        guest, _asked, file = file_of(task_id, file_id)
    except (Gone, SessionOver) as error:
        return refusal(error, task_id)
    return file_out(file, task_id=task_id, actor=actor_of(guest))


@doors.get("/w/<task_id>/files/<file_id>/view")
def view(task_id: str, file_id: str) -> ResponseReturnValue:
    """A file that the task's page shows, to be looked at: pictures of its pages, or its text."""
    try:
        guest, asked, file = file_of(task_id, file_id)
    except (Gone, SessionOver) as error:
        return refusal(error, task_id)
    seen, text = viewing.to_read(file, task_id=task_id, actor=actor_of(guest))
    return render_template(
        "participant/view.html",
        asked=asked,
        file=file,
        view=seen,
        text=text,
        first=viewing.first_page(seen),
        at_once=viewing.AT_ONCE,
        tz=zone_of(guest, asked),
    )


@doors.get("/w/<task_id>/files/<file_id>/pages/<int:number>")
def picture(task_id: str, file_id: str, number: int) -> ResponseReturnValue:
    """The picture of one page of such a file."""
    try:
        guest, _asked, file = file_of(task_id, file_id)
    except (Gone, SessionOver) as error:
        return refusal(error, task_id)
    return viewing.picture(file, number, task_id=task_id, actor=actor_of(guest))


def file_of(task_id: str, file_id: str) -> tuple[Guest, Asked, Any]:
    """Who asks, the task, and the file's row; Unknown for a file that its page does not show."""
    with db.reading() as conn:
        guest = guest_for(conn, task_id)
        asked = asked_readings.about(conn, guest.task, guest.process, guest.person.id)
    return guest, asked, asked.file(file_id)
