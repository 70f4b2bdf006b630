"""“I won’t do this”: a page of its own, and the receipt of whoever said so."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.access.sessions import Guest
from portal.actions import declines as verbs
from portal.readings import replies as readings
from portal.web.participant import replies
from portal.web.participant.door import actor_of, doors, zone_of
from portal.web.participant.replies import Faults


@doors.get("/w/<task_id>/decline")
def will_not(task_id: str) -> ResponseReturnValue:
    """Why one will not do it; the receipt once that is said."""
    return replies.shown(task_id, _page)


@doors.post("/w/<task_id>/decline")
def decline(task_id: str) -> ResponseReturnValue:
    """Say so: 303 to the same page, which is then the receipt."""
    reason = request.form.get("reason", "")
    return replies.taken(
        task_id,
        "decline",
        "reason",
        _page,
        lambda guest, _nonce: verbs.decline(task_id, reason, actor=actor_of(guest)),
        f"/w/{task_id}/decline",
    )


def _page(guest: Guest, faults: Faults | None = None) -> ResponseReturnValue:
    if guest.task.kind not in verbs.KINDS:
        return redirect(f"/w/{guest.task.id}", 303)
    with db.reading() as conn:
        told = readings.declined_by(conn, guest.task, guest.person.id)
    if guest.task.declined_at is None or told is None:
        return replies.rendered("participant/decline.html", "decline", guest, faults or {})
    asked = replies.asked(guest)
    return render_template(
        "participant/declined.html", asked=asked, told=told, owner=asked.owner,
        tz=zone_of(guest, asked),
    )  # fmt: skip
