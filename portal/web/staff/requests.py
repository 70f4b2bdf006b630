"""“Ask someone for something”: a process of one or two steps from three fields."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.actions import repeats
from portal.actions import requests as verbs
from portal.definition import asks
from portal.errors import AlreadyRecorded, Faulty
from portal.readings import house, words
from portal.web import forms
from portal.web.staff.door import doors, house_zone, me, said


@doors.get("/requests/new")
def request_page() -> ResponseReturnValue:
    """Whom, what, by when."""
    return _page()


@doors.post("/requests/new")
def start_request() -> ResponseReturnValue:
    """Ask; a faulty entry comes back beside its field, with what was typed."""
    try:
        process_id = _start_once()
    except Faulty as fault:
        return _page(fault)
    said("It is asked. The mail is on its way.")
    return redirect(f"/processes/{process_id}", 303)


def _start_once() -> str:
    """The new process, or the one that this same page started before."""
    repeat = repeats.Repeat(f"page:{me().id}:{forms.sent_nonce()}", "request")
    typed = request.form
    approver = {"email": _typed("approver_email"), "name": _typed("approver_name")}
    try:
        return verbs.start(
            to={"email": _typed("email"), "name": _typed("name")},
            ask=typed.get("ask", "").replace("\r\n", "\n"),
            wanted=_typed("wanted"),
            by=_typed("by"),
            approver=approver if any(approver.values()) else None,
            reference=_typed("reference"),
            repeat=repeat,
            actor=me(),
        )
    except AlreadyRecorded:
        process_id = repeats.kept_process(repeat)
        if process_id is None:
            raise
        return process_id


def _typed(name: str) -> str:
    return request.form.get(name, "").strip()


def _page(fault: Faulty | None = None) -> ResponseReturnValue:
    with db.reading() as conn:
        colleagues = house.colleagues(conn)
    page = render_template(
        "staff/request.html",
        colleagues=colleagues,
        wanted={key: asks.WANTED[key] for key in asks.REQUESTABLE},
        typed=request.form if fault else {},
        faults={one.at: one.message for one in fault.faults} if fault else {},
        today=clock.now().astimezone(words.zone(house_zone())).date().isoformat(),
        nonce=forms.new_nonce(),
    )
    return page, 422 if fault else 200
