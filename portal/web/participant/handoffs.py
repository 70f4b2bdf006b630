"""“Not me, ask somebody else”: a page of its own, and the receipt of whoever passed a task on."""

from collections.abc import Mapping

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.access import sessions
from portal.access.sessions import Guest
from portal.actions import handoffs as verbs
from portal.errors import Conflict, Faulty, FormTooOld, Gone, NotYours
from portal.language import gettext as _
from portal.readings import asked as asked_readings
from portal.readings import handoffs as readings
from portal.readings.asked import Asked
from portal.readings.entries import Told
from portal.web import forms
from portal.web.participant.door import (
    SessionOver,
    actor_of,
    doors,
    guest_for,
    secret,
    zone_of,
)
from portal.web.participant.refusals import over, refusal

_CONTROLS = {"to.email": "email", "to.name": "name"}


@doors.get("/w/<task_id>/delegate")
def ask_for_another(task_id: str) -> ResponseReturnValue:
    """Who should do it instead, and why; the receipt once that is done."""
    passed = _passed_on(task_id)
    if passed is not None:
        return _receipt(*passed)
    with db.reading() as conn:
        try:
            guest = guest_for(conn, task_id)
            asked_readings.require_open(guest.task)
        except (Conflict, Gone, SessionOver) as error:
            return refusal(error, task_id)
    return _page(guest)


@doors.post("/w/<task_id>/delegate")
def pass_on(task_id: str) -> ResponseReturnValue:
    """Have somebody else asked: 303 to the receipt, or back to the task until its owner agrees."""
    place = f"/w/{task_id}/delegate"
    passed = _passed_on(task_id)
    if passed is not None:
        return _again_or_elsewhere(task_id, passed[1])
    with db.reading() as conn:
        try:
            guest = guest_for(conn, task_id)
        except (Gone, SessionOver) as error:
            return refusal(error, task_id)
    try:
        forms.require_ours("delegate", guest.person.id, task_id)
    except FormTooOld as error:
        return over(error, place, task_id)
    to = {"email": request.form.get("email", ""), "name": request.form.get("name", "")}
    reason = request.form.get("reason", "")
    try:
        is_done = verbs.delegate(task_id, to, reason, actor=actor_of(guest))
    except Faulty as error:
        faults = {_CONTROLS.get(one.at, one.at): one.message for one in error.faults}
        return _page(guest, faults), error.status
    except (Conflict, Gone) as error:
        passed = _passed_on(task_id)  # on another device, at the same moment
        return _again_or_elsewhere(task_id, passed[1]) if passed else refusal(error, task_id)
    return redirect(place if is_done else f"/w/{task_id}?said=delegate", 303)


def _passed_on(task_id: str) -> tuple[Guest, Told] | None:
    """Whoever stands there and passed the task on, and how; ``None`` for everybody else."""
    with db.reading() as conn:
        guest = sessions.participant(conn, secret(), task_id)
        if guest is None or guest.revoked_reason != "delegated":
            return None
        told = readings.passed_on_by(conn, guest.task, guest.person.id)
    return None if told is None else (guest, told)


def _again_or_elsewhere(task_id: str, told: Told) -> ResponseReturnValue:
    """The same button pressed again leads to the receipt; whoever names another comes too late."""
    email = (told.data.get("person") or {}).get("email")
    if request.form.get("email", "").strip().lower() == email:
        return redirect(f"/w/{task_id}/delegate", 303)
    return refusal(Gone(_("You passed this on already. Nothing was recorded this time.")), task_id)


def _receipt(guest: Guest, told: Told) -> ResponseReturnValue:
    asked = _asked(guest)
    return render_template(
        "participant/delegated.html",
        asked=asked,
        told=told,
        whom=told.data.get("person") or {},
        reason=told.data.get("reason"),
        tz=zone_of(guest, asked),
    )


def _page(guest: Guest, faults: Mapping[str, str] | None = None) -> str:
    asked = _asked(guest)
    mode = asked.step.delegate_by(guest.person.kind)
    if mode == "no":
        raise NotYours(
            _("“%(task)s” may not be passed on to somebody else.", task=guest.task.name),
            _("Write to whoever asks for it, and say why."),
        )
    return render_template(
        "participant/delegate.html",
        asked=asked,
        needs_word=mode == "ask",
        typed=request.form if faults else {},
        faults=faults or {},
        csrf=forms.token("delegate", guest.person.id, guest.task.id),
        tz=zone_of(guest, asked),
        now=clock.now(),
    )


def _asked(guest: Guest) -> Asked:
    with db.reading() as conn:
        return asked_readings.about(conn, guest.task, guest.process, guest.person.id)
