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
from portal.web.names import called
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
    return gone_page(error, known, f"/w/{task_id}/renew" if guest else None, _kept(guest))


def _done(error: TaskDone, guest: Guest, known: Known | None) -> ResponseReturnValue:
    """Too late, with what is on record instead of what was sent now."""
    with db.reading() as conn:
        asked = asked_readings.about(conn, guest.task, guest.process, guest.person.id)
    page = render_template(
        "participant/done.html", error=error, asked=asked, known=known, tz=zone_of(guest, asked)
    )
    return page, error.status


def over(error: PortalError, place: str | None, task_id: str | None = None) -> ResponseReturnValue:
    """403 with what was typed still on the page, and one button to go on.

    ``place`` is the page to open again where the session lives; else the button lets the person
    in once more where that is safe, or has a fresh link sent to the address on file.
    """
    guest = None
    if task_id:
        with db.reading() as conn:
            guest = sessions.participant(conn, secret(), task_id)
    is_ours = guest is not None and request.method == "POST" and _was_ours(guest)
    again = f"/w/{task_id}/again" if is_ours else None
    renew = f"/w/{task_id}/renew" if task_id and not (again or place) else None
    page = render_template(
        "participant/session_over.html",
        error=error,
        kept=_kept(guest),
        place=place,
        again=again,
        renew=renew,
        csrf=forms.token("renew", renew)
        if renew
        else forms.token("again", guest.person.id if guest else "", task_id or ""),
    )
    return page, error.status


def _was_ours(guest: Guest) -> bool:
    """Whether the form came from a page of the session that has ended."""
    answers.prepare(guest.task)
    try:
        nonce, shown = forms.sent_nonce(), answers.sent_shown()
        forms.require_ours("answer", guest.person.id, guest.task.id, nonce, shown)
    except FormTooOld:
        return False
    return True


def _kept(guest: Guest | None) -> list[tuple[str, str, str]]:
    """What was typed: each value with its control, and what that is called on the page.

    Whoever has no session is told nothing of the definition: controls are called by their ids.
    """
    if request.method != "POST":
        return []
    labels: dict[str, str] = {}
    if guest is not None:
        answers.prepare(guest.task)
        with db.reading() as conn:
            asked = asked_readings.about(conn, guest.task, guest.process, guest.person.id)
        labels = answers.labels(asked)
    return [
        (name, called(name, labels), value)
        for name, values in forms.typed().items()
        for value in values
        if not name.startswith("_") and value and not _is_idle(name)
    ]


def _is_idle(control: str) -> bool:
    """Whether it is a currency that the page had chosen before any amount was typed."""
    amount = f"{control.removesuffix('currency')}amount"
    return control.endswith("-currency") and not request.form.get(amount, "").strip()
