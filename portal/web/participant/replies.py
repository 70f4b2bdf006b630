"""What every page for another answer than yes has in common: who may send it, once, not too often.

The pages themselves are named after what is said on them (``questions``, …).
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.access import limits
from portal.access.sessions import Guest
from portal.errors import AlreadyRecorded, Conflict, Faulty, FormTooOld, Gone, PortalError, TooFast
from portal.language import gettext as _
from portal.language import mark
from portal.readings import asked as asked_readings
from portal.readings.asked import Asked
from portal.web import forms
from portal.web.participant.door import SessionOver, guest_for, zone_of
from portal.web.participant.refusals import over, refusal

_MOST, _AN_HOUR = 20, 3600
_ENOUGH = mark("You have sent this very often within an hour. Wait a little, then send it again.")

Faults = Mapping[str, str]


def shown(task_id: str, page: Callable[[Guest], ResponseReturnValue]) -> ResponseReturnValue:
    """The page for whoever has the task while it is open, else why it is not."""
    try:
        guest = _guest(task_id)
    except (Conflict, Gone, SessionOver) as error:
        return refusal(error, task_id)
    return page(guest)


def taken(
    task_id: str,
    name: str,
    first: str,
    page: Callable[[Guest, Faults], ResponseReturnValue],
    verb: Callable[[Guest, str], object],
    then: str,
) -> ResponseReturnValue:
    """What was sent from the page ``name``: 303 to ``then``, also for the second press.

    ``verb`` is given the page's once-number. What is faulty comes back on the page; that it came
    too often stands at the control ``first``.
    """
    try:
        guest = _guest(task_id)
    except (Conflict, Gone, SessionOver) as error:
        return refusal(error, task_id)
    try:
        nonce = forms.sent_nonce()
        forms.require_ours(name, guest.person.id, task_id, nonce)
    except FormTooOld as error:
        return over(error, f"/w/{task_id}/{name}", task_id)
    try:
        limits.spend(f"{name}:{guest.person.id}", _MOST, _AN_HOUR, _(_ENOUGH))
        verb(guest, nonce)
    except AlreadyRecorded:
        pass  # by the first press of the same button
    except Faulty as error:
        return _faulty(page(guest, {one.at: one.message for one in error.faults}), error)
    except TooFast as error:
        slowed = _faulty(page(guest, {first: error.sentence}), error)
        slowed.headers["Retry-After"] = str(error.retry_after)
        return slowed
    except (Conflict, Gone) as error:
        return refusal(error, task_id)
    return redirect(then, 303)


def _faulty(page: ResponseReturnValue, error: PortalError) -> Response:
    response = make_response(page)
    response.status_code = error.status
    return response


def rendered(template: str, name: str, guest: Guest, faults: Faults, **more: Any) -> str:
    """A page of this kind, with what was typed kept where something was faulty."""
    nonce = forms.new_nonce()
    asked_now = asked(guest)
    return render_template(
        template,
        asked=asked_now,
        task=guest.task,
        owner=asked_now.owner,
        typed=request.form if faults else {},
        faults=faults,
        nonce=nonce,
        csrf=forms.token(name, guest.person.id, guest.task.id, nonce),
        tz=zone_of(guest, asked_now),
        now=clock.now(),
        **more,
    )


def _guest(task_id: str) -> Guest:
    with db.reading() as conn:
        guest = guest_for(conn, task_id)
    asked_readings.require_open(guest.task)
    return guest


def asked(guest: Guest) -> Asked:
    """The task with all that its page shows."""
    with db.reading() as conn:
        return asked_readings.about(conn, guest.task, guest.process, guest.person.id)
