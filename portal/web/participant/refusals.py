"""Not now, or no longer: the plain pages for a session, a link or a task that is over."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.access import sessions
from portal.access.sessions import Guest
from portal.errors import FormTooOld, PortalError, TaskDone
from portal.readings import asked as asked_readings
from portal.readings import links as link_readings
from portal.readings.links import Known
from portal.web import answers, forms
from portal.web.participant.door import SessionOver, gone_page, secret, zone_of


def refusal(error: PortalError, task_id: str) -> ResponseReturnValue:
    """The plain page for whatever is in the way: a session, a link, the task itself."""
    if isinstance(error, SessionOver):
        return over(error, None, task_id)
    with db.reading() as conn:
        guest = sessions.participant(conn, secret(), task_id)
        known = link_readings.known(conn, guest.link_id) if guest else None
    if isinstance(error, TaskDone) and guest is not None:
        return _done(error, guest, known)
    return gone_page(error, known, f"/w/{task_id}/renew" if guest else None)


def _done(error: TaskDone, guest: Guest, known: Known | None) -> ResponseReturnValue:
    """Too late, with what is on record instead of what was sent now."""
    with db.reading() as conn:
        asked = asked_readings.about(conn, guest.task, guest.process, guest.person.id)
    page = render_template(
        "participant/done.html", error=error, asked=asked, known=known, tz=zone_of(guest, asked)
    )
    return page, error.status


def over(error: PortalError, place: str | None, task_id: str | None = None) -> ResponseReturnValue:
    """403 with what was typed still on the page, and one button to go on where that is safe."""
    guest = None
    if task_id and request.method == "POST":
        with db.reading() as conn:
            guest = sessions.participant(conn, secret(), task_id)
        if guest is not None:
            answers.prepare(guest.task)
    page = render_template(
        "participant/session_over.html",
        error=error,
        typed=_kept(),
        place=place,
        again=f"/w/{task_id}/again" if guest is not None and _was_ours(guest) else None,
        csrf=forms.token("again", guest.person.id if guest else "", task_id or ""),
    )
    return page, error.status


def _was_ours(guest: Guest) -> bool:
    """Whether the form came from a page of the session that has ended."""
    try:
        forms.require_ours("answer", guest.person.id, guest.task.id, forms.sent_nonce())
    except FormTooOld:
        return False
    return True


def _kept() -> dict[str, list[str]]:
    if request.method != "POST":
        return {}
    return {name: values for name, values in forms.typed().items() if not name.startswith("_")}
