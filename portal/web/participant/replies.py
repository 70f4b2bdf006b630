"""What every page for another answer than yes has in common: who may send it, once, not too often.

The pages themselves are named after what is said on them (``questions``, …).
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.access import limits
from portal.access.sessions import Guest
from portal.errors import AlreadyRecorded, Conflict, Faulty, FormTooOld, Gone, TooFast
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


def shown(task_id: str, page: Callable[[Guest], str]) -> ResponseReturnValue:
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
    page: Callable[[Guest, Faults], str],
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
        return page(guest, {one.at: one.message for one in error.faults}), error.status
    except TooFast as error:
        headers = {"Retry-After": str(error.retry_after)}
        return page(guest, {first: error.sentence}), error.status, headers
    except (Conflict, Gone) as error:
        return refusal(error, task_id)
    return redirect(then, 303)


def rendered(template: str, name: str, guest: Guest, faults: Faults, **more: Any) -> str:
    """A page of this kind, with what was typed kept where something was faulty."""
    nonce = forms.new_nonce()
    asked = _asked(guest)
    return render_template(
        template,
        asked=asked,
        task=guest.task,
        owner=asked.owner,
        typed=request.form if faults else {},
        faults=faults,
        nonce=nonce,
        csrf=forms.token(name, guest.person.id, guest.task.id, nonce),
        tz=zone_of(guest, asked),
        now=clock.now(),
        **more,
    )


def _guest(task_id: str) -> Guest:
    with db.reading() as conn:
        guest = guest_for(conn, task_id)
    asked_readings.require_open(guest.task)
    return guest


def _asked(guest: Guest) -> Asked:
    with db.reading() as conn:
        return asked_readings.about(conn, guest.task, guest.process, guest.person.id)
